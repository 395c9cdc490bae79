import { Duplex } from "node:stream";
import { ok, reply } from "hornbeam";
import { GenServer, start } from "hornbeam/genserver";
import { expect, test } from "vitest";
import type { Conn } from "../../http/conn/conn.ts";
import { DEFAULT_SETTINGS } from "../../http/conn/settings.ts";
import { Connections } from "../../http/server/connections.ts";
import { Drainer } from "../../http/server/drainer.ts";
import { checkLimits } from "../../http/server/limits.ts";
import { namesOf } from "../../http/server/names.ts";
import { explore } from "./explore.ts";

/** A connection as the pool of a server sees it, whose client says nothing. */
class Silent extends Duplex {
  readonly remoteAddress = "test";
  readonly bytesRead = 0;
  override _read(): void {}
  override _write(_: unknown, __: unknown, done: () => void): void {
    done();
  }
  destroySoon(): void {
    this.destroy();
  }
}

test("drain and accept: a drain ends when the last connection has, be it accepted before it, while it runs or after", {
  timeout: 60_000,
}, async () => {
  const { connections, listener } = namesOf("http");
  const Door = {
    init: () => ok(true),
    handleCall: { suspend: (_, _open) => reply(undefined, false), open: (_, open) => reply(open, open) },
  } satisfies GenServer<boolean>;
  const found = await explore(async (sim) => {
    const shared = {
      server: "http",
      grace: 0,
      refusing: false,
      limits: checkLimits(),
      alarms: [],
      tls: undefined,
      http2: undefined,
      settings: DEFAULT_SETTINGS,
    };
    const options = { plug: (conn: Conn<any>) => conn, sockets: {}, ...shared };
    const pool = await start(sim, Connections, options, { name: connections });
    const door = await start(sim, Door, { name: listener });
    const batch = { size: 1, interval: 0, jitter: 0 };
    const plan = { servers: ["http"], shutdown: 50, readyDelay: 0, grace: 0, batch };
    const drainer = await start(sim, Drainer, plan);
    const { accept: take } = await sim.call(pool, "door");
    const log: string[] = [];
    sim.telemetry.on("http.drain.start", ({ connections: open }) => void log.push(`drain with ${open}`));
    const accept = sim.spawn(async function accept(self) {
      if (!(await self.call(door, "open"))) return void log.push("refused");
      log.push("accepted");
      take(new Silent() as never);
    });
    const stop = sim.spawn(async function stop(self) {
      await GenServer.stop(self, drainer, "shutdown");
      log.push("drained");
    });
    await sim.all([accept, stop]);
    await sim.advance(100);
    return `${log}, ${(await sim.call(pool, "counts")).connections} left`;
  });
  expect(found).toEqual({
    complete: true,
    schedules: 23448,
    outcomes: [
      "accepted,drain with 0,drained, 0 left",
      "accepted,drain with 1,drained, 0 left",
      "drain with 0,accepted,drained, 0 left",
      "drain with 0,drained,accepted, 0 left",
      "drain with 0,drained,refused, 0 left",
      "drain with 0,refused,drained, 0 left",
      "refused,drain with 0,drained, 0 left",
    ],
  });
});
