// The server that the soak programs load: HTTP/1.1 and WebSockets on one port, HTTP/2 over TLS on another, one drainer for
// both. Prints its ports when it listens.
import { fileURLToPath } from "node:url";
import { ok } from "hornbeam";
import { socket, type UserSocket } from "hornbeam/channels";
import { drainer, http, type Limits, router } from "hornbeam/http";
import { run, type Supervisor, supervisor } from "hornbeam/supervisor";

const { LIMITS = "{}" } = process.env;

const site = router()
  .get("/work", async (conn) => {
    await conn.self.sleep(5);
    return conn.text("done\n");
  })
  .get("/fast", (conn) => conn.text("done\n"))
  .get("/long", async (conn) => {
    await conn.self.sleep(1000);
    return conn.text("done at last\n");
  })
  .post("/read", async (conn) => conn.text(`${(await conn.readBody()).length} bytes\n`)).plug;

const Visitors = { connect: (_params, conn) => ok(conn), channels: {} } satisfies UserSocket;

const file = (name: string): string => fileURLToPath(new URL(`../http/fixtures/tls/${name}`, import.meta.url));
const tls = { key: file("key.pem"), cert: file("cert.pem") };
const limits: Partial<Limits> = JSON.parse(LIMITS);

const App = {
  init: () => ({
    strategy: "oneForOne",
    children: [
      http({ name: "plain", port: 0, plug: site, sockets: { "/socket": socket(Visitors) }, limits, drain: false }),
      http({ name: "secure", port: 0, plug: site, tls, limits, drain: false }),
      drainer({
        servers: "all",
        shutdown: 10_000,
        // As long as the clients need to notice that there is another server.
        readyDelay: 200,
        batch: { size: 250, interval: 200, jitter: 200 },
      }),
    ],
  }),
} satisfies Supervisor;

await run(supervisor(App), {
  deadline: 15_000,
  reports: "warning",
  accounting: false,
  prepare: (system) => {
    const ports: number[] = [];
    system.telemetry.on("http.listener.start", (_, { port }) => {
      ports.push(port);
      if (ports.length === 2) console.log(`listening on ${ports.join(" and ")}`);
    });
  },
});
