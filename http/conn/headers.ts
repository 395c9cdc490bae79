import { show } from "../../runtime/inspect.ts";
import { InvalidHeaderError } from "../errors.ts";
import type { Headers } from "./adapter.ts";

const BAD_NAME = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/;
const ENDS = /[\r\n\0]/;
/** RFC 9110 §5.5: visible characters, spaces and tabs, and what is beyond ASCII as Latin-1. */
const BAD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/** Checked when it is set, so that the error names the plug that did it (Plug: rule of `put_resp_header`). */
export function checkHeader(name: string, value: string): void {
  if (
    typeof value === "string" &&
    typeof name === "string" &&
    name !== "" &&
    !BAD_NAME.test(name) &&
    !BAD_VALUE.test(value)
  )
    return;
  refuseHeader(name, value);
}

function refuseHeader(name: string, value: string): never {
  if (typeof name !== "string" || name === "" || BAD_NAME.test(name)) {
    throw new InvalidHeaderError(`expected a header name of RFC 9110 token characters, got: ${show(name)}`);
  }
  if (typeof value !== "string" || ENDS.test(value)) {
    throw new InvalidHeaderError(`expected the value of ${name} without line breaks and NUL, got: ${show(value)}`);
  }
  throw new InvalidHeaderError(
    `expected the value of ${name} in Latin-1 without control characters, got: ${show(value)}`,
  );
}

/** What a header is stored as: its name, once it is checked, in lower case. */
export function nameOf(name: string, value: string): string {
  checkHeader(name, value);
  return name.toLowerCase();
}

/** What an update makes of a value is checked like a value that is put. */
export const checking =
  (name: string, update: (value: string) => string) =>
  (value: string): string => {
    const updated = update(value);
    checkHeader(name, updated);
    return updated;
  };

export function getHeader(headers: Headers, name: string): string | undefined {
  for (const [key, value] of headers) if (key === name) return value;
  return undefined;
}

export function getHeaders(headers: Headers, name: string): readonly string[] {
  return headers.filter(([key]) => key === name).map(([, value]) => value);
}

/** Replaces the first header of that name where it stands, or adds it at the end. */
export function putHeader(headers: Headers, name: string, value: string): Headers {
  const at = indexOf(headers, name);
  return at < 0 ? [...headers, [name, value]] : headers.with(at, [name, value]);
}

/** Puts each of several; `check` says what name a header gets. */
export function mergeHeaders(
  headers: Headers,
  added: Readonly<Record<string, string>> | Headers,
  check: (name: string, value: string) => string,
): Headers {
  const pairs = Array.isArray(added) ? (added as Headers) : Object.entries(added);
  return pairs.reduce((merged, [name, value]) => putHeader(merged, check(name, value), value), headers);
}

/** Changes the first header of that name where it stands, or adds it with `initial`. */
export function updateHeader(
  headers: Headers,
  name: string,
  initial: string,
  update: (value: string) => string,
): Headers {
  const at = indexOf(headers, name);
  if (at < 0) return [...headers, [name, initial]];
  return headers.with(at, [name, update((headers[at] as readonly [string, string])[1])]);
}

/** Removes the first header of that name. */
export function deleteHeader(headers: Headers, name: string): Headers {
  const at = indexOf(headers, name);
  return at < 0 ? headers : headers.toSpliced(at, 1);
}

function indexOf(headers: Headers, name: string): number {
  for (let i = 0; i < headers.length; i++) if ((headers[i] as readonly [string, string])[0] === name) return i;
  return -1;
}
