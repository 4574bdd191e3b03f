// Files that were chosen or dropped, folders with all that is in them, and how they are sent: in batches that the service takes.

import { MOST_FILES } from "./ingestion.js";

const BATCH_BYTES = 20e6; // a batch of several files has no more than this; a service may take less, then batches are split
const SYSTEM = new Set(["__MACOSX", "Thumbs.db", "desktop.ini"]);

/** What an operating system puts beside people's files is passed over, as hidden files are. */
const shown = (name) => name.split("/").every((part) => !part.startsWith(".") && !SYSTEM.has(part));

/** Chosen files as {file, name}; a file of a chosen folder is named with its folders. */
export function chosenFiles(list) {
  return [...list].map((file) => ({ file, name: file.webkitRelativePath || file.name }))
    .filter(({ file, name }) => !file.webkitRelativePath || shown(name));
}

/** Dropped files as {file, name}, those inside dropped folders too. */
export async function droppedFiles(transfer) {
  // A DataTransfer is empty once its event is over: everything is taken from it before anything is waited for.
  const taken = [...transfer.items].filter((item) => item.kind === "file")
    .map((item) => ({ entry: item.webkitGetAsEntry?.(), file: item.getAsFile() }));
  const out = [];
  for (const { entry, file } of taken) {
    if (entry?.isDirectory) await walk(entry, "", out);
    else if (file) out.push({ file, name: file.name });
  }
  return out;
}

async function walk(entry, folder, out) {
  const name = folder + entry.name;
  if (!shown(name)) return;
  if (entry.isFile) {
    out.push({ file: await new Promise((resolve, reject) => { entry.file(resolve, reject); }), name });
    return;
  }
  const reader = entry.createReader();
  for (;;) { // a reader gives a hundred entries at a time, and none at its end
    const found = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (!found.length) return;
    for (const inner of found) await walk(inner, `${name}/`, out);
  }
}

/** Batches in the order of the files. */
export function batchesOf(files) {
  const out = [];
  let bytes = 0;
  for (const item of files) {
    const last = out.at(-1);
    if (last && last.length < MOST_FILES && bytes + item.file.size <= BATCH_BYTES) {
      last.push(item);
      bytes += item.file.size;
    } else {
      out.push([item]);
      bytes = item.file.size;
    }
  }
  return out;
}
