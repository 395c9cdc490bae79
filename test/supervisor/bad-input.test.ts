// Whatever the public functions are given: the error says what was expected and what came, it is one that is documented,
// it is the caller's, and nobody else is taken down.
import {
  BadArgument,
  CallError,
  MailboxFull,
  NoProcess,
  name,
  pg,
  procLib,
  type Self,
  StartError,
  system,
  Table,
  Task,
  TaskError,
} from "hornbeam";
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
  AlreadyRegistered,
  Application,
  ApplicationError,
  BadSpec,
  DynamicSupervisor,
  PartitionSupervisor,
  Registry,
  registry,
  Supervisor,
  SupervisorError,
  supervisor,
  TaskSupervisor,
  treeOf,
  via,
  WorkerPool,
  WorkerPoolError,
} from "hornbeam/supervisor";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { forever } from "../runtime/support.ts";
import { App, Counter, dynamic, rooms, shards, startEach, tasks } from "./each.ts";

const Lamp = {
  init: () => nextState("off", 0),
  states: {
    off: { handleCall: { look: () => keepStateAndData({ reply: "off" }) }, handleInfo: () => keepStateAndData() },
  },
} satisfies GenStatem<"off", number>;

const Shop = { name: "shop", env: { level: 1 } } satisfies Application<{ level: number }>;

async function world(sim: VirtualSystem) {
  await startEach(sim);
  await Application.start(sim, Shop);
  const dead = sim.spawn(() => {});
  await sim.idle();
  const keep = {
    counter: await start(sim, Counter, 0),
    lamp: await GenStatem.start(sim, Lamp),
    agent: await Agent.start(sim, () => 0),
    app: await sim.start(supervisor(App, undefined)),
    plain: sim.spawn(forever),
  };
  return { ...keep, dead };
}
type World = Awaited<ReturnType<typeof world>>;

const THROWING = {
  get anything() {
    throw new Error("no such field");
  },
  toString() {
    throw new Error("no text");
  },
};

/** What is given where something else belongs. */
const bads: Record<string, (world: World) => any> = {
  undefined: () => undefined,
  null: () => null,
  number: () => 7,
  NaN: () => Number.NaN,
  string: () => "oops",
  "empty string": () => "",
  symbol: () => Symbol("oops"),
  bigint: () => 7n,
  "plain object": () => ({}),
  "object without prototype": () => Object.create(null),
  "object that throws": () => THROWING,
  array: () => [],
  function: () => () => {},
  "pid look-alike": () => ({ id: 1 }),
  "dead pid": ({ dead }) => dead,
  "name of nobody": () => name("nobody"),
  "key of nobody": () => via(registry("nowhere"), "key"),
  "pid of a plain process": ({ plain }) => plain,
  __proto__: () => "__proto__",
};

type Op = (self: any, bad: any, world: any) => unknown;
/** Without their types, which would not let any of this through. */
const wild: any = { ...GenServer, ...WorkerPool };

