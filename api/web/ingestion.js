// Files on their way into the library: sent with a progress that is real, then followed through the stages of the ingestion.

import { at } from "./place.js";
import { call, failureOf, Failure } from "./service.js";
import { signIn } from "./login.js";
import { read, remove, write } from "./storage.js";

export const MOST_FILES = 20; // as the service takes them
const FIRST_LOOK = 350; // milliseconds between two looks at an ingestion, longer the longer it takes
const LONGEST_LOOK = 2000;
const IN_USE_WITHIN = 30000; // milliseconds after which a new index that is not taken up is no longer waited for
const KEPT = "ingestion"; // the id of the one at work, so that a reload of the page goes on following it

const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

/**
 * Sends files, each as {file, name}; gives the id of the ingestion. `onSent` is told of the bytes sent and of how many. Asks once for a key where
 * one is wanted. Raises a Failure; an AbortError where `signal` was used.
 */
export async function upload(files, onSent, signal) {
  try {
    return await post(files, onSent, signal);
  } catch (error) {
    if (error.status === 401 && (await signIn(error))) return post(files, onSent, signal);
    throw error;
  }
}

/** XMLHttpRequest, because fetch does not tell how much of a body was sent. */
function post(files, onSent, signal) {
  const body = new FormData();
  for (const { file, name } of files) {
    body.append("files", file, file.name);
    body.append("names", name); // with its folders, which browsers take off the name of a file
  }
  const request = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    request.upload.addEventListener("progress", (event) => onSent(event.loaded, event.total));
    request.addEventListener("load", () => {
      if (request.status === 202) resolve(request.response.id);
      else reject(failureOf(request.status, request.response, request.getResponseHeader("Retry-After")));
    });
    request.addEventListener("error", () => reject(new Failure("文件没有传完。", {
      hint: navigator.onLine ? "可能是网络断了，或者文件太大被服务拒收。请减少文件后再试。" : "请检查网络，连上之后再试。",
    })));
    request.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.open("POST", at("/v1/documents"));
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-Tiaowen-Page", "1");
    request.send(body);
  });
}

/** The ingestion that this page was following when it was left, or null. */
export const unfinished = () => read(KEPT, null);

/** Follows an ingestion to its end and gives it; `onStep` is told of it at every look. A lost network is waited out. */
export async function follow(id, onStep) {
  write(KEPT, id);
  for (let wait = FIRST_LOOK; ; wait = Math.min(wait * 1.2, LONGEST_LOOK)) {
    try {
      const job = await call(`/v1/ingestions/${encodeURIComponent(id)}`);
      onStep(job);
      if (job.status === "done" || job.status === "failed") {
        remove(KEPT);
        return job;
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.status === 404) remove(KEPT);
      if (error.status && error.status < 500 && error.status !== 429) throw error;
      wait = Math.max(wait, error.retryAfter * 1000);
    }
    await pause(wait);
  }
}

/** True once the service answers from what an ingestion made; false where that takes too long. */
export async function inUse(job) {
  const until = Date.now() + IN_USE_WITHIN;
  for (let wait = FIRST_LOOK; Date.now() < until; wait = Math.min(wait * 1.2, LONGEST_LOOK)) {
    if (job.index === null || Number(await indexInUse()) >= Number(job.index)) return true;
    await pause(wait);
  }
  return false;
}

async function indexInUse() {
  try {
    return (await call("/readyz", undefined, { quiet: true })).index;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return 0; // it is asked again
  }
}
