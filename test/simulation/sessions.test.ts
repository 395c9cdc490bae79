import {
  type Conn,
  cookieStore,
  pipeline,
  plug,
  Session,
  type SessionStore,
  sessionTable,
  tableStore,
} from "hornbeam/http";
import { simulate } from "hornbeam/simulation";
import { describe, expect, test } from "vitest";
import { Browser } from "../http/browser.ts";

const page = (store: SessionStore, change: (conn: Conn) => Conn) =>
  pipeline()
    .plug(plug(Session, { store, key: "sid", maxAge: 86_400 }))
    .plug((conn) => conn.fetchSession())
    .plug((conn) => change(conn).json(conn.getSession()));

describe.each<[where: string, store: SessionStore]>([
  ["cookies", cookieStore({ signingSalt: "salt", maxAge: 86_400 })],
  ["a table", tableStore({ table: "sessions" })],
])("sessions in %s", (_, store) => {
  test("last as long as they should under every schedule, and use nothing that a simulation does not control", async () => {
    await simulate({ schedules: 100 }, async (sim) => {
      await sim.start(sessionTable({ name: "sessions", idleTime: 86_400_000 }));
      const browsers = ["ada", "bob", "eve"].map((user) => ({ user, browser: new Browser(sim) }));
      await Promise.all(
        browsers.map(({ user, browser }) => browser.ask(page(store, (conn) => conn.putSession("user", user)))),
      );
      const seen = () =>
        Promise.all(browsers.map(async ({ browser }) => (await browser.ask(page(store, (conn) => conn))).json()));
      expect(await seen()).toEqual([{ user: "ada" }, { user: "bob" }, { user: "eve" }]);
      await sim.advance(86_400_001);
      expect(await seen()).toEqual([{}, {}, {}]);
    });
  });
});
