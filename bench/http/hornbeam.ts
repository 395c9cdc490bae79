// The sites on hornbeam, as a user would write them.

import { system } from "hornbeam";
import { type Conn, http, httpInfo, Parsers, type PlugFn, pipeline, plug, RequestId, router } from "hornbeam/http";
import { LIMIT, type Sites, STEPS, stepsIn } from "./site.ts";

/** The first of three plugs gives an id, the second assigns, the third is the router. */
function hello(): PlugFn {
  const site = router().get("/hello", (conn) => conn.text("hello"));
  return pipeline()
    .plug(plug(RequestId))
    .plug((conn) => conn.assign("site", "hello"))
    .plug(site.plug);
}

const tenSteps = () => STEPS.reduce((plugs, step) => plugs.plug((conn: Conn) => conn.assign(step, 1)), pipeline());

function users(): PlugFn {
  return router().scope("/", tenSteps(), (scope) =>
    scope.get("/users/:id", (conn, { id }) => conn.json({ id, name: "user", steps: stepsIn(conn.assigns) })),
  ).plug;
}

function api(): PlugFn {
  const parsed = tenSteps().plug(plug(Parsers, { parsers: ["json"], length: LIMIT }));
  return router().scope("/", parsed, (scope) =>
    scope.post("/users/:id", (conn, { id }) =>
      conn.json({ id, name: conn.bodyParams.name, steps: stepsIn(conn.assigns) }),
    ),
  ).plug;
}

const served = (site: () => PlugFn) => async (): Promise<number> => {
  const world = system({ reports: "warning" });
  await world.start(http({ port: 0, plug: site() }));
  return (await httpInfo(world)).port;
};

export const sites: Sites = { hello: served(hello), users: served(users), api: served(api) };
