// Each feature a thousand times in one system: nothing is kept of what is over, neither by who asked nor by who was asked.
import { getEventListeners } from "node:events";
import { name, noreply, ok, pg, procLib, type Ref, reply, type Self, Task } from "hornbeam";
import {
  Agent,
  child,
  type From,
  GenServer,
  GenStatem,
  keepStateAndData,
  nextState,
  start,
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
} from "hornbeam/supervisor";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { linked } from "../../runtime/links.ts";
import { addressOf } from "../../runtime/pid.ts";
import type { Process } from "../../runtime/process.ts";
import type { LiveSystem } from "../../runtime/system.ts";
import { forever, inside } from "../runtime/support.ts";
import { dynamic, rooms, shards, startEach, tasks } from "./each.ts";

const TIMES = 1000;

const Counter = {
  init: (from: number) => ok(from),
  handleCall: {
    add: (by: number, count) => reply(count + by, count + by),
    never: (_, count) => noreply(count),
    later: (_, count: number, self: Self, from: From) => {
      self.spawn(() => GenServer.reply(from, 1));
      return noreply(count);
    },
  },
  handleInfo: (_: unknown, count) => noreply(count),
} satisfies GenServer<number>;

const Lamp = {
  init: () => nextState("off", 0),
  states: {
    off: { handleCall: { flip: (_, n) => nextState("on", n, { reply: "on" }) } },
    on: {
      handleEnter: (_, n) => keepStateAndData([{ stateTimeout: 1000 }, { genericTimeout: 1000, name: "named" }]) ?? n,
      handleCall: {
        flip: (_, n) => nextState("off", n, [{ reply: "off" }, { genericTimeout: "cancel", name: "named" }]),
      },
    },
  },
} satisfies GenStatem<"off" | "on", number>;

const Shop = {
  name: "shop",
  env: { level: 1 },
  start: () => supervisor({ init: () => ({ strategy: "oneForOne" as const, children: [] }) }),
} satisfies Application<{ level: number }>;

async function world(sim: VirtualSystem) {
  await startEach(sim, { registry: { listeners: [name("listener")] }, dynamic: { maxRestarts: Infinity } });
  await Application.start(sim, Shop);
  await Application.stop(sim, Shop);
  return {
    counter: await start(sim, Counter, 0),
    lamp: await GenStatem.start(sim, Lamp),
    agent: await Agent.start(sim, () => 0),
    app: await sim.start(supervisor({ init: () => ({ strategy: "oneForOne" as const, children: [] }) })),
    peer: sim.spawn(forever),
    signal: new AbortController().signal,
  };
}
type World = Awaited<ReturnType<typeof world>>;

