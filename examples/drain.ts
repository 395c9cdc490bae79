// A server that ends without cutting anybody off. Start it, keep it busy, and stop it with Ctrl-C:
//
//   npm run example examples/drain.ts
//   curl localhost:4000/slow          is answered, although you stopped the server meanwhile
//   curl localhost:4000/stuck         is not: it is named in the log when the time to drain is up

import { http, router } from "hornbeam/http";
import { run, type Supervisor, supervisor } from "hornbeam/supervisor";

const { PORT = "4000", DRAIN = "5000", DEADLINE = "8000" } = process.env;

async function neverReady(): Promise<never> {
  return new Promise(() => {});
}

const site = router()
  .get("/fast", (conn) => conn.text("done\n"))
  .get("/work", async (conn) => {
    await conn.self.sleep(5);
    return conn.text("done\n");
  })
  .get("/slow", async (conn) => {
    await conn.self.sleep(2000);
    return conn.text("done, in spite of everything\n");
  })
  .get("/stuck", neverReady);

const App = {
  init: () => ({
    strategy: "oneForOne",
    children: [http({ port: Number(PORT), plug: site.plug, drain: Number(DRAIN) })],
  }),
} satisfies Supervisor;

await run(supervisor(App), { deadline: Number(DEADLINE) });