const ops: Record<string, Op> = {
  "call to": (self, bad) => self.call(bad, "add", 1),
  "call of": (self, bad, { lamp: _, dead }) => self.call(dead, bad),
  "call with": (self, bad, { counter }) => self.with(bad).call(counter, "add", 1),
  "call with timeout": (self, bad, { counter }) => self.with({ timeout: bad }).call(counter, "add", 1),
  "call with deadline": (self, bad, { counter }) => self.with({ deadline: bad }).call(counter, "add", 1),
  "call with signal": (self, bad, { counter }) => self.with({ signal: bad }).call(counter, "add", 1),
  "cast to": (self, bad) => self.cast(bad, "add", 1),
  "send to": (self, bad) => self.send(bad, 1),
  whereis: (self, bad) => self.whereis(bad),
  isAlive: (self, bad) => self.isAlive(bad),
  sleep: (self, bad) => self.sleep(bad),
  sendAfter: (self, bad, { counter }) => self.sendAfter("x", bad, counter),
  "sendAfter to": (self, bad) => self.sendAfter("x", 1, bad),
  sendAt: (self, bad, { counter }) => self.sendAt("x", bad, counter),
  startTimer: (self, bad, { counter }) => self.startTimer("x", bad, counter),
  monitor: (self, bad) => self.monitor(bad),
  "monitor with": (self, bad, { counter }) => self.monitor(counter, bad),
  "monitor with alias": (self, bad, { counter }) => self.monitor(counter, { alias: bad }),
  alias: (self, bad) => self.alias(bad),
  unalias: (self, bad) => self.unalias(bad),
  link: (self, bad) => {
    self.trapExit = true;
    self.link(bad);
    self.unlink(bad);
  },
  unlink: (self, bad) => self.unlink(bad),
  spawn: (self, bad) => self.spawn(bad),
  "spawn with": (self, bad) => self.spawn(forever, bad),
  "spawn with name": (self, bad) => self.spawn(forever, { name: bad }),
  "spawn with label": (self, bad) => self.spawn(forever, { label: bad }),
  "spawn with mailbox": (self, bad) => self.spawn(forever, { mailbox: bad }),
  spawnMonitor: (self, bad) => self.spawnMonitor(forever, { monitor: bad }),
  exit: (self, bad, { plain }) => (bad === plain ? undefined : self.exit(bad, "normal")),
  "receive match": (self, bad) => self.receive(bad, 0),
  "receive timeout": (self, bad) => self.receive(() => false, bad ?? 0),
  register: (self, bad) => self.register(bad),
  "register pid": (self, bad, { plain }) => (bad === plain ? undefined : self.register(name("x"), bad)),
  unregister: (self, bad) => self.unregister(bad),
  own: (self, bad) => self.own(bad),
  disown: (self, bad) => self.disown(bad),
  "GenServer.start by": (_, bad) => start(bad, Counter, 0),
  "GenServer.start": (self, bad) => start(self, bad),
  "GenServer.start with": (self, bad) => start(self, Counter, 0, bad),
  "GenServer.startLink": (self, bad) => startLink(self, bad),
  "GenServer.child": (_, bad) => child(bad),
  "GenServer.stop": (self, bad) => GenServer.stop(self, bad, "normal", 10),
  "GenServer.stop timeout": (self, bad, { dead }) => GenServer.stop(self, dead, "normal", bad),
  "GenServer.reply": (_, bad) => GenServer.reply(bad, 1),
  "GenServer.whereis": (self, bad) => GenServer.whereis(self, bad),
  "GenServer.multiCall": (self, bad) => wild.multiCall(self, bad, "add"),
  "GenServer.multiCall of one": (self, bad) => wild.multiCall(self, [bad], "add"),
  "GenServer.abcast": (self, bad) => wild.abcast(self, bad, "add"),
  "GenServer.sendRequest": (self, bad) => wild.sendRequest(self, bad, "add"),
  "GenServer.sendRequest by": (_, bad, { counter }) => wild.sendRequest(bad, counter, "add"),
  "GenServer.waitResponse": (self, bad) => GenServer.waitResponse(self, bad, 0),
  "GenServer.waitResponse time": (self, bad, { counter }) =>
    GenServer.waitResponse(self, wild.sendRequest(self, counter, "add"), bad),
  "GenServer.checkResponse": (_, bad) => GenServer.checkResponse("x", bad),
  "GenServer.checkResponse message": (self, bad, { counter }) =>
    GenServer.checkResponse(bad, wild.sendRequest(self, counter, "add")),
  "requestCollection.add": (_, bad) => GenServer.requestCollection().add(bad, "x"),
  "GenStatem.start": (self, bad) => GenStatem.start(self, bad),
  "GenStatem.stop": (self, bad) => GenStatem.stop(self, bad, "normal", 10),
  "Agent.start": (self, bad) => Agent.start(self, typeof bad === "function" ? () => 0 : bad),
  "Agent.get": (self, bad, { agent }) => Agent.get(self, agent, bad),
  "Agent.update": (self, bad, { agent }) => Agent.update(self, agent, bad),
  "Agent.cast": (self, bad, { agent }) => Agent.cast(self, agent, bad),
  "Agent.get timeout": (self, bad, { agent }) => Agent.get(self, agent, (x: unknown) => x, bad),
  "procLib.start": (self, bad) => procLib.start(self, bad),
  "procLib.start with": (self, bad) => procLib.start(self, (_, init) => init.ack(), bad),
  "procLib.child": (_, bad) => procLib.child(bad),
  "sys.getState": (self, bad) => sys.getState(self, bad),
  "sys.replaceState": (self, bad, { counter }) => sys.replaceState(self, counter, bad),
  "sys.replaceState of a state machine": (self, bad, { lamp }) => sys.replaceState(self, lamp, () => bad),
  "sys.changeCode": async (self, bad, { counter }) => {
    await sys.suspend(self, counter);
    await sys.changeCode(self, counter, bad).finally(() => sys.resume(self, counter));
  },
  "sys.changeCode of a state machine": async (self, bad, { lamp }) => {
    await sys.suspend(self, lamp);
    await sys.changeCode(self, lamp, bad).finally(() => sys.resume(self, lamp));
  },
  "sys.trace": (self, bad, { counter }) => sys.trace(self, counter, bad),
  "sys.log": (self, bad, { counter }) => sys.log(self, counter, bad),
  "sys.statistics": (self, bad, { counter }) => sys.statistics(self, counter, bad),
  "Task.async": (self, bad) => void Task.async(self, bad),
  "Task.async by": (_, bad) => Task.async(bad, forever),
  "Task.async with": (self, bad) => Task.async(self, forever, bad),
  "Task.start": (self, bad) => Task.start(self, bad),
  "Task.child": (_, bad) => Task.child(bad),
  "Task.await": (self, bad) => Task.await(self, bad, 0),
  "Task.await timeout": (self, bad) => Task.await(self, Task.completed(self, 1), bad),
  "Task.awaitMany": (self, bad) => Task.awaitMany(self, bad),
  "Task.awaitMany of one": (self, bad) => Task.awaitMany(self, [bad]),
  "Task.yield": (self, bad) => Task.yield(self, bad),
  "Task.yieldMany": (self, bad) => Task.yieldMany(self, bad),
  "Task.yieldMany with": (self, bad) => Task.yieldMany(self, [], bad),
  "Task.shutdown": (self, bad) => Task.shutdown(self, bad),
  "Task.shutdown timeout": (self, bad) => Task.shutdown(self, Task.async(self, forever), bad),
  "Task.ignore": (self, bad) => Task.ignore(self, bad),
  "Task.asyncStream": (self, bad) => Task.asyncStream(self, bad, () => 1),
  "Task.asyncStream run": (self, bad) => Task.asyncStream(self, [1], bad),
  "Task.asyncStream with": (self, bad) => Task.asyncStream(self, [1], () => 1, bad),
  "Task.asyncStream maxConcurrency": (self, bad) => Task.asyncStream(self, [1], () => 1, { maxConcurrency: bad }),
  "pg.join": (self, bad) => pg.join(self, "group", bad),
  "pg.join by": (_, bad, { plain }) => pg.join(bad, "group", plain),
  "pg.leave": (self, bad) => pg.leave(self, "group", [bad]),
  "pg.scope": (_, bad) => pg.scope(bad),
  "pg.monitor": (_, bad) => pg.monitor(bad, "group"),
  "pg.getMembers": (self, bad) => pg.getMembers(self, bad),
  "Supervisor.startLink": (self, bad) => Supervisor.startLink(self, bad),
  "Supervisor.startChild": (self, bad, { app }) => Supervisor.startChild(self, app, bad),
  "Supervisor.startChild of": (self, bad) => Supervisor.startChild(self, bad, child(Counter, 0)),
  "Supervisor.terminateChild": (self, bad, { app }) => Supervisor.terminateChild(self, app, bad),
  "Supervisor.restartChild": (self, bad, { app }) => Supervisor.restartChild(self, app, bad),
  "Supervisor.deleteChild": (self, bad, { app }) => Supervisor.deleteChild(self, app, bad),
  "Supervisor.whichChild": (self, bad, { app }) => Supervisor.whichChild(self, app, bad),
  "Supervisor.getChildSpec": (self, bad, { app }) => Supervisor.getChildSpec(self, app, bad),
  "Supervisor.childSpec": (_, bad) => Supervisor.childSpec(bad),
  "Supervisor.childSpec overrides": (_, bad) => Supervisor.childSpec(child(Counter, 0), bad),
  "supervisor()": (_, bad) => supervisor(bad),
  "DynamicSupervisor.child": (_, bad) => DynamicSupervisor.child(bad),
  "DynamicSupervisor.startLink": (self, bad) => {
    self.trapExit = true;
    return DynamicSupervisor.startLink(self, { maxChildren: bad });
  },
  "DynamicSupervisor.startChild": (self, bad) => DynamicSupervisor.startChild(self, dynamic, bad),
  "DynamicSupervisor.terminateChild": (self, bad) => DynamicSupervisor.terminateChild(self, dynamic, bad),
  "TaskSupervisor.async": (self, bad) => TaskSupervisor.async(self, tasks, bad),
  "TaskSupervisor.startChild": (self, bad) => TaskSupervisor.startChild(self, tasks, bad),
  "TaskSupervisor.startChild with": (self, bad) => TaskSupervisor.startChild(self, tasks, forever, bad),
  "TaskSupervisor.terminateChild": (self, bad) => TaskSupervisor.terminateChild(self, tasks, bad),
  "PartitionSupervisor.child": (_, bad) => PartitionSupervisor.child(bad),
  "PartitionSupervisor.child spec": (_, bad) => PartitionSupervisor.child({ name: name("p"), childSpec: bad }),
  "PartitionSupervisor.partitions": (self, bad) => PartitionSupervisor.partitions(self, bad),
  "PartitionSupervisor.resize": (self, bad) => PartitionSupervisor.resize(self, shards, bad),
  "PartitionSupervisor.name": (self, bad) => self.call(PartitionSupervisor.name(shards, bad), "add", 0),
  "PartitionSupervisor.name of": (self, bad) => self.call(PartitionSupervisor.name(bad, 1), "add", 0),
  "registry()": (self, bad) => Registry.count(self, registry(bad)),
  via: (self, bad) => self.whereis(via(bad, "key")),
  "Registry.child": (_, bad) => Registry.child(bad),
  "Registry.child keys": (_, bad) => Registry.child({ name: rooms, keys: bad }),
  "Registry.child listeners": (_, bad) => Registry.child({ name: rooms, keys: "unique", listeners: bad }),
  "Registry.child meta": (_, bad) => Registry.child({ name: rooms, keys: "unique", meta: bad }),
  "Registry.register": (self, bad) => Registry.register(self, bad, "key", 1),
  "Registry.register by": (_, bad) => Registry.register(bad, rooms, "key", 1),
  "Registry.register key": (self, bad) => Registry.register(self, rooms, bad, 1),
  "Registry.lookup": (self, bad) => Registry.lookup(self, bad, "key"),
  "Registry.keys": (self, bad) => Registry.keys(self, rooms, bad),
  "Registry.match": (self, bad) => Registry.match(self, rooms, "key", bad),
  "Registry.select": (self, bad) => Registry.select(self, rooms, bad),
  "Registry.updateValue": (self, bad) => {
    Registry.register(self, rooms, "mine", 1);
    Registry.updateValue(self, rooms, "mine", bad);
  },
  "Registry.dispatch": (self, bad) => Registry.dispatch(self, rooms, "key", bad),
  "Registry.dispatch with": (self, bad) => Registry.dispatch(self, rooms, "key", () => {}, bad),
  "Registry.lock": (self, bad) => Registry.lock(self, rooms, "key", bad),
  "Application.start": (self, bad) => Application.start(self, bad),
  "Application.start with": (self, bad) => Application.start(self, Shop, bad),
  "Application.ensureAllStarted": (self, bad) => Application.ensureAllStarted(self, bad),
  "Application.stop": (self, bad) => Application.stop(self, bad),
  "Application.spec": (_, bad) => Application.spec(bad),
  "Application.getEnv": (self, bad) => Application.getEnv(self, bad, "level" as never),
  "Application.getEnv key": (self, bad) => Application.getEnv(self, Shop, bad),
  "Application.fetchEnv": (self, bad) => Application.fetchEnv(self, Shop, bad),
  "Application.putEnv": (self, bad) => Application.putEnv(self, bad, "level" as never, 1 as never),
  "Application.putEnv key": (self, bad) => Application.putEnv(self, Shop, bad, 1),
  "Application.deleteEnv": (self, bad) => Application.deleteEnv(self, bad, "level" as never),
  "Application.getAllEnv": (self, bad) => Application.getAllEnv(self, bad),
  "WorkerPool.child": (_, bad) => WorkerPool.child(bad),
  "WorkerPool.child filename": (_, bad) => WorkerPool.child({ filename: bad }),
  "WorkerPool.run": (self, bad) => wild.run(self, bad, "task"),
  "WorkerPool.run task": (self, bad, { dead }) => wild.run(self, dead, bad),
  "WorkerPool.info": (self, bad) => WorkerPool.info(self.with({ timeout: 10 }), bad),
  treeOf: (self, bad) => treeOf(self, bad),
  system: (_, bad) => system({ messages: bad, reports: false }).stop(),
  "system accounting": (_, bad) => system({ accounting: bad, reports: false }).stop(),
  Table: (_, bad) => new Table(bad).size,
};