const features: Record<string, (self: Self, world: World) => unknown> = {
  "a call": (self, { counter }) => self.call(counter, "add", 1),
  "a call that times out": (self, { counter }) =>
    self
      .with({ timeout: 1 })
      .call(counter, "never")
      .catch(() => {}),
  "a call with a deadline": (self, { counter }) => self.with({ deadline: self.now() + 5 }).call(counter, "add", 1),
  "a call with a signal that lives on": (self, { counter, signal }) => self.with({ signal }).call(counter, "add", 1),
  "a call with a signal that is not answered": (self, { counter, signal }) =>
    self
      .with({ signal, timeout: 1 })
      .call(counter, "never")
      .catch(() => {}),
  "a call with a signal, to nobody": (self, { signal }) =>
    self
      .with({ signal })
      .call(name<typeof Counter>("nobody"), "add", 1)
      .catch(() => {}),
  "a call with a signal, to oneself": (self, { signal }) =>
    self
      .with({ signal })
      .call(self.pid as Ref<typeof Counter>, "add", 1)
      .catch(() => {}),
  "a call with a signal, too late": (self, { counter, signal }) =>
    self
      .with({ signal, deadline: self.now() })
      .call(counter, "add", 1)
      .catch(() => {}),
  "a call with a signal and a bad time": (self, { counter, signal }) =>
    self
      .with({ signal, timeout: -1 })
      .call(counter, "add", 1)
      .catch(() => {}),
  "a call with a signal, of a process that ends": async (self, { counter, signal }) => {
    const pid = self.spawn((other) => other.with({ signal }).call(counter, "never"));
    await self.sleep(1);
    self.exit(pid, "kill");
  },
  "an answer from another process": (self, { counter }) => self.call(counter, "later"),
  "a request that is received": async (self, { counter }) =>
    GenServer.receiveResponse(self, GenServer.sendRequest(self, counter, "add", 1)),
  "a request that is abandoned": async (self, { counter }) =>
    GenServer.receiveResponse(self, GenServer.sendRequest(self, counter, "never"), 1),
  "a request with a signal that lives on": async (self, { counter, signal }) =>
    GenServer.receiveResponse(self, GenServer.sendRequest(self.with({ signal }), counter, "never"), 1),
  "a collection of requests": async (self, { counter }) => {
    const requests = GenServer.requestCollection();
    for (let i = 0; i < 3; i++) requests.add(GenServer.sendRequest(self, counter, "add", 1), i);
    while (requests.size > 0) await GenServer.receiveResponse(self, requests);
  },
  "a stop that gives up": async (self) => {
    const Stubborn = { init: () => ok(0), terminate: (_: unknown, __: number, self: Self) => self.sleep(20) };
    const pid = await start(self, Stubborn);
    for (let i = 0; i < 3; i++) await GenServer.stop(self, pid, "normal", 1).catch(() => {});
    await self.sleep(30);
  },
  "a look": (self, { counter }) => sys.getState(self, counter),
  "a suspension": async (self, { counter }) => {
    await sys.suspend(self, counter);
    self.send(counter, "hello");
    await sys.resume(self, counter);
  },
  "a trace": async (self, { counter }) => {
    await sys.trace(self, counter, () => {});
    await sys.log(self, counter, true);
    await sys.statistics(self, counter, true);
    await self.call(counter, "add", 1);
    await sys.trace(self, counter, false);
    await sys.log(self, counter, false);
    await sys.statistics(self, counter, false);
  },
  "a trace that throws": async (self, { counter }) => {
    await sys.trace(self, counter, () => {
      throw new Error("oops");
    });
    await self.call(counter, "add", 1);
  },
  "a state machine's timeouts": async (self, { lamp }) => {
    await self.call(lamp, "flip");
    await self.call(lamp, "flip");
  },
  "an agent's update": (self, { agent }) => Agent.update(self, agent, (n) => n + 1),
  "a start": async (self) => {
    await GenServer.stop(self, await start(self, Counter, 0));
  },
  "a start that fails": (self) => procLib.start(self, (_, init) => init.fail("no")).catch(() => {}),
  "a start that takes too long": (self) => procLib.start(self, forever, { timeout: 1 }).catch(() => {}),
  "a task": (self) =>
    Task.await(
      self,
      Task.async(self, () => 1),
    ),
  "a task that is late": async (self) => {
    const task = Task.async(self, (other) => other.sleep(5));
    await Task.yield(self, task, 1);
    await Task.await(self, task, 1).catch(() => {});
    await self.sleep(5);
  },
  "a task that is shut down": (self) => Task.shutdown(self, Task.async(self, forever)),
  "a task that is ignored": (self) =>
    Task.ignore(
      self,
      Task.async(self, () => 1),
    ),
  "a completed task": (self) => Task.await(self, Task.completed(self, 1)),
  "many tasks": (self) =>
    Task.yieldMany(self, [Task.async(self, () => 1), Task.async(self, forever)], {
      timeout: 1,
      onTimeout: "killTask",
    }),
  "a supervised task": async (self) => Task.await(self, await TaskSupervisor.async(self, tasks, () => 1)),
  "a supervised task that nobody awaits": async (self) => {
    await TaskSupervisor.asyncNolink(self, tasks, () => 1);
    await self.receive();
  },
  "a stream": async (self) => {
    for await (const _ of Task.asyncStream(self, [1, 2, 3], (n) => n));
  },
  "a stream that is left": async (self) => {
    for await (const _ of Task.asyncStream(self, [1, 2, 3], (n) => n)) break;
  },
  "a supervised stream": async (self) => {
    for await (const _ of TaskSupervisor.asyncStreamNolink(self, tasks, [1, 2, 3], (n) => n));
  },
  "a monitor": (self, { peer }) => self.monitor(peer, { alias: "demonitor", priority: true }).cancel({ flush: true }),
  "a monitor that fires": async (self) => {
    self.monitor(
      self.spawn(() => {}),
      { alias: "replyDemonitor" },
    );
    await self.receive();
  },
  "an alias": (self) => self.unalias(self.alias()),
  "an alias for one reply": async (self) => {
    const alias = self.alias({ reply: true });
    self.send(alias, "reply");
    await self.receive();
  },
  "a timer": (self, { peer }) => self.sendAfter("x", 10_000, peer).cancel(),
  "a timer to a name": (self) => self.sendAfter("x", 10_000, name("nobody")).cancel(),
  "a timer that fires": async (self) => {
    self.startTimer("x", 1);
    await self.receive();
  },
  "a link": (self, { peer }) => {
    self.link(peer);
    self.unlink(peer);
  },
  "a name": (self) => {
    using _ = self.register(name("mine"));
  },
  "a group": (self) => {
    const watch = pg.monitor(self, "group");
    pg.join(self, "group", self.pid);
    pg.leave(self, "group", self.pid);
    watch.cancel();
  },
  "a member that ends": async (self) => {
    await self.spawnMonitor((other) => pg.join(other, "group", other.pid));
    await self.receive();
  },
  "a key of a registry": (self) => {
    Registry.register(self, rooms, "mine", 1);
    Registry.updateValue(self, rooms, "mine", (n) => n + 1);
    Registry.unregister(self, rooms, "mine");
  },
  "a registrant that ends": async (self) => {
    self.spawnMonitor((other) => void Registry.register(other, rooms, "theirs", 1));
    await self.receive();
  },
  "a server under a key": async (self) => {
    await GenServer.stop(self, await start(self, Counter, 0, { name: via(rooms, "server") }));
  },
  "a lock": (self) => Registry.lock(self, rooms, "key", () => 1),
  "a lock whose holder ends": async (self) => {
    const pid = self.spawn((other) => Registry.lock(other, rooms, "key", () => forever(other)));
    await self.sleep(1);
    self.exit(pid, "kill");
    await Registry.lock(self, rooms, "key", () => 1);
  },
  "a child": async (self, { app }) => {
    await Supervisor.startChild(self, app, child(Counter, 0, { id: "late" }));
    await Supervisor.terminateChild(self, app, "late");
    await Supervisor.deleteChild(self, app, "late");
  },
  "a dynamic child": async (self) => {
    await DynamicSupervisor.terminateChild(
      self,
      dynamic,
      await DynamicSupervisor.startChild(self, dynamic, child(Counter, 0)),
    );
  },
  "a dynamic child that crashes": async (self) => {
    const spec = child(Counter, 0, { restart: "temporary" });
    self.exit(await DynamicSupervisor.startChild(self, dynamic, spec), "boom");
  },
  "a partition": (self) => self.call(PartitionSupervisor.name<typeof Counter>(shards, {}), "add", 1),
  "a resize": async (self) => {
    await PartitionSupervisor.resize(self, shards, 1);
    await PartitionSupervisor.resize(self, shards, 2);
  },
  "an application": async (self) => {
    await Application.start(self, Shop);
    await Application.stop(self, Shop);
  },
  "a setting": (self) => {
    Application.putEnv(self, Shop, "level", 2);
    Application.deleteEnv(self, Shop, "level");
  },
};

