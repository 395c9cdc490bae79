import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Body } from "./adapter.ts";

/** A body, or parts of one in lists, which may be nested (Erlang: iodata). */
export type BodyInput = Body | readonly BodyInput[];

/** What is given as a body, in one piece. */
export function bodyOf(what: string, given: BodyInput): Body {
  if (typeof given === "string" || given instanceof Uint8Array) return given;
  if (!Array.isArray(given)) {
    throw new BadArgument(`${what}: expected a body of strings and bytes, got: ${show(given)}`);
  }
  const parts = given.map((part) => bodyOf(what, part));
  if (parts.every((part) => typeof part === "string")) return parts.join("");
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
}
