import { emptyParams, type Params, paramsOf } from "../conn/query.ts";
import { HttpError } from "../errors.ts";
import { type BodyParser, parseBody, type ReadingOptions, textOf } from "./body-parser.ts";

type Reviver = (this: any, key: string, value: any) => unknown;

export interface JsonOptions extends ReadingOptions {
  /** Changes what is parsed, as that of `JSON.parse` does. */
  readonly reviver?: Reviver;
  /** Puts objects under `_json`, too. Default: only what is no object. */
  readonly nestAllJson?: boolean;
  /** How deep lists and objects may be nested; 400 beyond. Default 100; Plug has no limit. */
  readonly depth?: number;
}

const LENGTH = 8_000_000;
const DEPTH = 100;
const SUBTYPE = /^(?:.+\+)?json$/;

/** `application/json`, and what ends in `+json` (Plug: `Plug.Parsers.JSON`). An empty body is `{}`. */
export function jsonParser({ reviver, nestAllJson = false, depth = DEPTH }: JsonOptions = {}): BodyParser {
  return {
    name: "json",
    parse: (conn, { type, subtype }, reading) => {
      if (type !== "application" || !(subtype === "json" || SUBTYPE.test(subtype))) return "next";
      return parseBody(conn, reading, reading.length ?? LENGTH, (body) => {
        if (body.byteLength === 0) return emptyParams();
        const text = textOf(body, "body", reading.validateUtf8);
        return toParams(parseJson(text, reviver, depth), nestAllJson);
      });
    },
  };
}

function parseJson(text: string, reviver: Reviver | undefined, depth: number): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text.charCodeAt(0) === BOM ? text.slice(1) : text, safe(text, reviver));
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof RangeError)) throw error;
    throw new HttpError(400, `the body is not valid JSON: ${error.message}`);
  }
  if (hasMoreBrackets(text, depth) && isDeeper(value, depth)) {
    throw new HttpError(400, `the JSON of the body is nested deeper than ${depth} levels`);
  }
  return value;
}

const BOM = 0xfeff;

/** A key `__proto__`, which is written so or with an escape, is harmless until somebody copies it by assignment. */
function safe(text: string, reviver: Reviver | undefined): Reviver | undefined {
  if (!text.includes("__proto__") && !text.includes("\\u00")) return reviver;
  return function (this: unknown, key, value) {
    if (key === "__proto__") return undefined;
    return reviver === undefined ? value : reviver.call(this, key, value);
  };
}

/** With fewer it cannot be nested deeper, and nobody has to look. */
function hasMoreBrackets(text: string, count: number): boolean {
  // Each that is opened is closed, too.
  return text.length > 2 * count && occurs(text, "{", count) + occurs(text, "[", count) > count;
}

/** How often, up to `most` and once more. */
function occurs(text: string, char: string, most: number): number {
  let times = 0;
  for (let at = text.indexOf(char); at >= 0 && times <= most; at = text.indexOf(char, at + 1)) times++;
  return times;
}

function isDeeper(value: unknown, depth: number): boolean {
  if (!isNested(value)) return false;
  return depth === 0 || Object.values(value).some((inner) => isDeeper(inner, depth - 1));
}

const isNested = (value: unknown): value is object => typeof value === "object" && value !== null;

function toParams(value: unknown, nest: boolean): Params {
  return paramsOf(nest || !isNested(value) || Array.isArray(value) ? { _json: value } : value);
}
