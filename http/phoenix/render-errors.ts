import { BadArgument } from "../../runtime/errors.ts";
import { show, showReason } from "../../runtime/inspect.ts";
import { defineReport } from "../../runtime/reports.ts";
import { processOf } from "../../runtime/self.ts";
import type { Pid } from "../../runtime/types.ts";
import type { Conn } from "../conn/conn.ts";
import type { Exchange } from "../conn/exchange.ts";
import { SafeHtml } from "../conn/html.ts";
import { mimeType } from "../conn/mime.ts";
import { formatFor, getFormat } from "./format.ts";

declare module "../../runtime/telemetry.ts" {
  interface TelemetryEvents {
    /** The view of an error failed; the answer was plain text. */
    "http.errors.failure": [measurements: {}, metadata: { pid: Pid; request: string; format: string; error: unknown }];
  }
}

defineReport(
  "http.errors.failure",
  "error",
  (_, { request, format, error }) => `${request}: the ${format} view of the error failed: ${showReason(error)}`,
);

/** An error that is to be shown. */
export interface ShownError {
  readonly status: number;
  /** What the client may know: of a failure of ours that is only the status. */
  readonly message: string;
  /** The conn as it was before the plug that failed, if any ran. */
  readonly conn: Conn<any> | undefined;
}

/** How errors are shown: `{ html: …, json: … }`. The first is for clients that take none (Phoenix: `render_errors`). */
export type ErrorViews = Readonly<Record<string, (error: ShownError) => SafeHtml | string | object>>;

interface ErrorPage {
  readonly type: string;
  readonly body: string;
}

/** Refuses what are no views when the server is declared. */
export function checkErrorViews(views: ErrorViews | undefined): void {
  if (views === undefined) return;
  const entries = typeof views === "object" && views !== null ? Object.entries(views) : [];
  const isGood =
    entries.length > 0 && entries.every(([format, view]) => typeof view === "function" && mimeType(format));
  if (!isGood)
    throw new BadArgument(`http: expected errors to be views by format, { html, json }, got: ${show(views)}`);
}

/** An error in the format that the client takes; undefined where there are no views, or the view fails. */
export function renderError(exchange: Exchange, status: number, message: string): ErrorPage | undefined {
  const views = exchange.settings.errors;
  if (views === undefined) return undefined;
  let format = "error";
  try {
    format = errorFormat(exchange, Object.keys(views));
    const made = views[format]?.({ status, message, conn: exchange.conn });
    const isText = typeof made === "string" || made instanceof SafeHtml;
    const body: string | undefined = isText ? String(made) : JSON.stringify(made);
    if (body === undefined) throw new BadArgument(`expected text, html\`…\` or data for JSON, got: ${show(made)}`);
    return { type: `${mimeType(format)}; charset=utf-8`, body };
  } catch (error) {
    const { self, head } = exchange;
    const request = `${head.method} ${head.path}`;
    processOf(self).kernel.telemetry.emit("http.errors.failure", {}, { pid: self.pid, request, format, error });
    return undefined;
  }
}

/** What the pipeline has found out, or else what the client asks for. */
function errorFormat({ conn, head }: Exchange, formats: readonly string[]): string {
  const found = conn === undefined ? undefined : formatIn(conn);
  if (found !== undefined && formats.includes(found)) return found;
  const accepted = formats.map((name) => ({ name, type: mimeType(name) as string }));
  return formatFor(head.header("accept"), accepted) ?? (formats[0] as string);
}

function formatIn(conn: Conn<any>): string | undefined {
  try {
    return getFormat(conn);
  } catch {
    // What is wrong with the request may be its query.
    return undefined;
  }
}
