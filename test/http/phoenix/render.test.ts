import { type Conn, html, type Layout, pipeline, putFormat, putLayout, putRootLayout, render } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask, crash } from "../support.ts";

const show = {
  html: ({ name }: { readonly name: string }) => html`<b>${name}</b>`,
  json: ({ name }: { readonly name: string }) => ({ name }),
  txt: ({ name }: { readonly name: string }, conn: Conn<any>) => `${name} at ${conn.requestPath}`,
};
const answer = (format: string) => ask((conn) => render(putFormat(conn, format), show, { name: "<ada>" }), "GET /x");

describe("render", () => {
  test.each([
    ["html", "<b>&lt;ada&gt;</b>", "text/html; charset=utf-8"],
    ["json", '{"name":"<ada>"}', "application/json; charset=utf-8"],
    ["txt", "<ada> at /x", "text/plain; charset=utf-8"],
  ])("answers %s with its view", async (format, body, type) => {
    const { status, body: sent, headers } = await answer(format);
    expect([status, sent, Object.fromEntries(headers)["content-type"]]).toEqual([200, body, type]);
  });

  test("keeps the status and the content type that were put", async () => {
    const page = (conn: Conn) =>
      render(conn.putStatus(422).putRespContentType("application/problem+json"), { json: () => ({ ok: false }) });
    expect(await ask(page)).toMatchObject({ status: 422, body: '{"ok":false}' });
    expect((await ask(page)).header("content-type")).toBe("application/problem+json; charset=utf-8");
  });

  test("needs no format where there is one view, and otherwise says what it needs", async () => {
    expect((await ask((conn) => render(conn, { html: () => html`one` }))).body).toBe("one");
    expect(await crash((conn) => render(conn, show, { name: "" }))).toBe(
      "500 BadArgument: render: expected a format, from accepts([...]) in a pipeline or putFormat, got: none",
    );
  });

  test.each(["xml", "constructor", "__proto__"])("has no view for %s", async (format) => {
    expect(await crash((conn) => render(putFormat(conn, format), show, { name: "" }))).toBe(
      `500 BadArgument: render: expected a view for ${format}, got: views for html, json, txt`,
    );
  });

  test("refuses a page that is no text", async () => {
    expect(await crash((conn) => render(conn, { html: () => ({ a: 1 }) }))).toContain(
      "render: expected the view for html to return text or html`…`, got: { a: 1 }",
    );
  });

  test("escapes what a view that returns text has escaped itself no more than once", async () => {
    const page = (conn: Conn<any>) => render(conn, { html: () => "<i>text</i>" });
    const framed = pipeline()
      .plug(putLayout((inner) => html`<main>${inner}</main>`))
      .plug(page);
    expect((await ask(framed)).body).toBe("<main><i>text</i></main>");
  });
});

describe("layouts", () => {
  const inner: Layout = (page, conn) => html`<main class="${conn.method}">${page}</main>`;
  const root: Layout = (page) => html`<html>${page}</html>`;

  test("are around the view, the root layout outside, and not around other formats", async () => {
    const page = (format: string) =>
      pipeline()
        .plug(putRootLayout(root))
        .plug(putLayout(inner))
        .plug((conn) => render(putFormat(conn, format), show, { name: "ada" }));
    expect((await ask(page("html"))).body).toBe('<html><main class="GET"><b>ada</b></main></html>');
    expect((await ask(page("json"))).body).toBe('{"name":"ada"}');
  });

  test("may be replaced, taken away, and be for other formats", async () => {
    const page = pipeline()
      .plug(putRootLayout(root))
      .plug(putLayout(inner))
      .plug(putLayout((text) => `[${text}]`, { formats: ["txt"] }))
      .plug(putRootLayout(false));
    const shows = (format: string) => page.plug((conn) => render(putFormat(conn, format), show, { name: "ada" }));
    expect((await ask(shows("html"))).body).toBe('<main class="GET"><b>ada</b></main>');
    expect((await ask(shows("txt"))).body).toBe("[ada at /]");
  });

  test("that are none are refused", () => {
    expect(() => putLayout("app" as never)).toThrow("putLayout: expected a function, or false, got: 'app'");
    expect(() => putRootLayout(undefined as never)).toThrow("putRootLayout: expected a function, or false");
  });
});
