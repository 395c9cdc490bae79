import { Duplex } from "node:stream";
import { name, ok, reply } from "hornbeam";
import { GenServer, start } from "hornbeam/genserver";
import { expect, test } from "vitest";
import type { Conn } from "../../http/conn.ts";
import { Connections } from "../../http/connections.ts";
import { Drainer } from "../../http/drainer.ts";
import type { Listener } from "../../http/listener.ts";
import { DEFAULT_SETTINGS } from "../../http/settings.ts";
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
  const connections = name<typeof Connections>("connections");
  const listener = name<typeof Listener>("listener");
  const Door = {
    init: () => ok(true),
    handleCall: { suspend: (_, _open) => reply(undefined, false), open: (_, open) => reply(open, open) },
  } satisfies GenServer<boolean>;
  const found = await explore(async (sim) => {
    const options = { plug: (conn: Conn<any>) => conn, sockets: {}, grace: 0, settings: DEFAULT_SETTINGS };
    const pool = await start(sim, Connections, options, { name: connections });
    const door = await start(sim, Door, { name: listener });
    const drainer = await start(sim, Drainer, { connections, listener, drain: 50 });
    const { server } = await sim.call(pool, "server");
    const log: string[] = [];
    sim.telemetry.on("http.drain.start", ({ connections: open }) => void log.push(`drain with ${open}`));
    const accept = sim.spawn(async function accept(self) {
      if (!(await self.call(door, "open"))) return void log.push("refused");
      log.push("accepted");
      server.emit("connection", new Silent());
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
    schedules: 17327,
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
