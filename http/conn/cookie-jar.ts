import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Milliseconds } from "../../runtime/types.ts";
import { decrypt, encrypt } from "../crypto/message-encryptor.ts";
import { sign, verify } from "../crypto/message-verifier.ts";
import type { Headers, RequestHead } from "./adapter.ts";
import { type CookieOptions, type Cookies, checkCookie, parseCookies, serializeCookie } from "./cookies.ts";
import { emptyParams } from "./query.ts";

/** A cookie to set. Its value may be anything that JSON has, if it is signed or encrypted. */
export interface PutCookieOptions extends CookieOptions {
  /** Readable for the client, who cannot change it. */
  readonly sign?: boolean;
  /** Not readable for the client either. */
  readonly encrypt?: boolean;
}

export interface RespCookie extends CookieOptions {
  readonly value: string;
}

/** Which cookies are to be opened: those that {@link PutCookieOptions} have sealed. */
export interface FetchCookiesOptions {
  readonly signed?: readonly string[];
  readonly encrypted?: readonly string[];
}

/** What cookies are sealed with. */
interface Sealing {
  readonly secret: () => string;
  /** In milliseconds since 1970. */
  readonly now: () => Milliseconds;
}

/** When a cookie that is deleted expired. */
const LONG_AGO = new Date(0);
/** How long what is sealed is good, unless `maxAge` says otherwise, in seconds. */
const DAY = 86_400;

/** The cookies of a request, and those that its response sets, as one immutable value. */
export class CookieJar {
  /** By name; those that were opened are what they were sealed from, and those that could not be are missing. */
  readonly cookies: Readonly<Record<string, unknown>>;
  readonly resp: Readonly<Record<string, RespCookie>>;

  constructor(cookies: Readonly<Record<string, unknown>>, resp: Readonly<Record<string, RespCookie>>) {
    this.cookies = cookies;
    this.resp = resp;
  }

  static of(head: RequestHead): CookieJar {
    return new CookieJar(reqCookies(head), emptyParams() as Record<string, RespCookie>);
  }

  /** Opens sealed cookies, as they came; one that is too old, or not ours, is as if it were not there. */
  open({ signed = [], encrypted = [] }: FetchCookiesOptions, sealed: Cookies, { secret, now }: Sealing): CookieJar {
    const cookies = Object.assign(emptyParams(), this.cookies);
    const openWith = (names: readonly string[], by: typeof verify): void => {
      for (const name of names) {
        if (name in this.resp) continue;
        const value = by(secret(), saltOf(name), sealed[name], { now: now() });
        if (value === undefined) delete cookies[name];
        else cookies[name] = value;
      }
    };
    openWith(signed, verify);
    openWith(encrypted, decrypt);
    return new CookieJar(cookies, this.resp);
  }

  put(name: string, value: unknown, options: PutCookieOptions, { secret, now }: Sealing): CookieJar {
    const { sign: signed = false, encrypt: encrypted = false, ...attributes } = options;
    if (signed && encrypted) {
      throw new BadArgument(`cookie ${name}: expected sign or encrypt, which signs too, got: ${show(options)}`);
    }
    const seal = signed ? sign : encrypted ? encrypt : undefined;
    const { maxAge = DAY } = attributes;
    const text = seal === undefined ? value : seal(secret(), saltOf(name), value, { maxAge, now: now() });
    checkCookie(name, text as string, attributes);
    const resp = Object.assign(emptyParams(), this.resp, { [name]: { ...attributes, value: text } });
    const cookies = Object.assign(emptyParams(), this.cookies, { [name]: value });
    return new CookieJar(cookies, resp as Record<string, RespCookie>);
  }

  delete(name: string, options: CookieOptions): CookieJar {
    checkCookie(name, "", options);
    const gone = { ...options, value: "", maxAge: 0, universalTime: LONG_AGO };
    const cookies = Object.assign(emptyParams(), this.cookies);
    delete cookies[name];
    return new CookieJar(
      cookies,
      Object.assign(emptyParams(), this.resp, { [name]: gone }) as Record<string, RespCookie>,
    );
  }

  /** The headers that set the cookies, after those that are there. Throws `CookieOverflowError`. */
  addTo(headers: Headers, now: Milliseconds): Headers {
    const universalTime = new Date(now);
    const added = Object.entries(this.resp).map(([name, { value, ...options }]) => {
      return ["set-cookie", serializeCookie(name, value, { universalTime, ...options })] as const;
    });
    return added.length === 0 ? headers : [...headers, ...added];
  }
}

/** The cookies as they came; with several headers (HTTP/2), as if they were one (RFC 9113 §8.2.3). */
export function reqCookies(head: RequestHead): Cookies {
  const known = parsed.get(head);
  if (known !== undefined) return known;
  const values = head.headers.filter(([name]) => name === "cookie").map(([, value]) => value);
  const cookies = parseCookies(values.join("; "));
  parsed.set(head, cookies);
  return cookies;
}

const parsed = new WeakMap<RequestHead, Cookies>();

const saltOf = (name: string): string => `${name}_cookie`;