/** What the documentation promises. */
const DOCUMENTED = [
  AlreadyRegistered,
  ApplicationError,
  BadArgument,
  BadSpec,
  CallError,
  MailboxFull,
  NoProcess,
  StartError,
  SupervisorError,
  TaskError,
  WorkerPoolError,
];

test.each(Object.keys(ops))("%s: every bad input is refused with what was expected and what came, or is taken", (op) =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const wrong: string[] = [];
    for (const [kind, make] of Object.entries(bads)) {
      const scene = await sceneOf(sim);
      const bad = make(scene);
      const outcome = Promise.withResolvers<unknown>();
      const pid = sim.spawn(
        async (self: Self) => {
          try {
            await (ops[op] as Op)(self, bad, scene);
            outcome.resolve(undefined);
          } catch (error) {
            outcome.resolve(error);
          }
        },
        { trapExit: false },
      );
      void outcome.promise.then((error) => {
        if (error === undefined) return;
        // A getter of the caller's that throws is its own.
        if ((error as Error).message === "no such field") return;
        if (!DOCUMENTED.some((known) => error instanceof known)) wrong.push(`${kind}: ${error} is not documented`);
        else if (!/expected .*, got: /s.test((error as Error).message)) wrong.push(`${kind}: ${error}`);
      });
      let settled = false;
      void outcome.promise.then(() => {
        settled = true;
      });
      await sim.advance(6000);
      // A supervisor may take its time (OTP), and so may a process that is none.
      const patient = bad === scene.plain && (op === "treeOf" || op === "Supervisor.startChild of");
      if (!settled && !patient) wrong.push(`${kind}: it waits for ever`);
      sim.kill(pid);
      await sim.idle();
      const { counter, lamp, agent, app, plain } = scene;
      const down = Object.entries({ counter, lamp, agent, app, plain }).filter(([, one]) => !sim.isAlive(one));
      for (const [who] of down) wrong.push(`${kind}: it took the ${who} down`);
      for (const one of [rooms, shards, tasks, dynamic, Application.controller])
        if (sim.whereis(one) === undefined) wrong.push(`${kind}: it took ${one.name} down`);
      if (!sim.isAlive(counter)) scenes.delete(sim);
    }
    expect(wrong, wrong.join("\n")).toEqual([]);
  }),
);

/** One scene a simulation. */
const scenes = new WeakMap<VirtualSystem, World>();
async function sceneOf(sim: VirtualSystem): Promise<World> {
  const known = scenes.get(sim);
  if (known !== undefined) return known;
  const made = await world(sim);
  scenes.set(sim, made);
  return made;
}
