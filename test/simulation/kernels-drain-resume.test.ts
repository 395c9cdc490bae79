import { ok, reply } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import type { Conn } from "hornbeam/http";
import { expect, test } from "vitest";
import { DEFAULT_SETTINGS } from "../../http/conn/settings.ts";
import { Connections } from "../../http/server/connections.ts";
import { Drainer } from "../../http/server/drainer.ts";
import { checkLimits } from "../../http/server/limits.ts";
import { namesOf } from "../../http/server/names.ts";
import { explore } from "./explore.ts";

/** A listener without a socket. */
const Door = {
  init: (_: unknown) => ok("running"),
  handleCall: {
    suspend: (_, status, self, { pid }) => reply(undefined, self.isAlive(pid) ? "suspended" : status),
    resume: (_, _status) => reply(undefined, "running"),
    status: (_, status) => reply(status, status),
  },
} satisfies GenServer<string>;

const PHASES = ["unready", "suspended", "notify"];

test("a drain that is taken back at any moment leaves a server that is drained, or as it was, and never half of both", {
  timeout: 60_000,
}, async () => {
  const found = await explore(async (sim) => {
    const names = namesOf("http");
    const shared = { grace: 0, refusing: false, limits: checkLimits(), alarms: [], settings: DEFAULT_SETTINGS };
    const site = { server: "http", plug: (conn: Conn<any>) => conn, sockets: {}, tls: undefined, http2: undefined };
    const pool = await start(sim, Connections, { ...site, ...shared }, { name: names.connections });
    const door = await start(sim, Door, undefined, { name: names.listener });
    const batch = { size: 1, interval: 0, jitter: 0 };
    const plan = { servers: ["http"], shutdown: 50, readyDelay: 0, grace: 0, batch };
    const drainer = await start(sim, Drainer, plan, { name: names.drainer });
    const phases: string[] = [];
    sim.telemetry.on("http.drain.phase", (_, { phase }) => void phases.push(phase));
    let outcome = "";
    const drains = sim.spawn(async function drains(self) {
      ({ outcome } = await self.call(drainer, "drain"));
    });
    const resumes = sim.spawn(async function resumes(self) {
      expect(await self.call(drainer, "resume")).toBe(undefined);
    });
    await sim.all([drains, resumes]);
    await sim.idle();
    expect(phases).toEqual(PHASES.slice(0, phases.length));
    const { ready, draining } = await sim.call(pool, "standing");
    return `${outcome}: ${await sim.call(door, "status")}, ${ready ? "ready" : "unready"}, ${draining ? "draining" : "serving"}`;
  });
  expect(found.complete).toBe(true);
  expect(found.outcomes).toEqual([
    "drained: running, ready, serving",
    "drained: suspended, unready, draining",
    "resumed: running, ready, serving",
  ]);
});
