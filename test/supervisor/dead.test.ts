// Dead means dead, for all that processes can ask of the library: what the code of a dead process still asks for is not
// done, and it never goes on; who speaks for a system that has stopped is told so.
import { type Caller, name, type Pid, pg, procLib, type Self, Task } from "hornbeam";
import {
  Agent,
  child,
  GenServer,
  GenStatem,
  keepStateAndData,
  nextState,
  start,
  startLink,
  sys,
} from "hornbeam/genserver";
import {
  Application,
  DynamicSupervisor,
  PartitionSupervisor,
  Registry,
  Supervisor,
  supervisor,
  TaskSupervisor,
  via,
  WorkerPool,
} from "hornbeam/supervisor";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { events, forever } from "../runtime/support.ts";
import { App, Counter, dynamic, rooms, shards, startEach, tasks } from "./each.ts";

const Lamp = {
  init: () => nextState("off", 0),
  states: { off: { handleCall: { look: () => keepStateAndData({ reply: "off" }) } } },
} satisfies GenStatem<"off", number>;

const Running = { name: "running", env: { level: 1 } } satisfies Application<{ level: number }>;
const Stopped = { name: "stopped", start: () => supervisor(App, undefined) } satisfies Application;

const Template = {
  init: () => ({
    strategy: "simpleOneForOne" as const,
    children: [{ id: "t", start: (parent: Self) => child(Counter, 0).start(parent) }] as const,
  }),
};

async function world(sim: VirtualSystem) {
  await startEach(sim, { registry: { meta: { color: "red" } } });
  await Application.start(sim, Running);
  return {
    counter: await start(sim, Counter, 0),
    lamp: await GenStatem.start(sim, Lamp),
    agent: await Agent.start(sim, () => 0),
    app: await sim.start(supervisor(App, undefined)),
    simple: await sim.start(supervisor(Template, undefined)),
    kept: await DynamicSupervisor.startChild(sim, dynamic, child(Counter, 0)),
    member: sim.spawn(forever),
  };
}
type World = Awaited<ReturnType<typeof world>>;

/** All that can be seen of the system. */
async function picture(sim: VirtualSystem, { counter, lamp, agent, app, simple, member }: World) {
  return {
    processes: sim
      .processes()
      .map(({ pid, label, name, status, messages, trapExit, timers, aliases, links, monitors }) => {
        return { pid, label, name, status, messages, trapExit, timers, aliases, links, monitors };
      }),
    states: [await sys.getState(sim, counter), await sys.getState(sim, lamp), await sys.getState(sim, agent)],
    suspended: (await sys.getStatus(sim, counter)).suspended,
    children: [await Supervisor.whichChildren(sim, app), await Supervisor.whichChildren(sim, simple)],
    tasks: await TaskSupervisor.children(sim, tasks),
    partitions: PartitionSupervisor.partitions(sim, shards),
    entries: Registry.select(sim, rooms),
    meta: Registry.getMeta(sim, rooms, "color"),
    groups: pg.whichGroups(sim).map((group) => [group, pg.getMembers(sim, group)]),
    applications: await Application.whichApplications(sim),
    env: Application.getAllEnv(sim, Running),
    alive: sim.isAlive(member),
  };
}

