import {
  type Conn,
  clearFlash,
  cookieStore,
  fetchFlash,
  getFlash,
  mergeFlash,
  pipeline,
  plug,
  putFlash,
  router,
  Session,
} from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { browsing } from "../browser.ts";
import { crash, headers } from "../support.ts";

const browser = pipeline()
  .plug(plug(Session, { store: cookieStore({ signingSalt: "flash salt" }), key: "_test" }))
  .plug(fetchFlash);

const site = router()
  .pipeThrough(browser)
  .get("/", (conn) => conn.json(conn.assigns.flash))
  .get("/put", (conn) => putFlash(putFlash(conn, "info", "hi"), "error", "no").redirect("/"))
  .get("/moved", (conn) => putFlash(conn, "info", "moved").putStatus(308).redirect("/"))
  .get("/show", (conn) => putFlash(conn, "info", "now").json(getFlash(conn)))
  .get("/shown", (conn) => conn.json([getFlash(putFlash(conn, "info", "now"), "info") ?? null]))
  .get("/on", (conn) => conn.redirect("/"))
  .get("/clear", (conn) => clearFlash(putFlash(conn, "info", "gone")).redirect("/"))
  .get("/merge", (conn) => mergeFlash(putFlash(conn, "a", "1"), { a: "2", b: "3" }).redirect("/"))
  .get("/teapot", (conn) => putFlash(conn, "info", "no").putStatus(418).text("")).plug;

describe("the flash", () => {
  test("that is put before a redirect is there for the next response, and for no other", () =>
    browsing(async (browser) => {
      await browser.ask(site, "GET /put");
      expect((await browser.ask(site, "GET /")).json()).toEqual({ info: "hi", error: "no" });
      expect((await browser.ask(site, "GET /")).json()).toEqual({});
    }));

  test("survives one redirect for each time that it is shown to a redirect", () =>
    browsing(async (browser) => {
      await browser.ask(site, "GET /moved");
      await browser.ask(site, "GET /on");
      expect((await browser.ask(site, "GET /")).json()).toEqual({ info: "moved" });
      expect((await browser.ask(site, "GET /")).json()).toEqual({});
    }));

  test.each(["/show", "/teapot"])("that is put for a response that does not redirect is not kept: %s", (path) =>
    browsing(async (browser) => {
      await browser.ask(site, `GET ${path}`);
      expect((await browser.ask(site, "GET /")).json()).toEqual({});
    }),
  );

  test("is there at once", () =>
    browsing(async (browser) => {
      expect((await browser.ask(site, "GET /shown")).json()).toEqual(["now"]);
    }));

  test("may be cleared", () =>
    browsing(async (browser) => {
      await browser.ask(site, "GET /clear");
      expect((await browser.ask(site, "GET /")).json()).toEqual({});
    }));

  test("may be merged", () =>
    browsing(async (browser) => {
      await browser.ask(site, "GET /merge");
      expect((await browser.ask(site, "GET /")).json()).toEqual({ a: "2", b: "3" });
    }));

  test("touches no session that has none", () =>
    browsing(async (browser) => {
      expect(headers(await browser.ask(site, "GET /"), "set-cookie")).toEqual([]);
      expect(headers(await browser.ask(site, "GET /on"), "set-cookie")).toEqual([]);
    }));

  test("has only texts of what a session of another version may have", () =>
    browsing(async (browser) => {
      const seen: unknown[] = [];
      const shows = pipeline()
        .plug(browserWith({ info: 7, ok: "yes" }))
        .plug(fetchFlash)
        .plug((conn) => {
          seen.push({ ...conn.assigns.flash }, getFlash(conn, "toString"));
          return conn.text("");
        });
      await browser.ask(shows);
      expect(seen).toEqual([{ ok: "yes" }, undefined]);
    }));

  test("that is not fetched is an error that says how", async () => {
    for (const use of [(conn: Conn) => putFlash(conn, "a", "b"), getFlash, clearFlash]) {
      expect(await crash((conn) => use(conn) as Conn)).toContain(
        "the flash is not fetched; expected .plug(fetchFlash) in a pipeline before",
      );
    }
  });

  test("takes texts only", async () => {
    const put = pipeline()
      .plug(browserWith({}))
      .plug(fetchFlash)
      .plug((conn) => putFlash(conn, "a", 7 as never));
    expect(await crash(put, "GET /", { secretKeyBase: "x".repeat(64) })).toContain("putFlash: expected a text, got: 7");
  });
});

/** A session that has this flash. */
function browserWith(flash: unknown) {
  return pipeline()
    .plug(plug(Session, { store: cookieStore({ signingSalt: "flash salt" }), key: "_test" }))
    .plug((conn) => conn.fetchSession())
    .plug((conn) => conn.putSession("phoenixFlash", flash));
}
