// What each OS process runs: a hornbeam program like any other, which knows nothing of the others.

import { name, ok, reply } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { http, router } from "hornbeam/http";
import { run, type Supervisor, supervisor } from "hornbeam/supervisor";

const Visits = {
  init: () => ok(0),
  handleCall: { next: (_, count) => reply(count + 1, count + 1) },
} satisfies GenServer<number>;

/** Of this OS process: another one has a counter of its own under the same name. */
const visits = name<typeof Visits>("visits");

const site = router()
  .get("/", async (conn) => conn.text(`visit ${await conn.self.call(visits, "next")} to ${process.pid}\n`))
  .get("/work", async (conn) => {
    await conn.self.sleep(5);
    return conn.text(`done by ${process.pid}\n`);
  });

const Service = {
  init: (port: number) => ({
    strategy: "oneForOne",
    children: [child(Visits, { name: visits }), http({ port, plug: site.plug })],
  }),
} satisfies Supervisor;

/** A Ctrl-C reaches every process of the terminal. It is for the parent, which then tells this one to stop. */
const leaveCtrlCToParent = () => void process.removeAllListeners("SIGINT").on("SIGINT", () => {});

await run(supervisor(Service, Number(process.env.PORT ?? 4000)), { prepare: leaveCtrlCToParent, deadline: 9000 });
