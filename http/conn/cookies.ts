import { type SetCookie, stringifySetCookie } from "cookie";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { CookieOverflowError, InvalidHeaderError } from "../errors.ts";
import { emptyParams } from "./query.ts";

export type Cookies = Readonly<Record<string, string>>;

export interface CookieOptions {
  /** Default `"/"`. */
  readonly path?: string;
  /** Without one the cookie is sent to this host only. */
  readonly domain?: string;
  /** In seconds; `expires` is derived from it. Without one the cookie lasts as long as the browser's session. */
  readonly maxAge?: number;
  /** What `maxAge` counts from. Default now. */
  readonly universalTime?: Date;
  /** Hidden from scripts. Default true. */
  readonly httpOnly?: boolean;
  /** Sent over https only. Default false. */
  readonly secure?: boolean;
  readonly sameSite?: "strict" | "lax" | "none";
  readonly partitioned?: boolean;
  /** More attributes, put at the end as they are. */
  readonly extra?: string;
}

/** In bytes, with its attributes: browsers keep no more (RFC 6265 §6.1). */
const LONGEST = 4096;

/**
 * The cookies of a request's header (Plug: `Plug.Conn.Cookies.decode`). Values are taken as they are, with quotes and
 * escapes; of a repeated name the last counts, and a pair that is none is left out.
 *
 * @example
 * expect(parseCookies("a=1; b=x%20y")).toEqual({ a: "1", b: "x%20y" });
 */
export function parseCookies(header: string): Cookies {
  const cookies = emptyParams() as Record<string, string>;
  for (let start = 0; start < header.length; ) {
    const semicolon = header.indexOf(";", start);
    const end = semicolon < 0 ? header.length : semicolon;
    takePair(cookies, header.slice(start, end));
    start = end + 1;
  }
  return cookies;
}

function takePair(cookies: Record<string, string>, pair: string): void {
  const equals = pair.indexOf("=");
  let start = 0;
  while (pair[start] === " " || pair[start] === "\t") start++;
  if (equals <= start) return;
  const name = pair.slice(start, equals);
  let end = pair.length;
  while (end > equals + 1 && pair[end - 1] === " ") end--;
  const value = pair.slice(equals + 1, end);
  if (!/[ \t\r\n\v\f]/.test(name) && !/[\t\r\n\v\f]/.test(value)) cookies[name] = value;
}

/**
 * A `set-cookie` header (Plug: `Plug.Conn.Cookies.encode`). The value is put as it is. Throws `CookieOverflowError` if it
 * comes to more than 4,096 bytes, and what {@link checkCookie} throws.
 *
 * @example
 * expect(serializeCookie("a", "1", { secure: true })).toBe("a=1; Path=/; HttpOnly; Secure");
 */
export function serializeCookie(name: string, value: string, options: CookieOptions = {}): string {
  checkCookie(name, value, options);
  const { maxAge, universalTime, extra } = options;
  const cookie: SetCookie = { ...attributesOf(options), name, value };
  if (maxAge !== undefined) {
    cookie.maxAge = maxAge;
    cookie.expires = new Date(expiry(maxAge, universalTime));
  }
  const text = stringifySetCookie(cookie, { encode: String }) + (extra === undefined ? "" : `; ${extra}`);
  if (text.length > LONGEST) {
    throw new CookieOverflowError(
      `expected cookie ${name} to have at most ${LONGEST} bytes with its attributes, got: ${text.length}; a session in a table has room for more`,
    );
  }
  return text;
}

/** In milliseconds since 1970; an age below 0 has expired. */
const expiry = (maxAge: number, from = new Date()): number => Math.max(0, from.getTime() + maxAge * 1000);

function attributesOf({ path = "/", httpOnly = true, domain, secure, sameSite, partitioned }: CookieOptions) {
  return {
    path,
    httpOnly,
    ...(domain === undefined ? {} : { domain }),
    ...(secure === undefined ? {} : { secure }),
    ...(sameSite === undefined ? {} : { sameSite }),
    ...(partitioned === undefined ? {} : { partitioned }),
  };
}

// RFC 6265 §4.1.1, and somewhat more, as browsers do: names without = and values may have commas, quotes and backslashes.
const NAME = /^[!-:<>-~]+$/;
const VALUE = /^[!-:<-~]*$/;
const ATTRIBUTE = /^[ -:<-~]*$/;
const EXTRA = /^[ -~]*$/;
const DOMAIN = /^\.?[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;
/** In seconds: it must not reach the year 10000. */
const OLDEST = 200_000_000_000;

/**
 * Refuses what would end the cookie or begin another attribute, when it is put and not only when it is sent (it guards
 * against EEF-CVE-2026-56813): `InvalidHeaderError`. Also a name with a prefix that makes browsers drop the cookie,
 * because its attributes do not fit (RFC 6265bis §4.1.3), and options of a wrong kind: `BadArgument`.
 *
 * @example
 * expect(() => checkCookie("a", "1; Domain=evil.example")).toThrow("got: '1; Domain=evil.example'");
 */
export function checkCookie(name: string, value: string, options: CookieOptions = {}): void {
  const { path = "/", domain, sameSite, extra, secure, maxAge } = options;
  if (typeof value !== "string") {
    throw new BadArgument(
      `cookie ${name}: expected a value that is a string, unless it is signed or encrypted, got: ${show(value)}`,
    );
  }
  checkText("name", name, NAME, "visible ASCII characters without = and ;");
  checkText("value", value, VALUE, "visible ASCII characters without spaces and ; (encodeURIComponent makes them)");
  checkText("path", path, ATTRIBUTE, "ASCII characters without ;");
  if (extra !== undefined) checkText("extra", extra, EXTRA, "ASCII characters");
  if (domain !== undefined) checkText("domain", domain, DOMAIN, "a host name");
  if (sameSite !== undefined) checkText("sameSite", sameSite, /^(?:strict|lax|none)$/i, "strict, lax or none");
  if (maxAge !== undefined && !(Number.isInteger(maxAge) && maxAge < OLDEST)) {
    throw new BadArgument(`cookie ${name}: expected a maxAge in whole seconds, got: ${show(maxAge)}`);
  }
  const host = /^__Host-/i.test(name);
  if ((host || /^__Secure-/i.test(name)) && secure !== true) {
    throw new BadArgument(`cookie ${name}: expected secure: true, which its prefix demands, got: ${show(secure)}`);
  }
  if (host && (path !== "/" || domain !== undefined)) {
    throw new BadArgument(
      `cookie ${name}: expected path "/" and no domain, which its prefix demands, got: ${show({ path, domain })}`,
    );
  }
}

function checkText(what: string, text: unknown, legal: RegExp, expected: string): void {
  if (typeof text === "string" && legal.test(text)) return;
  throw new InvalidHeaderError(`cookie: expected a ${what} of ${expected}, got: ${show(text)}`);
}
