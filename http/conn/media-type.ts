import { HttpError } from "../errors.ts";
import { emptyParams } from "./query.ts";

/** `text/html; q=0.5` in parts. `*` stands for any. Type, subtype and names of parameters are in lower case. */
export interface MediaType {
  readonly type: string;
  readonly subtype: string;
  readonly params: Readonly<Record<string, string>>;
}

/** Names as in RFC 6838 §4.2; a wildcard only as a whole subtype, and as a type only before one. */
const MEDIA_TYPE = /^(\*(?=\/\*)|[\w!#$&^.+-]+)\/(\*|[\w!#$&^.+-]+)[ \t\r\n]*(?:;([\s\S]*))?$/;

/**
 * Takes a media type apart (Plug: `Plug.Conn.Utils.media_type`); `undefined` if it is none.
 *
 * @example
 * expect(mediaType("Text/*; q=0.8")).toEqual({ type: "text", subtype: "*", params: { q: "0.8" } });
 */
export function mediaType(text: string): MediaType | undefined {
  const [, type, subtype, rest] = MEDIA_TYPE.exec(trim(text)) ?? [];
  if (type === undefined || subtype === undefined) return undefined;
  return { type: type.toLowerCase(), subtype: subtype.toLowerCase(), params: headerParams(rest ?? "") };
}

/**
 * Takes a content type apart (Plug: `content_type`): a media type without wildcards, otherwise `undefined`.
 *
 * @example
 * expect(contentType("application/json; charset=utf-8")?.subtype).toBe("json");
 */
export function contentType(text: string): MediaType | undefined {
  const parts = mediaType(text);
  return parts?.subtype === "*" ? undefined : parts;
}

/** A parameter up to its semicolon, which does not count within quotes; a quote that stays open takes the rest. */
const PARAM = /(?:[^;"]|"(?:[^"\\]|\\[\s\S])*(?:"|\\?$))+/g;

/**
 * The parameters of a header (Plug: `params`). Names are in lower case, of a repeated one the first counts, and a pair
 * that is none is left out.
 *
 * @example
 * expect(headerParams('Foo=bar; file="a;b"; wat')).toEqual({ foo: "bar", file: "a;b" });
 */
export function headerParams(text: string): Readonly<Record<string, string>> {
  const params = emptyParams() as Record<string, string>;
  for (const pair of text.match(PARAM) ?? []) {
    const at = pair.indexOf("=");
    const name = trim(pair.slice(0, Math.max(at, 0))).toLowerCase();
    const value = token(pair.slice(at + 1));
    if (TOKEN.test(name) && value !== undefined && !(name in params)) params[name] = value;
  }
  return params;
}

/** As in RFC 9110 §5.6.2; what is not ASCII is let through, as Plug does. */
const TOKEN = /^[!#$%&'*+.^`|~\w\u0080-\uffff-]+$/;

/**
 * A word or a quoted string, without its quotes and escapes (Plug: `token`); `undefined` if it is neither.
 *
 * @example
 * expect(token('"a \\"b\\""')).toBe('a "b"');
 */
export function token(text: string): string | undefined {
  if (text === "") return undefined;
  const bare = trimEnd(text);
  if (bare === "" || TOKEN.test(bare)) return bare;
  return /^"(?:[^"\\]|\\[\s\S])*"$/.test(bare) ? bare.slice(1, -1).replaceAll(/\\([\s\S])/g, "$1") : undefined;
}

/**
 * The parts of a header that is a list (Plug: `list`), without empty ones.
 *
 * @example
 * expect(headerList("gzip, , br")).toEqual(["gzip", "br"]);
 */
export function headerList(text: string): string[] {
  const parts = text.split(",").map(trim);
  return parts.filter((part) => part !== "");
}

// By hand: a regular expression that looks for spaces at an end takes quadratic time, and `trim` takes more than these.
const isSpace = (char: string | undefined): boolean => char === " " || char === "\t" || char === "\r" || char === "\n";

function trimEnd(text: string): string {
  let end = text.length;
  while (isSpace(text[end - 1])) end--;
  return text.slice(0, end);
}

function trim(text: string): string {
  let start = 0;
  while (isSpace(text[start])) start++;
  return trimEnd(text.slice(start));
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The text that bytes are (Plug: `validate_utf8!`). Throws an {@link HttpError} of status 400 that names `where` if they are
 * not UTF-8.
 *
 * @example
 * expect(validateUtf8(Uint8Array.of(0xc3, 0xa9), "body")).toBe("é");
 */
export function validateUtf8(bytes: Uint8Array, where: string): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new HttpError(400, `the ${where} is not valid UTF-8`);
  }
}
