import { isDown, name, type Pid, type Self } from "hornbeam";
import { start } from "hornbeam/genserver";
import { random, type Simulation, simulate, standard } from "hornbeam/simulation";
import { supervisor } from "hornbeam/supervisor";
import { expect, test } from "vitest";
import { Store } from "../runtime/simulation/support.ts";

const Tree = {
  init: () => ({
    strategy: "oneForAll" as const,
    maxRestarts: 100,
    children: ["a", "b"].map((id) => ({
      id,
      start: async (parent: Self) => parent.spawnLink((self) => self.receive(), { name: name(id) }),
    })),
  }),
};

/** Calls, timers, crashes, names, monitors and a tree: a little of everything that has an order. Writes down what it sees. */
async function everything(sim: Simulation, log: unknown[]): Promise<void> {
  const note = (...what: unknown[]) => void log.push([sim.now(), ...what]);
  const store = await start(sim, Store, 0, { label: "store" });
  await sim.start(supervisor(Tree, { label: "tree" }));
  const client = (n: number) => async (self: Self) => {
    await self.sleep(Math.floor(self.random() * 3));
    const got = await self.call(store, "get");
    note("got", n, got);
    await self.call(store, "set", got + n);
    const victim = self.whereis(name(n % 2 === 0 ? "a" : "b"));
    if (victim !== undefined) self.exit(victim, "kill");
    if (self.random() < 0.3) throw new Error("unlucky");
  };
  const clients: Pid[] = [1, 2, 3].map((n) => sim.spawn(client(n), { label: `client${n}` }));
  const watcher = sim.spawn(async (self) => {
    for (const pid of clients) self.monitor(pid);
    for (const _ of clients) {
      const down = await self.receive(isDown);
      note("down", clients.indexOf(down.pid), down.reason instanceof Error ? "crash" : down.reason);
    }
  });
  await sim.all([...clients, watcher]).catch(() => {});
  await sim.advance(10);
}

/** What the runs of so many seeds saw, as one number for each. */
async function traces(first: number, count: number): Promise<string[]> {
  const seen: string[] = [];
  // In parts: a search has one strategy, and each of its runs another seed.
  await simulate({ seed: first, schedules: count, strategy: first % 2 === 0 ? random() : standard() }, async (sim) => {
    const log: unknown[] = [];
    await everything(sim, log);
    seen[sim.seed - first] = JSON.stringify([log, sim.steps, sim.hash]);
  });
  return seen;
}

const SEEDS = 10_000;
const PART = 500;

test(`${SEEDS} seeds run twice give identical traces`, { timeout: 120_000 }, async () => {
  const distinct = new Set<string>();
  for (let first = 0; first < SEEDS; first += PART) {
    const [once, again] = [await traces(first, PART), await traces(first, PART)];
    expect(again).toEqual(once);
    expect(once).toHaveLength(PART);
    for (const trace of once) distinct.add(trace);
  }
  // The seeds do lead to different runs.
  expect(distinct.size).toBeGreaterThan(SEEDS / 2);
});
