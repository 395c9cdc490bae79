import assert from "node:assert/strict";
import { name, type Pid, type Self } from "hornbeam";
import { DynamicSupervisor, Supervisor, supervisor } from "hornbeam/supervisor";
import { endsOf, type Scenario, settled, text, watchedWorld } from "../scenario.ts";

const kids = name("kids");

const comeAndGo: Scenario = {
  promise:
    "as many children as allowed are started, each is stopped once, by request or with the supervisor, and none is left",
  async run(sim) {
    const world = watchedWorld(sim);
    const top = await sim.start(DynamicSupervisor.child({ name: kids, maxChildren: 2, maxRestarts: 9 }));
    sim.always("no more than two", () => world.known().filter((pid) => sim.isAlive(pid)).length <= 2);
    const outcomes: string[] = [];
    const client = (id: string) => async (self: Self) => {
      try {
        const spec = world.worker(id, { restart: id === "a" ? "permanent" : "temporary", trapExit: true });
        const pid = await DynamicSupervisor.startChild(self, top, spec);
        outcomes.push(`${id} up`);
        self.exit(pid, "kill");
        const result = await settled(DynamicSupervisor.terminateChild(self, top, pid).then(() => "stopped"));
        assert.ok(result === "stopped" || result === "notFound", result);
        outcomes.push(`${id} ${result}`);
      } catch (error) {
        assert.equal(text((error as { reason: unknown }).reason), "maxChildren");
        outcomes.push(`${id} refused`);
      }
    };
    await sim.all(["a", "b", "c"].map((id) => sim.spawn(client(id))));
    await sim.idle();
    const { active, specs } = await DynamicSupervisor.countChildren(sim, top);
    const alive = world.known().filter((pid) => sim.isAlive(pid));
    assert.equal(active, alive.length);
    assert.equal(specs, alive.length);
    assert.ok(outcomes.filter((line) => line.endsWith("up")).length >= 2);
    // Only a permanent child that was restarted under another pid is still there.
    assert.ok(alive.every((pid) => world.nameOf(pid) === "a#2"));
    sim.exit(top, "shutdown");
    await sim.idle();
    assert.deepEqual(sim.leaks(), []);
    return outcomes.join();
  },
};

const together: Scenario = {
  promise: "a dynamic supervisor that stops stops all at once, each within its time, and waits for the last",
  async run(sim) {
    const world = watchedWorld(sim);
    const ends = endsOf(sim);
    const top = await sim.start(DynamicSupervisor.child({ name: kids }));
    const add = (id: string, stopTime: number, shutdown: number) =>
      DynamicSupervisor.startChild(
        sim,
        top,
        world.worker(id, { trapExit: true, stopTime, shutdown, restart: "transient" }),
      );
    const [quick, edge, slow] = [await add("quick", 5, 10), await add("edge", 10, 10), await add("slow", 99, 20)];
    world.take();
    const began = sim.now();
    let took: number | undefined;
    sim.telemetry.on("process.exit", (_, { pid }) => {
      if (pid === top) took = sim.now() - began;
    });
    sim.spawn((self) => self.exit(quick, "kill"));
    sim.spawn((self) => self.cast(edge, "crash", new Error("boom")));
    sim.exit(top, "shutdown");
    await sim.advance(200);
    assert.equal(took, 20);
    assert.equal(ends.get(top), "shutdown");
    assert.equal(ends.get(slow), "killed");
    assert.ok(["shutdown", "killed", "boom"].includes(text(ends.get(edge))), text(ends.get(edge)));
    assert.deepEqual(sim.leaks(), []);
    return world.take().join();
  },
};

const simple: Scenario = {
  promise: "children of a template come back under another pid when they crash, and not when they were stopped",
  async run(sim) {
    const world = watchedWorld(sim);
    const Simple = { init: () => world.simple({ restart: "transient" }, { maxRestarts: 3 }) };
    const top = await sim.start(supervisor(Simple, { id: "simple" }));
    const started: string[] = [];
    const clients = ["a", "b", "c"].map((id) =>
      sim.spawn(async (self) => {
        const pid = (await Supervisor.startChild(self, top as Pid, id)) as Pid;
        started.push(id);
        if (id === "a") self.exit(pid, "boom");
        if (id === "b") await Supervisor.terminateChild(self, top as Pid, pid);
        if (id === "c") self.cast(pid, "end", "normal");
      }),
    );
    await sim.all(clients);
    await sim.idle();
    const alive = world.known().filter((pid) => sim.isAlive(pid));
    assert.deepEqual(
      alive.map((pid) => world.nameOf(pid)),
      ["a#2"],
    );
    assert.deepEqual(
      (await Supervisor.whichChildren(sim, top as Pid)).map(({ pid }) => pid),
      alive,
    );
    return world.take().join();
  },
};

const sameId: Scenario = {
  promise: "of children that are added under one id one starts, those who ask for the others hear why not",
  async run(sim) {
    const world = watchedWorld(sim);
    const top = await world.start({ children: [] });
    const outcomes: string[] = [];
    const clients = [1, 2, 3].map((no) =>
      sim.spawn(async (self) => {
        const spec = world.worker("a", { trapExit: true, starts: [{ after: 1 }] });
        outcomes.push(
          await Supervisor.startChild(self, top, spec).then(
            () => `${no} up`,
            (error: Error) => `${no} ${error.name}`,
          ),
        );
      }),
    );
    await sim.all(clients);
    assert.equal(outcomes.filter((line) => line.endsWith("up")).length, 1);
    assert.equal(outcomes.filter((line) => line.endsWith("AlreadyStarted")).length, 2, outcomes.join());
    assert.deepEqual(await world.children(top), ["a#1"]);
    return outcomes.join();
  },
};

export const dynamic = {
  "dynamic: come and go": comeAndGo,
  "dynamic: together": together,
  "dynamic: of a template": simple,
  "dynamic: one id": sameId,
} satisfies Record<string, Scenario>;
