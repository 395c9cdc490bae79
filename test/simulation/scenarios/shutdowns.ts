import assert from "node:assert/strict";
import { isDown, type Self, StartError } from "hornbeam";
import { GenServer } from "hornbeam/genserver";
import { Supervisor } from "hornbeam/supervisor";
import { endsOf, type Scenario, settled, stopInReverse, watchedWorld } from "../scenario.ts";

const inReverse: Scenario = {
  promise:
    "a supervisor that stops stops its children in reverse, each before the next, each told once, and restarts none",
  async run(sim) {
    const world = watchedWorld(sim);
    const ends = endsOf(sim);
    const ids = ["a", "b", "c", "d"];
    const children = ids.map((id) => world.worker(id, { trapExit: id !== "b", ...(id === "c" && { stopTime: 3 }) }));
    const top = await world.start({ maxRestarts: 5, children });
    sim.spawn((self) => self.exit(world.pid("a"), "kill"));
    sim.spawn((self) => self.exit(world.pid("d"), "kill"));
    sim.spawn((self) => GenServer.stop(self, top, "shutdown"));
    await sim.advance(10);
    const log = world.take();
    stopInReverse(log, ids);
    assert.equal(ends.get(top), "shutdown");
    assert.ok(world.known().every((pid) => !sim.isAlive(pid)));
    for (const line of log) assert.equal(log.filter((other) => other === line).length, 1, line);
    // Who traps exits and was told to stop has said goodbye.
    for (const line of log.filter((each) => /^down [acd]#\d shutdown$/.test(each))) {
      assert.ok(log.includes(line.replace("down", "terminate")), `${line} without terminate`);
    }
    assert.deepEqual(sim.leaks(), []);
    return log.join();
  },
};

const timeouts: Scenario = {
  promise:
    "a child has its shutdown time, to the millisecond: then it is killed; brutalKill kills at once, infinity waits",
  async run(sim) {
    const world = watchedWorld(sim);
    const at = new Map<string, number>();
    sim.telemetry.on("process.exit", (_, { pid }) => void at.set(world.nameOf(pid).slice(0, -2), sim.now()));
    const child = (id: string, shutdown: number | "brutalKill" | "infinity", stopTime: number | "forever") =>
      world.worker(id, { trapExit: true, shutdown, stopTime });
    const top = await world.start({
      children: [
        child("waits", "infinity", 9000),
        child("brutal", "brutalKill", "forever"),
        child("hangs", 20, "forever"),
        child("edge", 10, 10),
        child("quick", 10, 9),
      ],
    });
    sim.spawn((self) => GenServer.stop(self, top, "shutdown"));
    sim.spawn((self) => self.send(world.pid("edge"), { reason: "noise" }));
    await sim.advance(20_000);
    const log = world.take();
    assert.ok(log.includes("down quick#1 shutdown") && log.includes("down hangs#1 killed"), log.join());
    assert.ok(log.includes("down brutal#1 killed") && !log.includes("terminate brutal#1 shutdown"));
    assert.ok(log.includes("down waits#1 shutdown"));
    const killed = log.includes("down edge#1 killed");
    assert.ok(killed || log.includes("down edge#1 shutdown"));
    const times = ["quick", "edge", "hangs", "brutal", "waits"].map((id) => at.get(id));
    assert.deepEqual(times, [9, 19, 39, 39, 9039]);
    assert.deepEqual(world.reports, [...(killed ? ["shutdownError edge killed"] : []), "shutdownError hangs killed"]);
    return killed;
  },
};

const rollBack: Scenario = {
  promise: "a start that fails stops in reverse what was up before, tells why, and leaves nothing",
  async run(sim) {
    const world = watchedWorld(sim);
    const ids = ["a", "b", "c"];
    const children = [
      world.worker("a", { trapExit: true, stopTime: 1 }),
      world.worker("b", { name: "b" }),
      world.worker("c", { starts: [{ after: 5, fail: "no" }] }),
    ];
    const spec = world.tree("top", { children });
    const failure: unknown[] = [];
    const starter = sim.spawn(async (self) => {
      self.trapExit = true;
      await spec.start(self).catch((error: unknown) => failure.push(error));
    });
    const hit = sim.spawn(async (self) => {
      await self.sleep(5);
      self.exit(world.pid("a"), "kill");
    });
    await sim.all([starter, hit]);
    const log = world.take();
    const failed = log.slice(log.indexOf("start a#1"));
    stopInReverse(failed, ids);
    const [error] = failure;
    assert.ok(error instanceof StartError);
    const { shutdown } = error.reason as { shutdown: { failedToStartChild: string } };
    assert.equal(shutdown.failedToStartChild, "c");
    assert.ok(world.known().every((pid) => !sim.isAlive(pid)));
    assert.equal(failed.filter((line) => line.startsWith("start")).length, ids.length);
    assert.deepEqual(sim.leaks(), []);
    return failed.join();
  },
};

const significant: Scenario = {
  promise: "the end of a significant child, by itself and for good, ends the supervisor: any of them, or the last",
  async run(sim) {
    const world = watchedWorld(sim);
    const ends = endsOf(sim);
    const crowd = (of: string) => [
      world.worker(`${of}1`, { significant: true, restart: "transient" }),
      world.worker(`${of}2`, { significant: true, restart: "temporary" }),
      world.worker(`${of}3`, { trapExit: true }),
    ];
    const any = await world.start({ autoShutdown: "anySignificant", children: crowd("any") });
    const all = await world.start({ autoShutdown: "allSignificant", children: crowd("all") });
    const none = await world.start({ autoShutdown: "anySignificant", children: crowd("none") });
    world.take();
    const both = sim.random() < 0.5;
    sim.spawn((self) => self.cast(world.pid("any1"), "end", "normal"));
    sim.spawn((self) => self.exit(world.pid("any3"), "kill"));
    sim.spawn((self) => self.cast(world.pid("all1"), "end", "shutdown"));
    if (both) sim.spawn((self) => self.exit(world.pid("all2"), "boom"));
    // A crash of a transient child is not its end, and who is stopped by request has not ended by itself.
    sim.spawn((self) => self.exit(world.pid("none1"), "boom"));
    sim.spawn((self) => Supervisor.terminateChild(self, none, "none2"));
    await sim.idle();
    assert.equal(ends.get(any), "shutdown");
    assert.equal(ends.get(all), both ? "shutdown" : undefined);
    assert.equal(ends.get(none), undefined);
    assert.deepEqual(await world.children(none), ["none3#1", "none1#2"]);
    const log = world.take();
    assert.ok(log.some((line) => /^down any3#\d (shutdown|killed)$/.test(line)));
    return log.join();
  },
};

const killed: Scenario = {
  promise:
    "a supervisor that is killed takes its tree along: who traps exits terminates, nobody is left, none is restarted",
  async run(sim) {
    const world = watchedWorld(sim);
    const inner = world.tree("inner", { children: [world.worker("a", { trapExit: true }), world.worker("b")] });
    const top = await world.start({ children: [inner, world.worker("c", { trapExit: true })] });
    const heard: unknown[] = [];
    sim.spawn(async (self) => {
      self.monitor(top);
      heard.push((await self.receive(isDown)).reason);
    });
    sim.spawn((self) => self.exit(top, "kill"));
    sim.spawn((self) => self.exit(world.pid("b"), "boom"));
    sim.spawn((self) => self.cast(world.pid("c"), "end", "normal"));
    await sim.idle();
    const log = world.take();
    assert.ok(
      world.known().every((pid) => !sim.isAlive(pid)),
      "an orphan",
    );
    assert.ok(heard[0] === "killed" || heard[0] === "noproc");
    assert.ok(log.includes("terminate a#1 shutdown") || log.includes("terminate a#1 killed"), log.join());
    assert.deepEqual(sim.leaks(), []);
    return log.join();
  },
};

const byRequest: Scenario = {
  promise:
    "a child that was stopped by request stays stopped, however it was ending, until it is restarted, once, or deleted",
  async run(sim) {
    const world = watchedWorld(sim);
    const top = await world.start({
      maxRestarts: 5,
      children: [world.worker("a", { trapExit: true }), world.worker("b")],
    });
    const stopper = async (self: Self) => {
      await Supervisor.terminateChild(self, top, "a");
      const { pid } = await Supervisor.whichChild(self, top, "a");
      assert.equal(pid, undefined);
    };
    const ender = (self: Self) => self.exit(world.pid("a"), "boom");
    const other = (self: Self) => self.exit(world.pid("b"), "boom");
    await sim.all([stopper, stopper, ender, other].map((run) => sim.spawn(run)));
    await sim.idle();
    assert.deepEqual(await world.children(top), ["b#2", "a stopped"]);
    const log = world.take();
    const answers: string[] = [];
    const ask = (act: (self: Self) => Promise<unknown>, what: string) => async (self: Self) => {
      answers.push(await settled(act(self).then(() => what)));
    };
    const restart = ask((self) => Supervisor.restartChild(self, top, "a"), "restarted");
    const remove = ask((self) => Supervisor.deleteChild(self, top, "a"), "deleted");
    await sim.all([restart, restart, remove].map((run) => sim.spawn(run)));
    const children = await world.children(top);
    if (answers.includes("deleted")) {
      assert.deepEqual([...answers].sort(), ["deleted", "notFound", "notFound"]);
      assert.deepEqual(children, ["b#2"]);
    } else {
      assert.deepEqual([...answers].sort(), ["restarted", "running", "running"]);
      assert.match(children.join(), /^b#2,a#[23]$/);
    }
    return `${log} ${answers}`;
  },
};

export const shutdowns = {
  "shutdowns: in reverse": inReverse,
  "shutdowns: in time": timeouts,
  "shutdowns: a start that fails": rollBack,
  "shutdowns: significant children": significant,
  "shutdowns: a supervisor is killed": killed,
  "shutdowns: by request": byRequest,
} satisfies Record<string, Scenario>;
