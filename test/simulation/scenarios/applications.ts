import assert from "node:assert/strict";
import { Application, supervisor } from "hornbeam/supervisor";
import { endsOf, type Scenario, settled, stopInReverse, watchedWorld } from "../scenario.ts";

const inOrder: Scenario = {
  promise: "applications start after what they need and stop before it, each once, whoever asks at the same time",
  async run(sim) {
    const world = watchedWorld(sim);
    const log: string[] = [];
    const of = (id: string, needs: readonly Application[]): Application => ({
      name: id,
      applications: needs,
      start: () => {
        log.push(`start ${id}`);
        const init = () => ({
          strategy: "oneForOne" as const,
          maxRestarts: 0,
          children: [world.worker(`${id} worker`, { trapExit: true })],
        });
        return supervisor({ init }, { id: `${id} tree` });
      },
      prepStop: (state) => {
        log.push(`prepStop ${id}`);
        return state;
      },
      stop: () => void log.push(`down ${id}`),
    });
    const store = of("store", []);
    const shop = of("shop", [store]);
    const site = of("site", [store]);
    const started: string[] = [];
    const starters = [shop, site].map((app) =>
      sim.spawn(async (self) => void started.push(...(await Application.ensureAllStarted(self, app)))),
    );
    await sim.all(starters);
    assert.deepEqual([...started].sort(), ["shop", "site", "store"]);
    assert.equal(log[0], "start store");
    const order = log.splice(0).map((line) => line.slice("start ".length));
    const crash = sim.random() < 0.5;
    if (crash) sim.spawn((self) => self.exit(world.pid("shop worker"), "kill"));
    sim.spawn(async (self) => settled(Application.stop(self, site)));
    await sim.idle();
    const left = (await Application.whichApplications(sim)).map(({ name }) => name);
    assert.deepEqual(left, crash ? ["store"] : ["shop", "store"]);
    await sim.stop();
    stopInReverse(
      log.filter((line) => line !== "prepStop store" && line !== "prepStop site"),
      order,
    );
    for (const id of order) assert.equal(log.filter((line) => line === `down ${id}`).length, 1, log.join());
    assert.equal(log.at(-1), "down store");
    return `${order} ${log}`;
  },
};

const permanent: Scenario = {
  promise:
    "the end of a permanent application stops the system and all others in order; that of a temporary one nothing",
  async run(sim) {
    const world = watchedWorld(sim);
    const ends = endsOf(sim);
    const stopped: string[] = [];
    const of = (id: string): Application => ({
      name: id,
      start: () =>
        supervisor(
          { init: () => ({ strategy: "oneForOne" as const, maxRestarts: 0, children: [world.worker(id)] }) },
          { id: `${id} tree` },
        ),
      stop: () => void stopped.push(id),
    });
    await Application.start(sim, of("first"));
    await Application.start(sim, of("main"), { type: "permanent" });
    await Application.start(sim, of("extra"));
    const both = sim.random() < 0.5;
    const kill = (id: string) => sim.spawn((self) => self.exit(world.pid(id), "boom"));
    kill("extra");
    if (both) kill("main");
    await sim.idle();
    assert.equal(sim.isAlive(world.pid("first")), !both);
    assert.deepEqual([...stopped].sort(), both ? ["extra", "first", "main"] : ["extra"]);
    if (both) assert.equal(stopped.at(-1), "first");
    const end = ends.get(world.pid("extra"));
    assert.ok(end === "boom" || (both && end === "shutdown"));
    return stopped.join();
  },
};

export const applications = {
  "applications: in order": inOrder,
  "applications: permanent": permanent,
} satisfies Record<string, Scenario>;
