// The documents that the service answers from, fetched a page at a time and kept while this page is open.

import { call } from "./service.js";

const PAGE = 200;
const LIMIT = 5000; // documents held here; in a larger library one looks for a document on its own page

const documents = [];
let cursor = null;
let started = false;
let loading = null;

async function more() {
  const query = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
  const page = await call(`/v1/documents?limit=${PAGE}${query}`, undefined, { quiet: true });
  documents.push(...page.documents);
  cursor = page.next_cursor;
  started = true;
}

function once(work) {
  loading ||= work().finally(() => { loading = null; });
  return loading;
}

/** The first documents. Raises a Failure. */
export async function someDocuments() {
  if (!started) await once(more);
  return documents;
}

/** All documents, up to LIMIT. Raises a Failure. */
export async function allDocuments() {
  await someDocuments();
  await once(async () => { while (cursor && documents.length < LIMIT) await more(); });
  return documents;
}

/** All documents, fetched anew: the library has changed. Raises a Failure. */
export async function freshDocuments() {
  if (loading) await loading.catch(() => undefined); // its failure is told to whoever began it
  documents.length = 0;
  cursor = null;
  started = false;
  return allDocuments();
}

/** True where there are more documents than `allDocuments` gives. */
export const moreDocuments = () => cursor !== null;
