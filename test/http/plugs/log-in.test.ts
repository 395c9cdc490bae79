import {
  type Conn,
  CsrfProtection,
  cookieStore,
  deleteCsrfToken,
  getCsrfToken,
  http,
  Parsers,
  pipeline,
  plug,
  router,
  Session,
  type SessionStore,
  sessionTable,
  tableStore,
} from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { SECRET } from "../browser.ts";
import type { Answer } from "../client.ts";
import { type Live, serving } from "../support.ts";

// Sessions, their cookie and CSRF protection together, over real connections.

const site = (store: SessionStore) => {
  const browser = pipeline()
    .plug(plug(Parsers, { parsers: ["json"] }))
    .plug(plug(Session, { store, key: "_site", sameSite: "lax" }))
    .plug((conn) => conn.fetchSession())
    .plug(plug(CsrfProtection));
  const pages = router()
    .get("/", (conn) => conn.text(conn.getSession<string>("user") ?? "nobody"))
    .get("/form", (conn) => conn.text(getCsrfToken(conn)))
    .post("/log-in", (conn: Conn) => {
      deleteCsrfToken(conn);
      return conn.configureSession({ renew: true }).putSession("user", "ada").text(getCsrfToken(conn));
    })
    .post("/log-out", (conn: Conn) => conn.configureSession({ drop: true }).text("bye"));
  return pipeline().plug(browser).plug(pages.plug);
};

/** A user agent with one connection and one cookie. */
class Visitor {
  cookie = "";
  private readonly live: Live;
  constructor(live: Live) {
    this.live = live;
  }

  async ask(method: string, path: string, token = ""): Promise<Answer> {
    const client = await this.live.connect();
    const answer = await client
      .request(method, path, [`Cookie: _site=${this.cookie}`, `X-CSRF-Token: ${token}`, "Content-Length: 0"])
      .answer();
    const [, value] = /^_site=([^;]*)/.exec(answer.headers["set-cookie"] ?? "") ?? [];
    this.cookie = value ?? this.cookie;
    return answer;
  }
}

describe.each<[where: string, store: SessionStore]>([
  ["a signed cookie", cookieStore({ signingSalt: "salt" })],
  ["an encrypted cookie", cookieStore({ encryptionSalt: "salt" })],
  ["a table", tableStore({ table: "sessions" })],
])("with sessions in %s", (_, store) => {
  const visiting = (test: (visitor: Visitor, live: Live) => Promise<void>) =>
    serving({ plug: site(store), secretKeyBase: SECRET }, async (live) => {
      await live.sim.start(sessionTable({ name: "sessions" }));
      await test(new Visitor(live), live);
    });

  test("somebody logs in with the token of a form, stays logged in, and logs out", () =>
    visiting(async (visitor) => {
      expect((await visitor.ask("GET", "/")).body).toBe("nobody");
      expect(visitor.cookie).toBe("");
      const { body: token } = await visitor.ask("GET", "/form");
      const before = visitor.cookie;
      const logIn = await visitor.ask("POST", "/log-in", token);
      expect([logIn.status, logIn.headers["set-cookie"]]).toEqual([
        200,
        expect.stringMatching(/^_site=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax$/),
      ]);
      expect(visitor.cookie).not.toBe(before);
      expect((await visitor.ask("GET", "/")).body).toBe("ada");
      expect((await visitor.ask("POST", "/log-out", token)).status).toBe(403);
      expect((await visitor.ask("GET", "/")).body).toBe("ada");
      expect((await visitor.ask("POST", "/log-out", logIn.body)).body).toBe("bye");
      expect(visitor.cookie).toBe("");
      expect((await visitor.ask("GET", "/")).body).toBe("nobody");
    }));

  test("a request that another site has the browser send changes nothing", () =>
    visiting(async (visitor, live) => {
      await visitor.ask("GET", "/form");
      const { body: foreign } = await new Visitor(live).ask("GET", "/form");
      for (const token of ["", "made-up", foreign]) {
        expect((await visitor.ask("POST", "/log-in", token)).status).toBe(403);
      }
      expect((await visitor.ask("GET", "/")).body).toBe("nobody");
    }));

  test("a hundred visitors at a time have each their own", () =>
    visiting(async (_, live) => {
      const visitors = Array.from({ length: 100 }, () => new Visitor(live));
      const tokens = await Promise.all(visitors.map((visitor) => visitor.ask("GET", "/form")));
      const answers = await Promise.all(
        visitors.map((visitor, i) => visitor.ask("POST", "/log-in", tokens[i % 2 === 0 ? i : (i + 1) % 100]?.body)),
      );
      expect(answers.map(({ status }) => status)).toEqual(visitors.map((_, i) => (i % 2 === 0 ? 200 : 403)));
      const names = await Promise.all(visitors.map((visitor) => visitor.ask("GET", "/")));
      expect(names.map(({ body }) => body)).toEqual(visitors.map((_, i) => (i % 2 === 0 ? "ada" : "nobody")));
    }));
});

test("a server is not made with a secret that is too short", () => {
  expect(() => http({ plug: (conn) => conn, port: 0, secretKeyBase: "short" })).toThrow(
    "expected a secretKeyBase of at least 64 bytes, got: 5 bytes; make one with node -e",
  );
});
