import assert from "node:assert/strict";
import { Supervisor } from "hornbeam/supervisor";
import { endsOf, type Scenario, startInOrder, watchedWorld } from "../scenario.ts";

const atTheLimit: Scenario = {
  promise:
    "so many restarts as allowed are made, whatever else goes on; one more, and the supervisor ends with shutdown",
  async run(sim) {
    const world = watchedWorld(sim);
    const ends = endsOf(sim);
    const crowd = (of: string) => [1, 2, 3].map((no) => world.worker(`${of}${no}`, { trapExit: no === 1 }));
    const lives = await world.start({ maxRestarts: 3, children: crowd("l") });
    const falls = await world.start({ maxRestarts: 2, children: crowd("f") });
    world.take();
    for (const no of [1, 2, 3]) {
      sim.spawn((self) => self.exit(world.pid(`l${no}`), "kill"));
      sim.spawn((self) => self.exit(world.pid(`f${no}`), "kill"));
    }
    await sim.idle();
    assert.ok(sim.isAlive(lives));
    assert.deepEqual(await world.children(lives), ["l3#2", "l2#2", "l1#2"]);
    assert.equal(ends.get(falls), "shutdown");
    const log = world.take();
    const starts = log.filter((line) => line.startsWith("start f"));
    assert.equal(starts.length, 2);
    assert.equal(world.reports.filter((line) => line.startsWith("giveUp")).length, 1);
    assert.ok(world.known().every((pid) => !world.nameOf(pid).startsWith("f") || !sim.isAlive(pid)));
    return log.filter((line) => line.includes(" f")).join();
  },
};

const window: Scenario = {
  promise: "restarts count for maxSeconds, and not longer",
  async run(sim) {
    const world = watchedWorld(sim);
    const ends = endsOf(sim);
    const one = async (id: string, pause: number) => {
      const top = await world.start({
        maxRestarts: 2,
        maxSeconds: 5,
        children: [world.worker(id), world.worker(`${id}'`)],
      });
      sim.spawn(async (self) => {
        self.exit(world.pid(id), "kill");
        self.exit(world.pid(`${id}'`), "kill");
        await self.sleep(pause);
        self.exit(world.pid(id), "kill");
      });
      return top;
    };
    const [falls, lives] = [await one("f", 5000), await one("l", 6000)];
    world.take();
    await sim.advance(10_000);
    assert.equal(ends.get(falls), "shutdown");
    assert.equal(ends.get(lives), undefined);
    assert.deepEqual(await world.children(lives), ["l'#2", "l#3"]);
    return world.take().join();
  },
};

const escalation: Scenario = {
  promise: "a supervisor that gives up is one failure of its own supervisor, which starts it again with new children",
  async run(sim) {
    const world = watchedWorld(sim);
    const inner = world.tree("inner", {
      maxRestarts: 1,
      children: [world.worker("a", { trapExit: true }), world.worker("b")],
    });
    const top = await world.start({ strategy: "restForOne", maxRestarts: 1, children: [inner, world.worker("c")] });
    for (const id of ["a", "b", "c"]) sim.spawn((self) => self.exit(world.pid(id), "kill"));
    await sim.idle();
    const log = world.take();
    const gaveUp = world.reports.filter((line) => line.startsWith("giveUp"));
    // The inner one falls over its two. With c, if that was a failure of its own, the outer one does.
    assert.ok(log.includes("down inner#1 shutdown"));
    const own = world.reports.includes("exit c killed");
    assert.equal(sim.isAlive(top), !own);
    assert.equal(gaveUp.length, own ? 2 : 1);
    if (own) assert.ok(world.known().every((pid) => !sim.isAlive(pid)));
    else
      assert.deepEqual(
        (await world.children(top)).map((child) => child.slice(0, -2)),
        ["c", "inner"],
      );
    return log.join();
  },
};

const types: Scenario = {
  promise: "permanent is always started again, transient unless its end was clean, temporary never",
  async run(sim) {
    const world = watchedWorld(sim);
    const reasons = { n: "normal", s: "shutdown", o: { shutdown: "over" }, e: "error" };
    const restarts = ["permanent", "transient", "temporary"] as const;
    const children = restarts.flatMap((restart) =>
      Object.keys(reasons).map((end) => world.worker(`${restart} ${end}`, { restart })),
    );
    const top = await world.start({ maxRestarts: 5, children });
    for (const restart of restarts) {
      sim.spawn((self) => {
        for (const [end, reason] of Object.entries(reasons)) self.cast(world.pid(`${restart} ${end}`), "end", reason);
      });
    }
    await sim.idle();
    const left = (await world.children(top)).reverse();
    const permanent = Object.keys(reasons).map((end) => `permanent ${end}#2`);
    const transient = ["n", "s", "o"].map((end) => `transient ${end} stopped`);
    assert.deepEqual(left, [...permanent, ...transient, "transient e#2"]);
    return world
      .take()
      .filter((line) => line.startsWith("start"))
      .join();
  },
};

const backoff: Scenario = {
  promise:
    "with a backoff a restart waits, never less than said, the longer the more often; meanwhile its group is stopped",
  async run(sim) {
    const world = watchedWorld(sim);
    const children = [world.worker("a"), world.worker("b", { trapExit: true })];
    const top = await world.start({
      strategy: "oneForAll",
      maxRestarts: 9,
      backoff: { first: 10, factor: 2 },
      children,
    });
    const other = await world.start({ backoff: { first: 10 }, children: [world.worker("c")] });
    const starts: number[] = [];
    sim.telemetry.on("supervisor.child.backoff", ({ delay }) => void starts.push(sim.now() + delay));
    const late: number[] = [];
    sim.telemetry.on("supervisor.child.restart", () => void late.push(sim.now()));
    sim.spawn((self) => self.exit(world.pid("a"), "kill"));
    for (const id of ["a", "b"]) {
      sim.spawn(async (self) => {
        await self.sleep(10);
        self.exit(world.pid(id), "kill");
      });
    }
    sim.spawn((self) => self.exit(world.pid("c"), "kill"));
    sim.spawn(async (self) => {
      await self.sleep(10);
      await Supervisor.terminateChild(self, other, "c");
    });
    await sim.advance(5);
    assert.ok(!sim.isAlive(world.pid("a")) && !sim.isAlive(world.pid("b")));
    await sim.advance(1000);
    // Who is stopped while it waits does not come back.
    assert.deepEqual(await world.children(other), ["c stopped"]);
    const log = world.take();
    startInOrder(
      log.filter((line) => !line.includes(" c#")),
      ["a", "b"],
    );
    assert.ok(late.length >= 1 && late.every((at) => starts.includes(at)), `${late} instead of ${starts}`);
    const [b, a] = await world.children(top);
    assert.match(`${a} ${b}`, /^a#[23] b#[23]$/);
    return log.join();
  },
};

export const intensity = {
  "intensity: at the limit": atTheLimit,
  "intensity: the window": window,
  "intensity: escalation": escalation,
  "intensity: restart types": types,
  "intensity: backoff": backoff,
} satisfies Record<string, Scenario>;
