// The way to the service: JSON calls and streamed answers, each failure as a Failure that says what to do next.

import { at } from "./place.js";

/** What went wrong, in words for the reader. `retryAfter` is in seconds, 0 where the service named none. */
export class Failure extends Error {
  constructor(message, { hint = "", code = "", status = 0, retryAfter = 0 } = {}) {
    super(message);
    Object.assign(this, { hint, code, status, retryAfter });
    this.retryable = status === 0 || status === 401 || status === 429 || status >= 500;
  }
}

const BUSY_WAIT = { busy: 5, not_ready: 5 }; // seconds, where the answer has begun and no header can say them

let askForKey = async () => false;

/** Sets what is done where the service wants a key: an async function of the Failure, true once there is a new one. */
export function onKeyNeeded(handler) {
  askForKey = handler;
}

/** The Failure of an answer that is not a success: its status, its body as far as it is JSON, its Retry-After. */
export function failureOf(status, data, retryAfter = null) {
  const error = (data && data.error) || {};
  const seconds = Number(retryAfter);
  return new Failure(error.message || "服务没有给出说明。", {
    hint: error.hint === undefined ? "请稍后再试。" : error.hint,
    code: error.code || "",
    status,
    retryAfter: Number.isFinite(seconds) && seconds > 0 ? Math.min(Math.ceil(seconds), 600) : 0,
  });
}

const lost = () => new Failure("连接不上服务。", { hint: navigator.onLine ? "请稍后再试。" : "请检查网络，连上之后再试。" });

/** fetch that throws a Failure unless it went well. Where a key is wanted it asks for one, once, unless `quiet`. */
export async function send(path, options, quiet) {
  let response;
  try {
    response = await fetch(at(path), options);
  } catch (error) {
    throw error.name === "AbortError" ? error : lost();
  }
  if (response.ok) return response;
  const data = await response.json().catch(() => null);
  const failure = failureOf(response.status, data, response.headers.get("Retry-After"));
  if (failure.status === 401 && !quiet && (await askForKey(failure))) return send(path, options, true);
  throw failure;
}

function optionsOf(body, method, accept, signal) {
  const headers = { Accept: accept, "X-Tiaowen-Page": "1", ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
  return { method: method || (body === undefined ? "GET" : "POST"), headers, body: body === undefined ? undefined : JSON.stringify(body), signal };
}

/** One call: GET, or POST where there is a body, or another method. `quiet` leaves out the dialog that asks for a key. */
export async function call(path, body, { method, quiet = false, signal } = {}) {
  const response = await send(path, optionsOf(body, method, "application/json", signal), quiet);
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch (error) {
    throw error.name === "AbortError" ? error : lost();
  }
}

/**
 * One call whose answer arrives in pieces. `on` holds a function for each kind of event that the caller follows (step,
 * delta, citation). Gives the data of the event `done`, or the whole body where the service answers in one piece.
 */
export async function stream(path, body, on, signal) {
  const response = await send(path, optionsOf(body, "POST", "text/event-stream", signal), false);
  try {
    if (!(response.headers.get("Content-Type") || "").startsWith("text/event-stream")) return await response.json();
    for await (const { event, data } of eventsOf(response.body)) {
      if (event === "done") return data;
      if (event === "error") throw failureOf(500, data, BUSY_WAIT[data.error?.code]);
      if (on[event]) on[event](data);
    }
  } catch (error) {
    throw error instanceof Failure || error.name === "AbortError" ? error : lost();
  }
  throw new Failure("回答中断了。", { hint: "请再试一次。" });
}

/** The server-sent events of a body: {event, data}, data read as JSON. */
export async function* eventsOf(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest = (rest + (done ? decoder.decode() : decoder.decode(value, { stream: true }))).replace(/\r\n/g, "\n");
      const blocks = rest.split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const found = eventOf(block);
        if (found) yield found;
      }
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => undefined); // what is left of an answer that nobody reads any more
  }
}

/** One block of an event stream; null for a comment, which keeps a connection open. */
function eventOf(block) {
  let event = "message";
  const data = [];
  for (const line of block.split("\n")) {
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (field === "event") event = value;
    if (field === "data") data.push(value);
  }
  return data.length ? { event, data: JSON.parse(data.join("\n")) } : null;
}
