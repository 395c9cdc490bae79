import { accepts, type ErrorViews, HttpError, html, http, pipeline, router } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { type Live, serving } from "../support.ts";

const errors: ErrorViews = {
  html: ({ status, message, conn }) => html`<h1>${status}</h1><p>${message}</p><i>${conn?.requestPath}</i>`,
  json: ({ status, message }) => ({ errors: { detail: message, status } }),
};

const site = router()
  .get("/boom", () => {
    throw new Error("secret");
  })
  .get("/teapot", () => {
    throw new HttpError(418, "<short>");
  })
  .scope("/api", pipeline().plug(accepts(["json"])), (api) =>
    api.get("/boom", () => {
      throw new Error("secret");
    }),
  ).plug;

const get = async (live: Live, path: string, accept?: string): Promise<unknown[]> => {
  const client = await live.connect();
  client.send(`GET ${path} HTTP/1.1\r\nhost: a\r\n${accept === undefined ? "" : `accept: ${accept}\r\n`}\r\n`);
  const answer = await client.answer();
  return [answer.status, answer.headers["content-type"], answer.body];
};

const HTML = "text/html; charset=utf-8";
const JSONS = "application/json; charset=utf-8";
const TEXT = "text/plain; charset=utf-8";

describe("errors are shown by the views of the server", () => {
  test.each<[path: string, accept: string | undefined, shown: unknown[]]>([
    ["/boom", undefined, [500, HTML, "<h1>500</h1><p>Internal Server Error</p><i>/boom</i>"]],
    ["/boom", "application/json", [500, JSONS, '{"errors":{"detail":"Internal Server Error","status":500}}']],
    ["/boom", "text/html,*/*;q=0.8", [500, HTML, "<h1>500</h1><p>Internal Server Error</p><i>/boom</i>"]],
    ["/boom", "image/png", [500, HTML, "<h1>500</h1><p>Internal Server Error</p><i>/boom</i>"]],
    ["/nothing", "application/json", [404, JSONS, '{"errors":{"detail":"no route for GET /nothing","status":404}}']],
    ["/teapot", "text/html", [418, HTML, "<h1>418</h1><p>&lt;short&gt;</p><i>/teapot</i>"]],
    ["/api/boom", "application/json", [500, JSONS, '{"errors":{"detail":"Internal Server Error","status":500}}']],
    ["/api/boom?_format=json", "text/html", [500, JSONS, '{"errors":{"detail":"Internal Server Error","status":500}}']],
    ["/api/boom", "text/html", [406, HTML, expect.stringContaining("expected one of json")]],
    ["/boom?x=%ff", "application/json", [500, JSONS, expect.stringContaining("Internal Server Error")]],
  ])("%s for %s", (path, accept, shown) =>
    serving({ plug: site, errors, development: false }, async (live) => {
      expect(await get(live, path, accept)).toEqual(shown);
    }),
  );

  test("and plain where there are none", () =>
    serving({ plug: site, development: false }, async (live) => {
      expect(await get(live, "/boom", "text/html")).toEqual([500, TEXT, "500 Internal Server Error\n"]);
    }));

  test.each<[title: string, view: () => any, why: string]>([
    [
      "throws",
      () => {
        throw new Error("view broken");
      },
      "view broken",
    ],
    ["returns nothing", () => undefined, "expected text, html`…` or data for JSON, got: undefined"],
  ])("and plain where a view %s, which is reported", (_, view, why) =>
    serving({ plug: site, errors: { html: view }, development: false }, async (live) => {
      const failure = live.next("http.errors.failure");
      expect(await get(live, "/boom", "text/html")).toEqual([500, TEXT, "500 Internal Server Error\n"]);
      expect(await failure).toMatchObject({ request: "GET /boom", format: "html", error: { message: why } });
      expect((await get(live, "/nothing"))[0]).toBe(404);
    }),
  );

  test.each([{}, { html: "page" }, { nosuchformat: () => "" }, "html", null])("and %j are none", (views) => {
    expect(() => http({ port: 0, plug: site, errors: views as never })).toThrow(
      "expected errors to be views by format",
    );
  });
});