const length = (first: any, next: string): number => {
  let count = 0;
  for (let one = first; one !== null; one = one[next]) count++;
  return count;
};

/** How much a process holds. */
function holdings({ links, watchers, watching, timers, extras, messageCount, behaviour }: Process) {
  return {
    links: linked(links).length,
    watchers: length(watchers, "nextOfTarget"),
    watching: length(watching, "nextOfWatcher"),
    timers: length(timers, "after"),
    aliases: extras?.aliases?.size ?? 0,
    resources: extras?.resources?.size ?? 0,
    messages: messageCount,
    behaviour: behaviour.constructor.name,
  };
}

const holdingsOf = (sim: VirtualSystem, signal: AbortSignal) => {
  const { kernel, self } = sim as unknown as LiveSystem;
  const all = [self as Process, ...sim.processes().map(({ pid }) => addressOf(pid).process as Process)];
  return {
    processes: all.map((process) => [process.describe().replace(/^<.*> /, ""), holdings(process)]),
    names: kernel.names.size,
    timers: kernel.timers.pending,
    listeners: getEventListeners(signal, "abort").length,
    entries: Registry.count(sim, rooms),
    groups: pg.whichGroups(sim),
  };
};

test.each(Object.keys(features))(
  "nothing is kept of %s",
  (what) =>
    inVirtualTime(async (sim) => {
      const scene = await world(sim);
      const feature = features[what] as (typeof features)[string];
      await inside(sim, async (self) => {
        const once = async (): Promise<void> => {
          await feature(self, scene);
        };
        const settle = async (): Promise<unknown> => {
          await self.sleep(100);
          return holdingsOf(sim, scene.signal);
        };
        // What is made on first use, such as a mailbox's second lane, may stay.
        for (let i = 0; i < 3; i++) await once();
        const before = await settle();
        for (let i = 0; i < TIMES; i++) await once();
        expect(await settle()).toEqual(before);
      });
    }),
  60_000,
);
