import { createHash } from "node:crypto";
import { realpath, stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Conn, Halted } from "../conn.ts";
import { HttpError } from "../errors.ts";
import { mimeType } from "../mime.ts";
import { decodePercent } from "../query.ts";

export interface StaticOptions {
  /** The folder that is served: a path, or a `file:` URL such as `new URL("public/", import.meta.url)`. */
  readonly from: string | URL;
  /** Where it is served. Default `/`. */
  readonly at?: string;
  /** Serve only what begins with one of these segments. Default: everything. */
  readonly only?: readonly string[];
  /** The file for a folder itself. Default `index.html`; `false` for none. */
  readonly index?: string | false;
  /** Default `public`: caches keep the file, and ask whether it changed. */
  readonly cacheControl?: string;
}

interface Ready {
  readonly root: string;
  readonly at: readonly string[];
  readonly only: ReadonlySet<string> | undefined;
  readonly index: string | false;
  readonly cacheControl: string;
}

/**
 * Serves files (Plug: `Plug.Static`). GET and HEAD only; what it does not have goes on down the pipeline. Sends an ETag
 * and honours `If-None-Match` and a single range. A path that leads out of the folder is a 400; hidden files and links
 * that lead out are not there.
 *
 * @example
 * pipeline().plug(plug(Static, { from: new URL("public/", import.meta.url) }))
 */
export const Static = {
  name: "Static",

  init: ({ from, at = "/", only, index = "index.html", cacheControl = "public" }: StaticOptions): Ready => {
    if (typeof from !== "string" && !(from instanceof URL)) {
      throw new BadArgument(`Static: expected from to be a path or a file URL, got: ${show(from)}`);
    }
    const root = resolve(from instanceof URL ? fileURLToPath(from) : from);
    const segments = at.split("/").filter((segment) => segment !== "");
    return { root, at: segments, only: only === undefined ? undefined : new Set(only), index, cacheControl };
  },

  call: async <A extends object>(conn: Conn<A>, options: Ready): Promise<Conn<A> | Halted> => {
    if (conn.method !== "GET" && conn.method !== "HEAD") return conn;
    const path = within(conn.pathInfo, options);
    const file = path === undefined ? undefined : await find(options.root, path);
    return file === undefined ? conn : (await send(conn, file, options)).halt();
  },
};

interface Found {
  readonly path: string;
  readonly size: number;
  readonly etag: string;
}

/** The path below the folder, decoded; undefined when it is not ours. Unsafe segments are refused, not resolved. */
function within(pathInfo: readonly string[], { at, only, index }: Ready): readonly string[] | undefined {
  if (at.some((segment, i) => pathInfo[i] !== segment)) return undefined;
  const rest = pathInfo.slice(at.length);
  if (only !== undefined && !only.has(rest[0] ?? "")) return undefined;
  const segments = rest.map((segment) => decodePercent(segment, "path"));
  if (segments.some(isUnsafe)) throw new HttpError(400, "the path is not one of a file");
  if (segments.some((segment) => segment.startsWith("."))) return undefined;
  if (segments.length > 0) return segments;
  return index === false ? undefined : [index];
}

const isUnsafe = (segment: string): boolean => segment === "." || segment === ".." || /[/\\:\0]/.test(segment);

async function find(root: string, segments: readonly string[]): Promise<Found | undefined> {
  try {
    const path = await realpath(join(root, ...segments));
    if (!path.startsWith((await realpath(root)) + sep)) return undefined;
    const info = await stat(path);
    if (!info.isFile()) return undefined;
    const tag = createHash("sha1").update(`${info.size}-${info.mtimeMs}`).digest("base64url");
    return { path, size: info.size, etag: `"${tag}"` };
  } catch (error) {
    if (MISSING.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

const MISSING = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG", "EACCES", "ELOOP"]);

async function send<A extends object>(conn: Conn<A>, file: Found, { cacheControl }: Ready): Promise<Conn<A>> {
  const tagged = conn.putRespHeader("etag", file.etag).putRespHeader("cache-control", cacheControl);
  if (isFresh(conn.getReqHeader("if-none-match"), file.etag)) return tagged.sendResp(304, "");
  const type = mimeType(file.path) ?? "application/octet-stream";
  const charset = type.startsWith("text/") || type === "application/json" ? "utf-8" : undefined;
  const typed = tagged
    .putRespHeader("content-type", charset === undefined ? type : `${type}; charset=${charset}`)
    .putRespHeader("accept-ranges", "bytes");
  const current = conn.getReqHeader("if-range") ?? file.etag;
  const range = current === file.etag ? rangeOf(conn.getReqHeader("range"), file.size) : undefined;
  if (range === undefined) return typed.sendFile(200, { path: file.path, offset: 0, length: file.size });
  if (range === "unsatisfiable") return typed.putRespHeader("content-range", `bytes */${file.size}`).sendResp(416, "");
  const { start, end } = range;
  const part = typed.putRespHeader("content-range", `bytes ${start}-${end}/${file.size}`);
  return part.sendFile(206, { path: file.path, offset: start, length: end - start + 1 });
}

/** RFC 9110 §13.1.2: a list, compared weakly. */
function isFresh(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === "*" || header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

type Range = { readonly start: number; readonly end: number } | "unsatisfiable" | undefined;

/** One range of bytes; several, or what is not a range, is the whole file (Plug; RFC 9110 §14.2 allows it). */
function rangeOf(header: string | undefined, size: number): Range {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < start) return undefined;
  return start >= size ? "unsatisfiable" : { start, end };
}
