// localStorage that may be switched off, full or changed by hand: reading gives the fallback, writing says whether it worked.

const PREFIX = "tiaowen.";

export function read(key, fallback) {
  try {
    const text = localStorage.getItem(PREFIX + key);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

export function write(key, value) {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

/** As `write`, for the few values that are read before any module is there: no JSON around them. */
export function writePlain(key, text) {
  try {
    if (text === null) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, text);
    return true;
  } catch {
    return false;
  }
}

export function readPlain(key) {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

export function remove(key) {
  writePlain(key, null);
}

/** The keys that begin with `start`, and how many characters each one's value takes. */
export function sizes(start) {
  const found = new Map();
  try {
    for (let n = 0; n < localStorage.length; n += 1) {
      const key = localStorage.key(n);
      if (key.startsWith(PREFIX + start)) found.set(key.slice(PREFIX.length), localStorage.getItem(key).length);
    }
  } catch {
    found.clear();
  }
  return found;
}
