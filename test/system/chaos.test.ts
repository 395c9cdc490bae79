import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { Pid } from "hornbeam";
import { PubSub } from "hornbeam/channels";
import { httpInfo } from "hornbeam/http";
import { supervisor } from "hornbeam/supervisor";
import { changes, type Snapshot, snapshot } from "hornbeam/supervisor/test";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { App } from "../../examples/chat/app.ts";
import { ChatClient } from "./chat-client.ts";

const KILLS = 1000;
const ROOT = "chat";
/** Between two kills, in virtual time: longer than any restart intensity looks back. */
const PEACE = 6000;

/** The static tree. */
const STATIC = ["rooms", "observer", "http", "http/sockets", "http/sockets/channels"]
  .concat(["http/connections", "http/listener", "http/drainer"])
  .map((path) => `${ROOT}/${path}`);

test(`after each of ${KILLS} kills of any process the right ones are back, the others untouched, and the chat goes on`, async () => {
  const sockets = new Set<number>();
  await inVirtualTime({ seed: 20_261_120, time: "manual" }, async (sim) => {
    sim.telemetry.on("http.connection.start", (_, { pid }) => sockets.add(pid.id));
    sim.telemetry.on("process.exit", (_, { pid }) => sockets.delete(pid.id));
    const port = await freePort();
    const root = await sim.start(supervisor(App, { port }, { id: ROOT }));
    const clients = ["ada", "bob", "eve"].map((user) => new ChatClient(port, user, "room:lobby"));
    await chat(clients, "hello");
    await settled(sim, root);
    await sim.advance(PEACE);
    const first = await snapshot(sim, root);
    const held = holdings(sim);
    const counts = new Map<string, number>();

    for (let kill = 1; kill <= KILLS; kill++) {
      const before = await snapshot(sim, root);
      const victims = [...before].filter(([path]) => path !== ROOT);
      const [path, pid] = victims[Math.floor(sim.random() * victims.length)] as [string, Pid];
      counts.set(kindOf(path), (counts.get(kindOf(path)) ?? 0) + 1);
      // Half of the kills hit a busy tree: messages are on their way.
      if (sim.random() < 0.5) for (const client of clients) client.say(`noise ${kill}`);
      sim.kill(pid);
      await chat(clients, `kill ${kill}`);
      await settled(sim, root);
      await check(sim, port, path, before, await snapshot(sim, root));
      await sim.advance(PEACE);
    }

    // Every part of the tree had its turn.
    for (const path of [...STATIC, "a room", "a channel", "a connection"]) {
      expect(counts.get(path) ?? 0, `kills of ${path}`).toBeGreaterThan(10);
    }
    expect((await snapshot(sim, root)).size).toBe(first.size);
    expect(holdings(sim)).toEqual(held);
    await Promise.all(clients.map((client) => client.leave()));
    await expect.poll(() => sockets.size).toBe(0);
    await expect.poll(() => PubSub.subscribers(sim, "room:lobby")).toBe(0);
    // What is left over when the tree has stopped, `inVirtualTime` reports.
  });
}, 300_000);

/** What the processes hold between them: it must be the same after as before. */
function holdings(sim: VirtualSystem) {
  const processes = sim.processes().filter(({ label }) => !label.includes("connection from"));
  return {
    processes: processes.length,
    links: processes.reduce((sum, { links }) => sum + links.length, 0),
    monitors: processes.reduce((sum, { monitors }) => sum + monitors.length, 0),
    names: processes.filter(({ name }) => name !== undefined).length,
    timersAndNames: sim.leaks().filter((leak) => !leak.startsWith("process")),
  };
}

/** A server that restarts as a whole takes its port again: it must be a certain one. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

/** Everybody says something, and everybody hears it: said again until it is, because what was on its way may be lost. */
async function chat(clients: readonly ChatClient[], text: string): Promise<void> {
  for (const [i, client] of clients.entries()) {
    const said = `${text} by ${i}`;
    let tries = 0;
    await expect
      .poll(
        () => {
          if (!clients.every(({ joined }) => joined)) return "not joined";
          if (tries++ % 20 === 0) client.say(said);
          return clients.every(({ heard }) => heard.includes(said)) ? "heard" : "not heard";
        },
        { timeout: 10_000, interval: 2 },
      )
      .toBe("heard");
  }
  for (const { heard } of clients) heard.length = 0;
}

/** Waits until the picture of the tree stands still: connections that were left have gone. */
async function settled(sim: VirtualSystem, root: Pid): Promise<void> {
  let last = "";
  await expect
    .poll(
      async () => {
        await sim.idle();
        const now = JSON.stringify([...(await snapshot(sim, root))]);
        const still = now === last && (await httpInfo(sim)).requests === 0;
        last = now;
        return still;
      },
      { timeout: 10_000, interval: 5 },
    )
    .toBe(true);
}

async function check(
  sim: VirtualSystem,
  port: number,
  victim: string,
  before: Snapshot,
  after: Snapshot,
): Promise<void> {
  const { restarted, untouched } = changes(before, after);
  for (const path of STATIC) {
    if (isHitBy(path, victim)) expect(restarted, `killed ${victim}`).toContain(path);
    else expect(untouched, `killed ${victim}`).toContain(path);
  }
  if (!victim.startsWith(`${ROOT}/rooms`)) expect(untouched, `killed ${victim}`).toContain(`${ROOT}/rooms/room:lobby`);
  expect(after.has(`${ROOT}/rooms/room:lobby`)).toBe(true);
  const health = await fetch(`http://127.0.0.1:${port}/health`, { headers: { connection: "close" } });
  expect(await health.text()).toBe("ok\n");
  // Nobody lives outside the tree.
  const inTree = new Set([...after.values()].map(({ id }) => id));
  const strangers = sim
    .processes()
    .filter(({ pid, label }) => !inTree.has(pid.id) && !label.includes("connection from"));
  expect(strangers.map(({ label }) => label)).toEqual([]);
}

/** Everything is restarted alone, with what is below it; but a listener does not outlive its connections. */
function isHitBy(path: string, victim: string): boolean {
  if (path === `${ROOT}/http/listener` && victim === `${ROOT}/http/connections`) return true;
  return path === victim || path.startsWith(`${victim}/`);
}

function kindOf(path: string): string {
  if (STATIC.includes(path)) return path;
  if (path.startsWith(`${ROOT}/rooms/`)) return "a room";
  return path.startsWith(`${ROOT}/http/sockets/channels/`) ? "a channel" : "a connection";
}
