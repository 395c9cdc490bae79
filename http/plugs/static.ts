import { createHash } from "node:crypto";
import { realpath, stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Async } from "../../runtime/types.ts";
import type { Headers } from "../conn/adapter.ts";
import type { Conn, Halted } from "../conn/conn.ts";
import { mimeType } from "../conn/mime.ts";
import { decodePercent } from "../conn/query.ts";
import { HttpError } from "../errors.ts";
import { byteRange } from "./byte-range.ts";
import { acceptsEncoding } from "./content-encoding.ts";

type Path = string | URL;
type SomeHeaders = Readonly<Record<string, string>> | Headers;

export interface StaticOptions {
  /**
   * The folder that is served: a path, or a `file:` URL such as `new URL("public/", import.meta.url)`; or a function that
   * says it for each request.
   */
  readonly from: Path | (() => Path);
  /** Where it is served. Default `/`. */
  readonly at?: string;
  /** Serve only what begins with one of these segments. Default: everything. */
  readonly only?: readonly string[];
  /** Serve also what begins with a segment that begins with one of these: `["favicon"]` for `/favicon-1a2b3c.ico`. */
  readonly onlyMatching?: readonly string[];
  /**
   * Throw where a file is there that `only` and `onlyMatching` leave out, which helps in development. Default false: it
   * is as if it were not there.
   */
  readonly raiseOnMissingOnly?: boolean;
  /** The file for a folder itself. Default `index.html`; `false` for none. */
  readonly index?: string | false;
  /**
   * In which codings files may be there already, the preferred first: `a.js.br` beside `a.js`. Others than br, gzip and zstd
   * are given with the ending of their files. Default none.
   */
  readonly encodings?: readonly ("br" | "gzip" | "zstd" | readonly [encoding: string, ending: string])[];
  /** Default `public`: caches keep the file, and ask whether it changed. `false`: neither that nor an ETag. */
  readonly cacheControl?: string | false;
  /**
   * For requests whose query begins with `vsn=`, which name the file by its content. Default a year, without asking;
   * `false`: as all others.
   */
  readonly vsnCacheControl?: string | false;
  /** The ETag of the file at a path, with its quotes. Default: of size and time of change. */
  readonly etag?: (path: string) => Async<string>;
  /** Headers of every file that is sent, or a function that says them for a request. */
  readonly headers?: SomeHeaders | ((conn: Conn<any>) => SomeHeaders);
  /** Media types by the name of the file, over what its ending says. `false`: the header is left as it is. */
  readonly contentTypes?: Readonly<Record<string, string>> | false;
}

interface Ready {
  readonly root: () => string;
  readonly at: readonly string[];
  readonly isListed: (segment: string) => boolean;
  readonly raise: boolean;
  readonly index: string | false;
  readonly encodings: readonly (readonly [encoding: string, ending: string])[];
  readonly cacheControl: string | false;
  readonly vsnCacheControl: string | false;
  readonly etag: ((path: string) => Async<string>) | undefined;
  readonly headers: (conn: Conn<any>) => SomeHeaders;
  readonly contentTypes: ReadonlyMap<string, string> | false;
}

const ENDINGS: Readonly<Record<string, string>> = { br: ".br", gzip: ".gz", zstd: ".zst" };
const A_YEAR = "public, max-age=31536000, immutable";

/**
 * Serves files (Plug: `Plug.Static`). GET and HEAD only; what it does not have goes on down the pipeline, what it has is
 * sent and halts. Sends an ETag and honours `If-None-Match`, `If-Range` and a single range; 416 for one beyond the end. A
 * path that leads out of the folder is a 400; hidden files and links that lead out are not there.
 *
 * @example
 * pipeline().plug(plug(Static, { from: new URL("public/", import.meta.url), only: ["assets"], encodings: ["br", "gzip"] }))
 */
