import { child } from "hornbeam/genserver";
import { cookieStore, http, MethodOverride, Parsers, pipeline, plug, RequestId, Session, Static } from "hornbeam/http";
import type { Supervisor } from "hornbeam/supervisor";
import { site } from "./router.ts";
import { Users, users } from "./users.ts";
import { errors } from "./views.ts";

/** What every request goes through, before the router looks at it. */
export const endpoint = pipeline({ name: "endpoint" })
  .plug(plug(RequestId))
  .plug(plug(Static, { from: new URL("public/", import.meta.url), only: ["style.css", "icon.svg"] }))
  .plug(plug(Parsers, { parsers: ["urlencoded"], length: 10_000 }))
  .plug(plug(MethodOverride))
  .plug(plug(Session, { store: cookieStore({ signingSalt: "auth session" }), key: "_auth", sameSite: "lax" }))
  .plug(site.plug);

export interface Options {
  readonly port: number;
  /** At least 64 bytes that nobody else knows, and the same after a restart. */
  readonly secretKeyBase: string;
}

export const App = {
  init: ({ port, secretKeyBase }: Options) => ({
    strategy: "oneForOne",
    children: [child(Users, { name: users }), http({ port, plug: endpoint, secretKeyBase, errors })],
  }),
} satisfies Supervisor;
