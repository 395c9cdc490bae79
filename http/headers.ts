import { show } from "../runtime/inspect.ts";
import type { Headers } from "./adapter.ts";
import { InvalidHeaderError } from "./errors.ts";

const BAD_NAME = /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/;
const ENDS = /[\r\n\0]/;
/** RFC 9110 §5.5: visible characters, spaces and tabs, and what is beyond ASCII as Latin-1. */
const BAD_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/** Checked when it is set, so that the error names the plug that did it (Plug: rule of `put_resp_header`). */
export function checkHeader(name: string, value: string): void {
  if (typeof name !== "string" || name === "" || BAD_NAME.test(name)) {
    throw new InvalidHeaderError(`expected a header name of RFC 9110 token characters, got: ${show(name)}`);
  }
  if (typeof value !== "string" || ENDS.test(value)) {
    throw new InvalidHeaderError(`expected the value of ${name} without line breaks and NUL, got: ${show(value)}`);
  }
  if (BAD_VALUE.test(value)) {
    throw new InvalidHeaderError(
      `expected the value of ${name} in Latin-1 without control characters, got: ${show(value)}`,
    );
  }
}

export function getHeader(headers: Headers, name: string): string | undefined {
  return headers.find(([key]) => key === name)?.[1];
}

/** Replaces the first header of that name where it stands, or adds it at the end. */
export function putHeader(headers: Headers, name: string, value: string): Headers {
  const at = headers.findIndex(([key]) => key === name);
  return at < 0 ? [...headers, [name, value]] : headers.with(at, [name, value]);
}

/** Removes the first header of that name. */
export function deleteHeader(headers: Headers, name: string): Headers {
  const at = headers.findIndex(([key]) => key === name);
  return at < 0 ? headers : headers.toSpliced(at, 1);
}