/** What anybody may ask for who has a `Caller`. */
const asked: Record<string, (by: Caller, world: World) => unknown> = {
  call: (by, { counter }) => by.call(counter, "add", 1),
  "call with options": (by, { counter }) => by.with({ timeout: 10 }).call(counter, "add", 1),
  "GenServer.start": (by) => start(by, Counter, 0),
  "GenServer.stop": (by, { counter }) => GenServer.stop(by, counter),
  "GenServer.multiCall": (by, { counter }) => GenServer.multiCall(by, [counter], "add", 1),
  "GenStatem.start": (by) => GenStatem.start(by, Lamp),
  "GenStatem.stop": (by, { lamp }) => GenStatem.stop(by, lamp),
  "Agent.start": (by) => Agent.start(by, () => 0),
  "Agent.get": (by, { agent }) => Agent.get(by, agent, (state) => state),
  "Agent.update": (by, { agent }) => Agent.update(by, agent, () => 1),
  "Agent.getAndUpdate": (by, { agent }) => Agent.getAndUpdate(by, agent, () => [1, 1]),
  "Agent.stop": (by, { agent }) => Agent.stop(by, agent),
  "procLib.start": (by) => procLib.start(by, (_, init) => init.ack()),
  "sys.getState": (by, { counter }) => sys.getState(by, counter),
  "sys.replaceState": (by, { counter }) => sys.replaceState(by, counter, () => 7),
  "sys.suspend": (by, { counter }) => sys.suspend(by, counter),
  "sys.terminate": (by, { counter }) => sys.terminate(by, counter, "normal"),
  "sys.trace": (by, { counter }) => sys.trace(by, counter, true),
  "sys.log": (by, { counter }) => sys.log(by, counter, true),
  "sys.statistics": (by, { counter }) => sys.statistics(by, counter, true),
  "Supervisor.startChild": (by, { app }) => Supervisor.startChild(by, app, child(Counter, 0, { id: "late" })),
  "Supervisor.startChild of a template": (by, { simple }) => Supervisor.startChild(by, simple as Pid),
  "Supervisor.terminateChild": (by, { app }) => Supervisor.terminateChild(by, app, "counter"),
  "Supervisor.whichChildren": (by, { app }) => Supervisor.whichChildren(by, app),
  "DynamicSupervisor.startChild": (by) => DynamicSupervisor.startChild(by, dynamic, child(Counter, 0)),
  "DynamicSupervisor.terminateChild": (by, { kept }) => DynamicSupervisor.terminateChild(by, dynamic, kept),
  "TaskSupervisor.startChild": (by) => TaskSupervisor.startChild(by, tasks, forever),
  "TaskSupervisor.children": (by) => TaskSupervisor.children(by, tasks),
  "PartitionSupervisor.resize": (by) => PartitionSupervisor.resize(by, shards, 1),
  "PartitionSupervisor.stop": (by) => PartitionSupervisor.stop(by, shards),
  "Application.start": (by) => Application.start(by, Stopped),
  "Application.ensureAllStarted": (by) => Application.ensureAllStarted(by, Stopped),
  "Application.stop": (by) => Application.stop(by, Running),
  "Application.whichApplications": (by) => Application.whichApplications(by),
  "WorkerPool.run": (by) => WorkerPool.run(by, name<WorkerPool<{ work(): number }>>("pool"), "work"),
  "WorkerPool.info": (by) => WorkerPool.info(by, name("pool")),
};

/** What only a process may ask for, and waits for. */
const awaited: Record<string, (self: Self, world: World) => unknown> = {
  sleep: (self) => self.sleep(10),
  receive: (self) => self.receive(undefined, 0),
  "GenServer.startLink": (self) => startLink(self, Counter, 0),
  "Supervisor.startLink": (self) => Supervisor.startLink(self, App),
  "DynamicSupervisor.startLink": (self) => DynamicSupervisor.startLink(self),
  "GenServer.waitResponse": (self, { counter }) =>
    GenServer.waitResponse(self, GenServer.sendRequest(self, counter, "add", 1)),
  "Task.await": (self) => Task.await(self, Task.async(self, forever)),
  "Task.await of a completed task": (self) => Task.await(self, Task.completed(self, 1)),
  "Task.yieldMany": (self) => Task.yieldMany(self, [Task.async(self, forever)], 0),
  "Task.shutdown": (self) => Task.shutdown(self, Task.async(self, forever), "brutalKill"),
  "Task.asyncStream": async (self) => {
    for await (const _ of Task.asyncStream(self, [1], () => 1));
  },
  "await using a task": async (self) => {
    await using _ = Task.async(self, forever);
  },
  "TaskSupervisor.async": (self) => TaskSupervisor.async(self, tasks, forever),
  "TaskSupervisor.asyncNolink": (self) => TaskSupervisor.asyncNolink(self, tasks, forever),
  "TaskSupervisor.asyncStreamNolink": async (self) => {
    for await (const _ of TaskSupervisor.asyncStreamNolink(self, tasks, [1], () => 1));
  },
  "Registry.lock": (self) => Registry.lock(self, rooms, "key", () => 1),
};

/** What comes back at once. */
const immediate: Record<string, (self: Self, world: World) => unknown> = {
  cast: (self, { counter }) => self.cast(counter, "add", 1),
  send: (self, { member }) => self.send(member, "hello"),
  sendAfter: (self, { member }) => self.sendAfter("hello", 10, member),
  sendAt: (self, { member }) => self.sendAt("hello", 10_000_000, member),
  startTimer: (self, { member }) => self.startTimer("hello", 10, member),
  spawn: (self) => self.spawn(forever),
  spawnMonitor: (self) => self.spawnMonitor(forever),
  monitor: (self, { member }) => self.monitor(member, { alias: "explicitUnalias" }),
  alias: (self) => self.alias(),
  link: (self, { member }) => self.link(member),
  exit: (self, { member }) => self.exit(member, "kill"),
  register: (self, { member }) => self.register(name("late"), member),
  unregister: (self) => self.unregister(tasks),
  own: (self) => self.own({ [Symbol.dispose]() {} }),
  "GenServer.abcast": (self, { counter }) => GenServer.abcast(self, [counter], "add", 1),
  "GenServer.sendRequest": (self, { counter }) => GenServer.sendRequest(self, counter, "add", 1),
  "Agent.cast": (self, { agent }) => Agent.cast(self, agent, () => 1),
  "Task.start": (self) => Task.start(self, forever),
  "Task.async": (self) => Task.async(self, forever),
  "Task.ignore": (self) => Task.ignore(self, Task.async(self, forever)),
  "pg.join": (self, { member }) => pg.join(self, "late", member),
  "pg.leave": (self, { member }) => pg.leave(self, "news", member),
  "pg.monitor": (self) => pg.monitor(self, "news"),
  "pg.monitorScope": (self) => pg.monitorScope(self),
  "Registry.register": (self) => Registry.register(self, rooms, "late", 1),
  "register by a key": (self) => self.register(via(rooms, "late", 1)),
  "Registry.unregister": (self) => Registry.unregister(self, rooms, "lobby"),
  "Registry.updateValue": (self) => Registry.updateValue(self, rooms, "lobby", () => 2),
  "Registry.putMeta": (self) => Registry.putMeta(self, rooms, "color", "blue"),
  "Registry.deleteMeta": (self) => Registry.deleteMeta(self, rooms, "color"),
  "Registry.dispatch": (self, { member }) => Registry.dispatch(self, rooms, "lobby", () => self.exit(member, "kill")),
  "Application.putEnv": (self) => Application.putEnv(self, Running, "level", 2),
  "Application.deleteEnv": (self) => Application.deleteEnv(self, Running, "level"),
};

