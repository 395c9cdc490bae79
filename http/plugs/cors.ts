import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async } from "../../runtime/types.ts";
import type { Conn, Halted } from "../conn/conn.ts";

/** `https://example.com` exactly, a pattern for all of it, or a function that decides. */
export type CorsOrigin = string | RegExp | ((origin: string, conn: Conn<any>) => Async<boolean>);

export interface CorsOptions {
  /** Whose scripts may read the answers; `"*"` is everybody's. */
  readonly origins: "*" | CorsOrigin | readonly CorsOrigin[];
  /** Default GET, HEAD, POST, PUT, PATCH, DELETE. */
  readonly methods?: readonly string[];
  /** The request headers that scripts may set. Default: those that they ask for. */
  readonly headers?: readonly string[];
  /** The response headers that scripts may read, besides those that they always may. */
  readonly expose?: readonly string[];
  /** Whether requests may carry cookies. Not with `"*"`. Default false. */
  readonly credentials?: boolean;
  /** For how long browsers keep the answer to a preflight, in seconds. Default: as they like, which is 5. */
  readonly maxAge?: number;
}

interface Ready {
  readonly any: boolean;
  readonly origins: readonly CorsOrigin[];
  readonly methods: string;
  readonly headers: string | undefined;
  readonly expose: string | undefined;
  readonly credentials: boolean;
  readonly maxAge: string | undefined;
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/**
 * Lets scripts of other sites read answers, where the browser asks for leave (the Fetch standard, CORS). Preflights are
 * answered here with 204, and go no further; those of strangers without leave. Put it before the router. It protects
 * nothing: who is not a browser does not ask.
 *
 * @example
 * pipeline().plug(plug(Cors, { origins: ["https://example.com", /https:\/\/\w+\.example\.com/], credentials: true }))
 */
export const Cors = {
  name: "Cors",

  init: (options: CorsOptions): Ready => {
    const { origins, methods = METHODS, headers, expose, credentials = false, maxAge } = options ?? {};
    const any = origins === "*";
    const list = Array.isArray(origins) ? origins : [origins];
    for (const origin of any ? [] : list) checkOrigin(origin);
    if (any && credentials) {
      throw new BadArgument('Cors: expected the origins by name with credentials, got: "*", which browsers refuse');
    }
    if (maxAge !== undefined && !(Number.isInteger(maxAge) && maxAge >= 0)) {
      throw new BadArgument(`Cors: expected maxAge to be a number of seconds, got: ${show(maxAge)}`);
    }
    return {
      any,
      origins: list,
      methods: methods.join(", "),
      headers: headers?.join(", "),
      expose: expose?.join(", "),
      credentials,
      maxAge: maxAge?.toString(),
    };
  },

  call: <A extends object>(conn: Conn<A>, options: Ready): Async<Conn<A> | Halted> => {
    const varied = options.any ? conn : vary(conn, "origin");
    const origin = conn.getReqHeader("origin");
    if (origin === undefined) return varied;
    const allowed = options.any || isAllowed(origin, conn, options.origins);
    if (isThenable(allowed)) return Promise.resolve(allowed).then((yes) => answer(varied, options, origin, yes));
    return answer(varied, options, origin, allowed);
  },
};

function checkOrigin(origin: unknown): void {
  if (typeof origin === "function" || origin instanceof RegExp || origin === "null") return;
  if (typeof origin === "string" && URL.canParse(origin) && new URL(origin).origin === origin) return;
  if (typeof origin === "string" && /^(?!https?:)[a-z][a-z\d+.-]*:\/\/[^/]+$/.test(origin)) return;
  const expected = '"*", or origins such as "https://example.com" without a path, patterns and functions';
  throw new BadArgument(`Cors: expected origins to be ${expected}, got: ${show(origin)}`);
}

/** Patterns have to match all of it: `example.com` in the middle of another name counts for nothing. */
function isAllowed(origin: string, conn: Conn<any>, origins: readonly CorsOrigin[], from = 0): Async<boolean> {
  for (let i = from; i < origins.length; i++) {
    const known = origins[i] as CorsOrigin;
    if (typeof known === "string" && known === origin) return true;
    if (known instanceof RegExp && new RegExp(`^(?:${known.source})$`, known.flags.replace(/[gy]/g, "")).test(origin)) {
      return true;
    }
    if (typeof known !== "function") continue;
    const yes = known(origin, conn);
    if (isThenable(yes)) return yes.then((settled) => settled === true || isAllowed(origin, conn, origins, i + 1));
    if (yes === true) return true;
  }
  return false;
}

function answer<A extends object>(conn: Conn<A>, options: Ready, origin: string, allowed: boolean): Conn<A> | Halted {
  const method = conn.getReqHeader("access-control-request-method");
  const isPreflight = conn.method === "OPTIONS" && method !== undefined;
  let answered: Conn<A> = conn;
  if (allowed) {
    answered = answered.putRespHeader("access-control-allow-origin", options.any ? "*" : origin);
    if (options.credentials) answered = answered.putRespHeader("access-control-allow-credentials", "true");
  }
  if (isPreflight) {
    const ready = vary(vary(answered, "access-control-request-method"), "access-control-request-headers");
    return (allowed ? preflight(ready, options) : ready).sendResp(204, "").halt();
  }
  if (!allowed || options.expose === undefined) return answered;
  return answered.putRespHeader("access-control-expose-headers", options.expose);
}

function preflight<A extends object>(conn: Conn<A>, { methods, headers, maxAge }: Ready): Conn<A> {
  const wanted = headers ?? conn.getReqHeader("access-control-request-headers");
  let ready = conn.putRespHeader("access-control-allow-methods", methods);
  if (wanted !== undefined) ready = ready.putRespHeader("access-control-allow-headers", wanted);
  return maxAge === undefined ? ready : ready.putRespHeader("access-control-max-age", maxAge);
}

/** Caches have to keep an answer apart by this header of the request. */
function vary<A extends object>(conn: Conn<A>, header: string): Conn<A> {
  return conn.updateRespHeader("vary", header, (value) => {
    const names = value.split(",").map((name) => name.trim().toLowerCase());
    return names.includes(header) || names.includes("*") ? value : `${value}, ${header}`;
  });
}
