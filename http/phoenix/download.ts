import { basename } from "node:path";
import { create } from "content-disposition";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Async } from "../../runtime/types.ts";
import type { BodyInput } from "../conn/body.ts";
import type { Conn } from "../conn/conn.ts";
import { mimeType } from "../conn/mime.ts";

export interface DownloadOptions {
  /** What the browser calls the file. Default: the name of the file that is sent. */
  readonly filename?: string;
  /** Default: by the extension of the name. */
  readonly contentType?: string;
  /** Default: none. */
  readonly charset?: string;
  /** Whether the browser saves it, or may show it. Default `"attachment"`. */
  readonly disposition?: "attachment" | "inline";
  /** In bytes; only of a file. Default: the whole file. */
  readonly offset?: number;
  readonly length?: number;
}

/**
 * Sends a file, or data as if it were one, for the browser to save; with the status that was put, or 200 (Phoenix:
 * `send_download/3`). A name that is not ASCII is encoded, with a fallback for old clients (RFC 6266).
 *
 * @example
 * const site = router().get("/report", (conn) => sendDownload(conn, { data: "a,b\n" }, { filename: "größe.csv" }));
 * const answer = await request(sim, site.plug, "GET", "/report");
 * expect(answer.header("content-disposition")).toContain("filename*=UTF-8''gr%C3%B6%C3%9Fe.csv");
 */
export function sendDownload<A extends object>(
  conn: Conn<A>,
  what: { readonly data: BodyInput },
  options: DownloadOptions & { readonly filename: string },
): Conn<A>;
export function sendDownload<A extends object>(
  conn: Conn<A>,
  what: { readonly file: string },
  options?: DownloadOptions,
): Promise<Conn<A>>;
export function sendDownload<A extends object>(
  conn: Conn<A>,
  what: { readonly data?: BodyInput; readonly file?: string },
  options: DownloadOptions = {},
): Async<Conn<A>> {
  const { file, data } = what ?? {};
  if ((file === undefined) === (data === undefined)) {
    throw new BadArgument(`sendDownload: expected { file: path } or { data }, got: ${show(what)}`);
  }
  const filename = options.filename ?? (file === undefined ? undefined : basename(file));
  if (typeof filename !== "string" || filename === "") {
    throw new BadArgument(`sendDownload: expected a filename for the data, got: ${show(filename)}`);
  }
  const ready = prepared(conn, filename, options);
  const status = conn.status ?? 200;
  if (file === undefined) return ready.sendResp(status, data as BodyInput);
  const { offset, length } = options;
  return ready.sendFile(status, {
    path: file,
    ...(offset === undefined ? {} : { offset }),
    ...(length === undefined ? {} : { length }),
  });
}

function prepared<A extends object>(
  conn: Conn<A>,
  filename: string,
  { contentType, charset, disposition = "attachment" }: DownloadOptions,
): Conn<A> {
  if (disposition !== "attachment" && disposition !== "inline") {
    throw new BadArgument(`sendDownload: expected disposition to be attachment or inline, got: ${show(disposition)}`);
  }
  return conn
    .putRespContentType(contentType ?? mimeType(filename) ?? "application/octet-stream", charset)
    .putRespHeader("content-disposition", create(filename, { type: disposition }));
}
