import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Conn } from "../conn/conn.ts";
import { SafeHtml } from "../conn/html.ts";
import { mimeType } from "../conn/mime.ts";
import { named } from "../pipeline/step.ts";
import { getFormat } from "./format.ts";

/** A view is a function of what it shows: text or HTML of it, or for a format like JSON the data. */
export type View<Shown = any> = (shown: Shown, conn: Conn<any>) => unknown;

/** A layout puts a page around what a view has made. */
export type Layout = (inner: SafeHtml, conn: Conn<any>) => SafeHtml | string;

export interface LayoutOptions {
  /** For which formats. Default `["html"]`. */
  readonly formats?: readonly string[];
}

type Layouts = Readonly<Record<string, Layout>>;
const LAYOUT = "phoenixLayout";
const ROOT_LAYOUT = "phoenixRootLayout";

/** What views of several formats show in common. */
type ShownBy<Views> = Views extends Readonly<Record<string, View<infer Shown>>> ? Shown : never;
type Arguments<Shown> = unknown extends Shown ? [shown?: unknown] : {} extends Shown ? [shown?: Shown] : [shown: Shown];

/**
 * Answers with the view for the format of this request, within its layouts, with the status that was put, or 200
 * (Phoenix: `render/3`). The format is what {@link accepts} has found; where there is one view, it need not be known.
 *
 * @example
 * const show = { html: ({ name }: { name: string }) => html`<b>${name}</b>`, json: ({ name }: { name: string }) => ({ name }) };
 * const site = router().pipeThrough(accepts(["html", "json"])).get("/:name", (conn, { name }) => render(conn, show, { name }));
 * expect((await request(sim, site.plug, "GET", "/ada")).body).toBe("<b>ada</b>");
 * expect((await request(sim, site.plug, "GET", "/ada?_format=json")).json()).toEqual({ name: "ada" });
 */
export function render<A extends object, Views extends Readonly<Record<string, View>>>(
  conn: Conn<A>,
  views: Views,
  ...shown: Arguments<ShownBy<Views>>
): Conn<A> {
  const formats = Object.keys(views);
  const format = getFormat(conn) ?? (formats.length === 1 ? (formats[0] as string) : undefined);
  if (format === undefined) {
    throw new BadArgument(`render: expected a format, from accepts([...]) in a pipeline or putFormat, got: none`);
  }
  const view = Object.hasOwn(views, format) ? views[format] : undefined;
  if (typeof view !== "function") {
    throw new BadArgument(`render: expected a view for ${format}, got: views for ${formats.join(", ")}`);
  }
  const made = view(shown[0] ?? {}, conn);
  const type = mimeType(format) ?? "application/octet-stream";
  const typed = conn.getRespHeader("content-type") === undefined ? conn.putRespContentType(type) : conn;
  return typed.sendResp(conn.status ?? 200, bodyOf(conn, format, made));
}

function bodyOf(conn: Conn<any>, format: string, made: unknown): string {
  if (typeof made !== "string" && !(made instanceof SafeHtml)) {
    const json: string | undefined = format === "html" ? undefined : JSON.stringify(made);
    if (json !== undefined) return json;
    throw new BadArgument(`render: expected the view for ${format} to return text or html\`…\`, got: ${show(made)}`);
  }
  let inner: SafeHtml | string = made;
  for (const key of [LAYOUT, ROOT_LAYOUT]) {
    const layout = (conn.private[key] as Layouts | undefined)?.[format];
    if (layout !== undefined) inner = layout(new SafeHtml(String(inner)), conn);
  }
  return String(inner);
}

/** A plug that puts the inner layout of pages; `false` takes it away (Phoenix: `put_layout/2`). */
export const putLayout = (layout: Layout | false, options: LayoutOptions = {}) =>
  layoutPlug("putLayout", LAYOUT, layout, options);

/**
 * A plug that puts the outer layout of pages, around the inner one; `false` takes it away (Phoenix: `put_root_layout/2`).
 *
 * @example
 * const root: Layout = (inner) => html`<!doctype html><title>Chat</title><main>${inner}</main>`;
 * const browser = pipeline({ name: "browser" }).plug(accepts(["html"])).plug(putRootLayout(root));
 */
export const putRootLayout = (layout: Layout | false, options: LayoutOptions = {}) =>
  layoutPlug("putRootLayout", ROOT_LAYOUT, layout, options);

function layoutPlug(what: string, key: string, layout: Layout | false, { formats = ["html"] }: LayoutOptions) {
  if (layout !== false && typeof layout !== "function") {
    throw new BadArgument(`${what}: expected a function, or false, got: ${show(layout)}`);
  }
  const added = Object.fromEntries(formats.map((format) => [format, layout === false ? undefined : layout]));
  return named(
    what,
    <A extends object>(conn: Conn<A>): Conn<A> =>
      conn.putPrivate(key, { ...(conn.private[key] as Layouts | undefined), ...added }),
  );
}
