import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { inVirtualTime, testProcess } from "hornbeam/test";
import { expect, test } from "vitest";
import { AcceptErrors } from "../../http/server/accept-errors.ts";
import { Client } from "./client.ts";
import { REAL } from "./support.ts";

test("accept errors are told, and those of the next 100 ms with the one that comes after", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const told: unknown[] = [];
    sim.telemetry.on("http.accept.error", ({ count }, { code }) => void told.push([sim.now(), count, code]));
    const errors = new AcceptErrors(testProcess(sim));
    const fail = (code: string) => errors.add(Object.assign(new Error(code), { code }));
    fail("ECONNABORTED");
    for (let i = 0; i < 1000; i++) fail("EMFILE");
    await sim.advance(99);
    fail("EMFILE");
    expect(told).toEqual([[0, 1, "ECONNABORTED"]]);
    await sim.advance(1);
    fail("EMFILE");
    fail("EMFILE");
    expect(told).toEqual([
      [0, 1, "ECONNABORTED"],
      [100, 1002, "EMFILE"],
    ]);
  }));

test(
  "a server that has no file descriptor left keeps the connections that are open, and takes new ones when it has some again",
  async () => {
    const fixture = fileURLToPath(new URL("./fixtures/descriptors.ts", import.meta.url));
    const script = `ulimit -n 60 && exec "${process.execPath}" --conditions=hornbeam-source "${fixture}"`;
    const server = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const [port] = await once(server.stdout.setEncoding("utf8"), "data");
      const kept = await Client.connect(Number(port));
      expect((await kept.get("/1")).body).toBe("/1");
      const crowd = await Promise.all(Array.from({ length: 100 }, () => Client.connect(Number(port))));
      // Some are closed, because the server could not take them; at least those must be.
      await Promise.race(crowd.map((client) => client.closed));
      expect((await kept.get("/2")).body).toBe("/2");
      for (const client of crowd) client.socket.destroy();
      await Promise.all(crowd.map((client) => client.closed));
      expect((await kept.get("/3")).body).toBe("/3");
      for (let tries = 0; ; tries++) {
        const late = await Client.connect(Number(port));
        const body = await late.get("/4").then(
          (answer) => answer.body,
          () => undefined,
        );
        late.socket.destroy();
        if (body === "/4") break;
        expect(tries).toBeLessThan(100);
      }
      kept.socket.destroy();
      expect(server.exitCode).toBe(null);
    } finally {
      server.kill("SIGKILL");
    }
  },
  REAL,
);
