import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Async } from "../../runtime/types.ts";
import type { Conn } from "../conn/conn.ts";
import { mediaType } from "../conn/media-type.ts";
import { type DebugActions, formsOf, isAction, lastPathOf, runAction } from "../debug/actions.ts";
import { detailsOf } from "../debug/details.ts";
import { markdownOf } from "../debug/markdown.ts";
import { pageOf } from "../debug/page.ts";
import type { PageStyles } from "../debug/style.ts";
import { type PlugFn, runStep, stepOf } from "../pipeline/plug.ts";
import { type RequestFailure, type Rescue, rescued } from "../pipeline/rescue.ts";
import { named } from "../pipeline/step.ts";

export interface DebuggerOptions {
  /**
   * Whether it does anything: it shows sources, headers and what is assigned to whoever provokes an error. Default: what the
   * server's `development` says.
   */
  readonly enabled?: boolean;
  /**
   * Makes links of places in the code: `vscode://file/__FILE__:__LINE__`, with `__RELATIVEFILE__` for the path from the
   * working directory. Default: the environment variable `PLUG_EDITOR`.
   */
  readonly editor?: string;
  readonly styles?: PageStyles;
  /** HTML for the top of the page; what is not yours in it has to be escaped. */
  readonly banner?: (conn: Conn<any>, failure: RequestFailure) => string;
  /**
   * What errors may offer as a button, by name: an error with `actions: [{ label: "Create the table", action: "create" }]`.
   * The buttons are signed, so the server needs a `secretKeyBase`.
   */
  readonly actions?: DebugActions;
}

/**
 * Answers what fails with a page that shows it (Plug: `Plug.Debugger`): the error and its causes, the code where it
 * happened, the plugs that the request went through, and the request. Browsers get a page, everybody else Markdown. Only in
 * development: elsewhere it does nothing. The error goes on, as with an error handler, which stands inside if there is one.
 * The path `/__plug__/debugger/action` belongs to it.
 *
 * @example
 * const debugged = withDebugger(site.plug, { editor: "vscode://file/__FILE__:__LINE__" });
 */
export function withDebugger(plug: PlugFn<any, any>, options: DebuggerOptions = {}): PlugFn<any, any> {
  const { enabled, actions = {} } = options;
  if (enabled !== undefined && typeof enabled !== "boolean") {
    throw new BadArgument(`withDebugger: expected enabled to be true or false, got: ${show(enabled)}`);
  }
  const step = stepOf(plug);
  const run = (conn: Conn<any>): Async<Conn<any>> => {
    const { secretKeyBase } = conn.settings;
    if (secretKeyBase === undefined || !isAction(conn)) return runStep(step, conn);
    return runAction(conn, actions, secretKeyBase);
  };
  const debugged = rescued("the debugger", run, debug(options));
  return named(step.name, (conn: Conn<any>) =>
    (enabled ?? conn.settings.development) ? debugged(conn) : runStep(step, conn),
  );
}

/** Headers of the answer that there would have been. */
const NOT_OURS = ["content-security-policy", "content-length", "content-encoding", "etag", "last-modified"];

const debug =
  ({ editor = process.env.PLUG_EDITOR, styles = {}, banner, actions = {} }: DebuggerOptions): Rescue =>
  (conn, failure) => {
    const details = detailsOf(conn, failure);
    // From 500 up it is reported as a crash.
    if (details.status < 500) conn.exchange.log("debug", `${details.status} for ${details.title}`);
    const clean = NOT_OURS.reduce(
      (less, name) => less.deleteRespHeader(name),
      conn.putRespHeader("cache-control", "no-store"),
    );
    if (!acceptsHtml(conn.getReqHeader("accept"))) {
      return clean.putRespContentType("text/markdown").sendResp(details.status, markdownOf(details));
    }
    const nonce = Array.from({ length: 4 }, () => Math.floor(conn.self.random() * 2 ** 32).toString(36)).join("");
    const page = pageOf(details, {
      styles,
      banner: banner?.(conn, failure) ?? "",
      editor: editor === "" ? undefined : editor,
      actions: formsOf(failure.reason, actions, conn.settings.secretKeyBase),
      lastPath: lastPathOf(conn),
      nonce,
    });
    return clean
      .putRespContentType("text/html")
      .putRespHeader("content-security-policy", `script-src 'nonce-${nonce}'; object-src 'none'; base-uri 'none'`)
      .sendResp(details.status, page);
  };

function acceptsHtml(accept: string | undefined): boolean {
  return (accept ?? "").split(",").some((text) => {
    const accepted = mediaType(text);
    return accepted !== undefined && ["text/html", "text/*", "*/*"].includes(`${accepted.type}/${accepted.subtype}`);
  });
}