export const Static = {
  name: "Static",

  init: (options: StaticOptions): Ready => {
    const { from, at = "/", only, onlyMatching, index = "index.html", headers = {}, contentTypes = {} } = options;
    const { cacheControl = "public", vsnCacheControl = A_YEAR, raiseOnMissingOnly = false, etag } = options;
    const root = typeof from === "function" ? undefined : rootOf(from);
    return {
      root: () => root ?? rootOf((from as () => Path)()),
      at: at.split("/").filter((segment) => segment !== ""),
      isListed: listed(only, onlyMatching),
      raise: raiseOnMissingOnly,
      index,
      encodings: (options.encodings ?? []).map(encodingOf),
      cacheControl,
      vsnCacheControl,
      etag,
      headers: typeof headers === "function" ? headers : () => headers,
      contentTypes: contentTypes === false ? false : new Map(Object.entries(contentTypes)),
    };
  },

  call: <A extends object>(conn: Conn<A>, options: Ready): Async<Conn<A> | Halted> => {
    if (conn.method !== "GET" && conn.method !== "HEAD") return conn;
    const { at, isListed, raise } = options;
    if (at.some((segment, i) => conn.pathInfo[i] !== segment)) return conn;
    const rest = conn.pathInfo.slice(at.length);
    if (isListed(rest[0] ?? "")) return serve(conn, pathOf(rest, options), options);
    return raise ? refuseUnlisted(conn, rest, options) : conn;
  },
};

function rootOf(from: Path): string {
  if (typeof from === "string" || from instanceof URL) {
    return resolve(from instanceof URL ? fileURLToPath(from) : from);
  }
  throw new BadArgument(`Static: expected from to be a path or a file URL, got: ${show(from)}`);
}

function listed(only: StaticOptions["only"], matching: StaticOptions["onlyMatching"]): Ready["isListed"] {
  if (only === undefined && matching === undefined) return () => true;
  const names = new Set(only);
  return (segment) => names.has(segment) || (matching ?? []).some((start) => segment.startsWith(start));
}

function encodingOf(given: string | readonly [string, string]): readonly [string, string] {
  if (Array.isArray(given)) return given as [string, string];
  const ending = typeof given === "string" && Object.hasOwn(ENDINGS, given) ? ENDINGS[given] : undefined;
  if (ending !== undefined) return [given as string, ending];
  throw new BadArgument(`Static: expected an encoding to be br, gzip, zstd or [name, ending], got: ${show(given)}`);
}

/** The path below the folder, decoded; undefined for what is hidden. Unsafe segments are refused, not resolved. */
function pathOf(rest: readonly string[], { index }: Ready): readonly string[] | undefined {
  const segments = rest.map((segment) => decodePercent(segment, "path"));
  if (segments.some(isUnsafe)) throw new HttpError(400, "the path is not one of a file");
  if (segments.some((segment) => segment.startsWith("."))) return undefined;
  if (segments.length > 0) return segments;
  return index === false ? undefined : [index];
}

const isUnsafe = (segment: string): boolean => segment === "." || segment === ".." || /[/\\:\0]/.test(segment);

async function serve<A extends object>(
  conn: Conn<A>,
  segments: readonly string[] | undefined,
  options: Ready,
): Promise<Conn<A> | Halted> {
  const file = segments === undefined ? undefined : await choose(conn, segments, options);
  return file === undefined ? conn : (await send(conn, file, options)).halt();
}

/** For development: what is there, and not served, is likely to be forgotten in a list. */
async function refuseUnlisted<A extends object>(
  conn: Conn<A>,
  rest: readonly string[],
  options: Ready,
): Promise<Conn<A>> {
  const isSafe = rest.length > 0 && rest.every((segment) => /^[\w-][\w.-]*$/.test(segment));
  if (!isSafe || (await find(options.root(), rest)) === undefined) return conn;
  throw new BadArgument(
    `Static: ${conn.requestPath} is there and not served; expected only or onlyMatching to have ${show(rest[0])}`,
  );
}

interface Found {
  readonly path: string;
  readonly size: number;
  readonly changed: number;
}

interface Chosen extends Found {
  /** The file's own name, whatever its coding. */
  readonly name: string;
  readonly encoding: string | undefined;
}

/** The file in the first coding that there is and that the client takes; a range is one of the file itself. */
async function choose(conn: Conn<any>, segments: readonly string[], options: Ready): Promise<Chosen | undefined> {
  const name = segments.at(-1) as string;
  const root = options.root();
  const accepted = conn.getReqHeader("accept-encoding");
  if (conn.getReqHeader("range") === undefined) {
    for (const [encoding, ending] of options.encodings) {
      if (!acceptsEncoding(accepted, encoding)) continue;
      const file = await find(root, segments.with(-1, name + ending));
      if (file !== undefined) return { ...file, name, encoding };
    }
  }
  const file = await find(root, segments);
  return file === undefined ? undefined : { ...file, name, encoding: undefined };
}