/** Lets a process that has been killed in the middle of an await do something. */
async function afterlife(sim: VirtualSystem, act: (self: Self) => unknown) {
  const zombies = events(sim, "process.zombie");
  const gate = Promise.withResolvers<void>();
  const outcome: unknown[] = [];
  const pid = sim.spawn(async (self) => {
    // What it held before its death.
    Registry.register(self, rooms, "lobby", 1);
    pg.join(self, "news", self.pid);
    await gate.promise;
    try {
      await act(self);
      outcome.push("went on");
    } catch (error) {
      outcome.push(error);
    }
  });
  await sim.idle();
  return {
    pid,
    outcome,
    zombies,
    wake: async () => {
      gate.resolve();
      await sim.advance(100);
    },
  };
}

describe("what a dead process asks for", () => {
  test.each(Object.keys({ ...asked, ...awaited }))("is not done, and it never goes on: %s", (what) =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const scene = await world(sim);
      pg.join(sim, "news", scene.member);
      Application.putEnv(sim, Running, "level", 3);
      const act = { ...asked, ...awaited }[what] as (self: Self, world: World) => unknown;
      const { pid, outcome, zombies, wake } = await afterlife(sim, (self) => act(self, scene));
      sim.kill(pid);
      await sim.idle();
      const before = await picture(sim, scene);
      await wake();
      expect(await picture(sim, scene)).toEqual(before);
      expect(outcome).toEqual([]);
      expect(zombies.length).toBeGreaterThan(0);
      expect(zombies.every((zombie) => zombie.pid === pid)).toBe(true);
    }),
  );

  test.each(Object.keys(immediate))("is not done: %s", (what) =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      const scene = await world(sim);
      pg.join(sim, "news", scene.member);
      Application.putEnv(sim, Running, "level", 3);
      const act = immediate[what] as (self: Self, world: World) => unknown;
      const { pid, outcome, zombies, wake } = await afterlife(sim, (self) => act(self, scene));
      sim.kill(pid);
      await sim.idle();
      const before = await picture(sim, scene);
      await wake();
      expect(await picture(sim, scene)).toEqual(before);
      expect(outcome).toEqual(["went on"]);
      expect(zombies.length).toBeGreaterThan(0);
    }),
  );
});

test.each(Object.keys(asked))("who asks a system that has stopped is told so, and does not wait: %s", async (what) => {
  let scene: World | undefined;
  let stopped: VirtualSystem | undefined;
  await inVirtualTime(async (sim) => {
    scene = await world(sim);
    stopped = sim;
  });
  const act = asked[what] as (by: Caller, world: World) => unknown;
  const late = new Promise((resolve) => setImmediate(() => setImmediate(resolve, "nothing")));
  const outcome = await Promise.race([
    (async () => act(stopped as VirtualSystem, scene as World))().catch((error) => error),
    late,
  ]);
  if (what === "Application.whichApplications") expect(outcome).toEqual([]);
  else if (what === "GenServer.multiCall")
    expect(outcome).toMatchObject({ failures: [[expect.anything(), { reason: "noproc" }]] });
  else expect(outcome).toBeInstanceOf(Error);
});

test("a dead process that starts the first application of a system does not bring the controller along", () =>
  inVirtualTime(async (sim) => {
    const gate = Promise.withResolvers<void>();
    const pid = sim.spawn(async (self) => {
      await gate.promise;
      await Application.start(self, Running);
    });
    await sim.idle();
    sim.kill(pid);
    gate.resolve();
    await sim.idle();
    expect(sim.whereis(Application.controller)).toBeUndefined();
  }));
