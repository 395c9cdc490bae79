// The servers of the HTTP benchmark, one a process:   node bench/http-server.ts IMPLEMENTATION
// GET /hello answers "hello" as text. Each line on standard input is answered with the CPU time used, in microseconds.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { system } from "hornbeam";
import { http, httpInfo, router } from "hornbeam/http";

const TYPE = "text/plain; charset=utf-8";

const servers: Readonly<Record<string, () => Promise<number>>> = {
  hornbeam: async () => {
    const site = router().get("/hello", (conn) => conn.text("hello"));
    const world = system({ reports: "warning" });
    await world.start(http({ port: 0, plug: site.plug }));
    return (await httpInfo(world)).port;
  },

  node: () =>
    new Promise((resolve) => {
      const server = createServer((request, response) => {
        if (request.url !== "/hello") {
          response.writeHead(404).end();
          return;
        }
        response.writeHead(200, { "content-type": TYPE, "content-length": 5 });
        response.end("hello");
      });
      server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
    }),

  fastify: async () => {
    const { fastify } = await import("fastify");
    const app = fastify();
    app.get("/hello", (_request, answer) => answer.type(TYPE).send("hello"));
    await app.listen({ port: 0, host: "127.0.0.1" });
    return (app.server.address() as AddressInfo).port;
  },
};

const [implementation = ""] = process.argv.slice(2);
const serve = servers[implementation];
if (serve === undefined) throw new Error(`expected one of ${Object.keys(servers).join(", ")}, got: ${implementation}`);
console.log(await serve());
createInterface({ input: process.stdin }).on("line", () => {
  const { user, system: kernel } = process.cpuUsage();
  console.log(user + kernel);
});