async function find(root: string, segments: readonly string[]): Promise<Found | undefined> {
  try {
    const path = await realpath(join(root, ...segments));
    if (!path.startsWith((await realpath(root)) + sep)) return undefined;
    const info = await stat(path);
    return info.isFile() ? { path, size: info.size, changed: info.mtimeMs } : undefined;
  } catch (error) {
    if (MISSING.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

const MISSING = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG", "EACCES", "ELOOP"]);

async function send<A extends object>(conn: Conn<A>, file: Chosen, options: Ready): Promise<Conn<A>> {
  const { path, size, encoding } = file;
  const etag = cachesForEver(conn, options) ? undefined : await etagOf(file, options);
  const ready = describe(conn, etag, options);
  if (etag !== undefined && isFresh(conn.getReqHeader("if-none-match"), etag)) return ready.sendResp(304, "");
  const typed = withType(ready, file, options).putRespHeader("accept-ranges", "bytes");
  const whole = encoding === undefined ? typed : typed.putRespHeader("content-encoding", encoding);
  const range = isCurrent(conn.getReqHeader("if-range"), etag) ? byteRange(onlyRange(conn), size) : undefined;
  if (range === undefined) return whole.sendFile(200, { path, offset: 0, length: size });
  if (range === "unsatisfiable") return whole.putRespHeader("content-range", `bytes */${size}`).sendResp(416, "");
  const { start, end } = range;
  const part = whole.putRespHeader("content-range", `bytes ${start}-${end}/${size}`);
  return part.sendFile(206, { path, offset: start, length: end - start + 1 });
}

/** RFC 9110 §13.1.5: compared strongly, and a date never is. */
const isCurrent = (ifRange: string | undefined, etag: string | undefined): boolean =>
  ifRange === undefined || (ifRange === etag && !etag.startsWith("W/"));

function onlyRange(conn: Conn<any>): string | undefined {
  const ranges = conn.getReqHeaders("range");
  return ranges.length === 1 ? ranges[0] : undefined;
}

const cachesForEver = (conn: Conn<any>, { vsnCacheControl }: Ready): boolean =>
  vsnCacheControl !== false && conn.queryString.startsWith("vsn=");

async function etagOf({ path, size, changed }: Found, { cacheControl, etag }: Ready): Promise<string | undefined> {
  if (cacheControl === false) return undefined;
  if (etag === undefined) return `"${createHash("sha1").update(`${size}-${changed}`).digest("base64url")}"`;
  const given = await etag(path);
  if (/^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/.test(given)) return given;
  throw new BadArgument(`Static: expected an etag in quotes, got: ${show(given)}`);
}

/** What is said of a file whether it is sent or not (RFC 9110 §15.4.5). */
function describe<A extends object>(conn: Conn<A>, etag: string | undefined, options: Ready): Conn<A> {
  const cacheControl = cachesForEver(conn, options) ? options.vsnCacheControl : options.cacheControl;
  let said = conn;
  if (options.encodings.length > 0 && conn.getReqHeader("range") === undefined) {
    said = said.updateRespHeader("vary", "accept-encoding", (vary) => `${vary}, accept-encoding`);
  }
  if (etag !== undefined) said = said.putRespHeader("etag", etag);
  if (cacheControl !== false) said = said.putRespHeader("cache-control", cacheControl);
  return said.mergeRespHeaders(options.headers(conn));
}

function withType<A extends object>(conn: Conn<A>, { name }: Chosen, { contentTypes }: Ready): Conn<A> {
  if (contentTypes === false) return conn;
  const given = contentTypes.get(name);
  if (given !== undefined) return conn.putRespHeader("content-type", given);
  const type = mimeType(name) ?? "application/octet-stream";
  const isText = type.startsWith("text/") || type === "application/json";
  return conn.putRespHeader("content-type", isText ? `${type}; charset=utf-8` : type);
}

/** RFC 9110 §13.1.2: a list, compared weakly. */
function isFresh(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === "*") return true;
  const opaque = etag.replace(/^W\//, "");
  return header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === opaque);
}
