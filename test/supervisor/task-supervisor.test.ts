import {
  type Down,
  exit,
  isDown,
  name,
  noreply,
  ok,
  onReport,
  type Pid,
  type Reason,
  reply,
  type Self,
  Task,
  type Task as TaskOf,
  type TaskResult,
} from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { type DynamicOptions, DynamicSupervisor, Supervisor, supervisor, TaskSupervisor } from "hornbeam/supervisor";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, forever, inside } from "../runtime/support.ts";

const tasks = name("tasks");
const quiet = (self: Self) => self.receive(undefined, 0);
const TIMEOUT = { tag: "timeout" };

/** Runs `work` in a process, beside a supervisor of tasks. */
const working = (work: (self: Self, sim: VirtualSystem) => unknown, options: DynamicOptions = {}, trapExit = false) =>
  inVirtualTime(async (sim) => {
    await sim.start(TaskSupervisor.child({ name: tasks, ...options }));
    await inside(sim, (self) => work(self, sim), { trapExit });
  });

const WAYS = ["async", "asyncNolink"] as const;

test("a supervisor of tasks is a child of any tree, and several have ids of their own", () =>
  inVirtualTime(async (sim) => {
    const children = [
      TaskSupervisor.child({ name: tasks }),
      TaskSupervisor.child({ id: "other" }),
      TaskSupervisor.child(),
    ];
    const pid = await sim.start(supervisor({ init: () => ({ strategy: "oneForOne" as const, children }) }));
    expect((await Supervisor.whichChildren(sim, pid)).map(({ id, type }) => [id, type])).toEqual([
      ["taskSupervisor", "supervisor"],
      ["other", "supervisor"],
      ["tasks", "supervisor"],
    ]);
    expect(await TaskSupervisor.children(sim, tasks)).toEqual([]);
  }));

test("children are the tasks that run", () =>
  working(async (self) => {
    const one = await TaskSupervisor.async(self, tasks, forever);
    const two = await TaskSupervisor.startChild(self, tasks, forever);
    await TaskSupervisor.startChild(self, tasks, () => "done");
    await self.sleep(0);
    expect(await TaskSupervisor.children(self, tasks)).toEqual([one.pid, two]);
    expect(await DynamicSupervisor.countChildren(self, tasks)).toMatchObject({ active: 2, workers: 2 });
  }));

test.for(WAYS)("%s runs a function under the supervisor, for its owner", (way) =>
  working(async (self, sim) => {
    const task = await TaskSupervisor[way](self, tasks, async (own) => {
      await own.receive();
      return [own.pid, own.callers];
    });
    const [info] = sim.processes().filter(({ pid }) => pid === task.pid);
    const parent = self.whereis(tasks);
    expect(info).toMatchObject({ parent, links: way === "async" ? [parent, self.pid] : [parent] });
    expect(sim.processes().find(({ pid }) => pid === self.pid)?.monitors).toEqual([task.pid]);
    self.send(task.pid as Pid, "go");
    expect(await Task.await(self, task)).toEqual([task.pid, [self.pid]]);
    expect(await quiet(self)).toEqual(TIMEOUT);
    expect(await TaskSupervisor.children(self, tasks)).toEqual([]);
  }),
);

test.for(WAYS)("%s takes a time to stop in, and a label", (way) =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const pid = await sim.start(TaskSupervisor.child());
    const died = deaths(sim);
    const kept: Pid[] = [];
    const owner = sim.spawn(async (self) => {
      self.trapExit = true;
      for (const shutdown of ["brutalKill", 30, undefined] as const) {
        const options = { label: `stops in ${shutdown}`, ...(shutdown === undefined ? {} : { shutdown }) };
        const run = (own: Self) => {
          own.trapExit = true;
          return own.receive(() => false);
        };
        kept.push((await TaskSupervisor[way](self, pid, run, options)).pid as Pid);
      }
      await forever(self);
    });
    await sim.idle();
    expect(
      sim
        .processes()
        .filter(({ pid }) => kept.includes(pid))
        .map(({ label }) => label),
    ).toEqual([`${kept[0]} stops in brutalKill`, `${kept[1]} stops in 30`, `${kept[2]} stops in undefined`]);
    sim.exit(pid, "shutdown");
    const stopped = sim.stop();
    await sim.advance(29);
    expect(kept.map((task) => died.has(task))).toEqual([true, false, false]);
    await sim.advance(1);
    expect(kept.map((task) => died.has(task))).toEqual([true, true, false]);
    await sim.advance(4970);
    expect(kept.map((task) => died.get(task))).toEqual(["killed", "killed", "killed"]);
    await stopped;
    expect(sim.isAlive(owner)).toBe(false);
  }),
);

test.for(WAYS)("%s rejects when there are as many tasks as there may be, or no supervisor", (way) =>
  working(
    async (self) => {
      await TaskSupervisor[way](self, tasks, forever);
      const refused = { name: "SupervisorError", reason: "maxChildren" };
      await expect(TaskSupervisor[way](self, tasks, forever)).rejects.toMatchObject(refused);
      await expect(TaskSupervisor.startChild(self, tasks, forever)).rejects.toMatchObject(refused);
      const stream = TaskSupervisor.asyncStreamNolink(self, tasks, [1], forever as never);
      await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject(refused);
      const nowhere = TaskSupervisor[way](self, name("nowhere"), forever);
      await expect(nowhere).rejects.toMatchObject({ name: "CallError", reason: "noproc" });
      await expect(TaskSupervisor[way](self, tasks, 5 as never)).rejects.toThrow("Task: expected a function");
      expect(await quiet(self)).toEqual(TIMEOUT);
    },
    { maxChildren: 1 },
  ),
);

const boom = new Error("boom");
const FAILURES = [
  ["a throw", () => Promise.reject(boom), boom],
  ["a throw of what is no Error", () => Promise.reject("oops"), { value: "oops" }],
  ["an exit", () => exit("oops"), { reason: "oops" }],
] as const;

test.for(FAILURES)("an await of a supervised task that ends by %s rejects with that", ([, run, expected]) =>
  working(
    async (self) => {
      for (const way of WAYS) {
        const task = await TaskSupervisor[way](self, tasks, run as () => Promise<unknown>);
        await expect(Task.await(self, task)).rejects.toMatchObject(expected);
      }
    },
    {},
    true,
  ),
);

test("the owner of a linked task dies with it, the owner of another does not, and the supervisor lives on", () =>
  working(async (self, sim) => {
    const died = deaths(sim);
    const owners = WAYS.map((way) =>
      self.spawn(async (own) => {
        await TaskSupervisor[way](own, tasks, () => exit("oops"));
        await forever(own);
      }),
    );
    await self.sleep(1);
    expect(owners.map((pid) => died.get(pid))).toEqual(["oops", undefined]);
    expect(self.whereis(tasks)).toBeDefined();
  }));

test("a linked task ends with its owner, another lives on, and both end with the supervisor", () =>
  working(async (self, sim) => {
    const died = deaths(sim);
    const found: Pid[] = [];
    const owner = self.spawn(async (own) => {
      for (const way of WAYS) found.push((await TaskSupervisor[way](own, tasks, forever)).pid as Pid);
      await forever(own);
    });
    await self.sleep(1);
    self.exit(owner, "oops");
    expect(found.map((pid) => died.get(pid))).toEqual(["oops", undefined]);
    self.exit(self.whereis(tasks) as Pid, "kill");
    expect(found.map((pid) => died.get(pid))).toEqual(["oops", "killed"]);
  }));

test("a linked task ends with its owner also when that ends normally", () =>
  working(async (self, sim) => {
    const died = deaths(sim);
    let pid: any;
    self.spawn(async (own) => {
      pid = (await TaskSupervisor.async(own, tasks, forever)).pid;
    });
    await self.sleep(1);
    expect(died.get(pid)).toEqual({ shutdown: "normal" });
  }));

test.for(WAYS)("%s starts nothing for an owner that has died before the supervisor came to it", (way) =>
  working(async (self) => {
    let ran = false;
    const run = () => {
      ran = true;
    };
    const owner = self.spawn((own) => TaskSupervisor[way](own, tasks, run).then(() => {}));
    self.spawn((own) => own.exit(owner, "oops"));
    await self.sleep(1);
    expect(ran).toBe(false);
    expect(await TaskSupervisor.children(self, tasks)).toEqual([]);
  }),
);

// ── asyncNolink: the end as a message ──

test("a task without a link that nobody waits for tells its owner its value, or its reason", () =>
  working(async (self) => {
    const good = await TaskSupervisor.asyncNolink(self, tasks, () => "value");
    expect(await self.receive()).toEqual({ tag: "task", ref: good.ref, value: "value" });
    const bad = await TaskSupervisor.asyncNolink(self, tasks, () => exit("oops"));
    expect(await self.receive()).toEqual({ tag: "down", ref: bad.ref, pid: bad.pid, name: undefined, reason: "oops" });
    expect(await quiet(self)).toEqual(TIMEOUT);
    expect(await Task.await(self, good)).toBe("value");
    expect(await Task.yield(self, bad)).toEqual({ exit: "oops" });
  }));

test("a linked task that nobody waits for tells its owner nothing", () =>
  working(async (self) => {
    const task = await TaskSupervisor.async(self, tasks, () => "value");
    expect(await self.receive(undefined, 10)).toEqual(TIMEOUT);
    expect(await Task.await(self, task)).toBe("value");
  }));

const ASKED: Readonly<Record<string, (self: Self, tasks: readonly TaskOf[]) => unknown>> = {
  await: (self, [task]) => Task.await(self, task as TaskOf),
  awaitMany: (self, all) => Task.awaitMany(self, all),
  yield: (self, [task]) => Task.yield(self, task as TaskOf, 0),
  yieldMany: (self, all) => Task.yieldMany(self, all),
  shutdown: (self, [task]) => Task.shutdown(self, task as TaskOf),
  ignore: (self, [task]) => Task.ignore(self, task as TaskOf),
};

test.for(Object.keys(ASKED))("%s takes the message of a task away, wherever it waits, and no other", (how) =>
  working(async (self) => {
    const ask = ASKED[how] as (self: Self, tasks: readonly TaskOf[]) => Promise<unknown>;
    self.send(self.pid, "before");
    for (const passedOver of [false, true]) {
      const task = await TaskSupervisor.asyncNolink(self, tasks, () => "value");
      const failing = await TaskSupervisor.asyncNolink(self, tasks, () => exit("oops"));
      await self.sleep(1);
      if (passedOver) await self.receive((message) => message === "nothing like this", 1);
      await ask(self, [task]);
      await Promise.resolve(ask(self, [failing])).catch(() => {});
    }
    self.send(self.pid, "after");
    expect([await self.receive(), await self.receive()]).toEqual(["before", "after"]);
    expect(await quiet(self)).toEqual(TIMEOUT);
  }),
);

test("whoever waits when a task ends has its result, and there is no message", () =>
  working(async (self) => {
    const slow = (own: Self) => own.sleep(50).then(() => "value");
    const task = await TaskSupervisor.asyncNolink(self, tasks, slow);
    expect(await Task.yield(self, task, 10)).toBeUndefined();
    expect(await Task.await(self, task)).toBe("value");
    const late = await TaskSupervisor.asyncNolink(self, tasks, slow);
    await expect(Task.await(self, late, 10)).rejects.toMatchObject({ reason: "timeout" });
    const ignored = await TaskSupervisor.asyncNolink(self, tasks, slow);
    Task.ignore(self, ignored);
    const stopped = await TaskSupervisor.asyncNolink(self, tasks, forever);
    expect(await Task.shutdown(self, stopped)).toBeUndefined();
    expect(await self.receive(undefined, 100)).toEqual(TIMEOUT);
  }));

test("a yield that had no more time leaves the message to come", () =>
  working(async (self) => {
    const task = await TaskSupervisor.asyncNolink(self, tasks, (own) => own.sleep(50).then(() => "value"));
    expect(await Task.yield(self, task, 10)).toBeUndefined();
    expect(await self.receive()).toEqual({ tag: "task", ref: task.ref, value: "value" });
  }));

type Known = Readonly<Record<number, unknown>>;

/** Starts tasks without a link, and learns of their ends in `handleInfo`, or awaits them. */
const Worker = {
  init: () => ok<Known>({}),
  handleCall: {
    begin: async (run: () => unknown, known: Known, self) => {
      const task = await TaskSupervisor.asyncNolink(self, tasks, run);
      return reply(task.ref, known);
    },
    both: async (run: () => unknown, known: Known, self) => {
      const task = await TaskSupervisor.asyncNolink(self, tasks, run);
      await self.sleep(5);
      return reply(await Task.await(self, task), known);
    },
    known: (_, known) => reply(known, known),
  },
  handleInfo: (message: TaskResult | Down, known) =>
    noreply({ ...known, [message.ref]: message.tag === "task" ? { ok: message.value } : { exit: message.reason } }),
} satisfies GenServer<Known>;

test("a server learns of the ends of its tasks in handleInfo, or awaits them in an async callback", () =>
  working(async (self) => {
    const server = await start(self, Worker);
    const good = await self.call(server, "begin", () => 42);
    const bad = await self.call(server, "begin", () => exit("oops"));
    await self.sleep(1);
    expect(await self.call(server, "known")).toEqual({ [good]: { ok: 42 }, [bad]: { exit: "oops" } });
    expect(await self.call(server, "both", () => 43)).toBe(43);
    expect(Object.keys(await self.call(server, "known"))).toHaveLength(2);
  }));

// ── startChild, terminateChild ──

test("startChild starts a task for nobody in particular, with its starter as caller", () =>
  working(async (self, sim) => {
    let callers: unknown;
    const run = async (own: Self) => {
      callers = own.callers;
      await own.receive();
    };
    const pid = await TaskSupervisor.startChild(self, tasks, run, { label: "worker", name: name("worker") });
    await self.sleep(0);
    expect(callers).toEqual([self.pid]);
    expect(sim.processes().find((info) => info.pid === pid)).toMatchObject({
      label: `${pid} worker`,
      name: "worker",
      links: [self.whereis(tasks)],
    });
    self.monitor(pid);
    self.send(pid, "go");
    expect(await self.receive(isDown)).toMatchObject({ reason: "normal" });
    expect(await TaskSupervisor.children(self, tasks)).toEqual([]);
    await expect(TaskSupervisor.startChild(self, tasks, 5 as never)).rejects.toThrow("Task: expected a function");
  }));

test.for([
  ["temporary", "oops", 1],
  ["transient", "normal", 1],
  ["transient", "oops", 2],
  ["permanent", "normal", 2],
  [undefined, "oops", 1],
] as const)("a task of startChild that is %s and ends once with %s runs %i times", ([restart, reason, expected]) =>
  working(async (self) => {
    const callers: unknown[] = [];
    const run = (own: Self) => (callers.push(own.callers) === 1 ? exit(reason as Reason) : forever(own));
    await TaskSupervisor.startChild(self, tasks, run, restart === undefined ? {} : { restart });
    await self.sleep(1);
    expect(callers).toEqual(Array.from({ length: expected }, () => [self.pid]));
    expect(await TaskSupervisor.children(self, tasks)).toHaveLength(expected - 1);
  }),
);

test("a task of startChild takes a time to stop in", () =>
  working(async (self) => {
    const stubborn = (own: Self) => {
      own.trapExit = true;
      return own.receive(() => false);
    };
    for (const [shutdown, time] of [
      [30, 30],
      ["brutalKill", 0],
      [undefined, 5000],
    ] as const) {
      const pid = await TaskSupervisor.startChild(self, tasks, stubborn, shutdown === undefined ? {} : { shutdown });
      await self.sleep(1);
      const begun = self.now();
      const stopped = TaskSupervisor.terminateChild(self.with({ timeout: "infinity" }), tasks, pid);
      await stopped;
      expect(self.now() - begun).toBe(time);
    }
  }));

test("terminateChild stops a task for good, and knows none but the supervisor's", () =>
  working(async (self) => {
    const pid = await TaskSupervisor.startChild(self, tasks, forever, { restart: "permanent" });
    expect(await TaskSupervisor.terminateChild(self, tasks, pid)).toBeUndefined();
    expect(self.isAlive(pid)).toBe(false);
    expect(await TaskSupervisor.children(self, tasks)).toEqual([]);
    const refused = { name: "SupervisorError", reason: "notFound" };
    await expect(TaskSupervisor.terminateChild(self, tasks, pid)).rejects.toMatchObject(refused);
    await expect(TaskSupervisor.terminateChild(self, tasks, self.pid)).rejects.toMatchObject(refused);
  }));

test("too many restarts of its tasks end the supervisor", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const pid = await sim.start(TaskSupervisor.child({ maxRestarts: 1, maxSeconds: 10 }));
    await TaskSupervisor.startChild(sim, pid, () => exit("oops"), { restart: "permanent" });
    await sim.idle();
    expect(died.get(pid)).toBe("shutdown");
  }));

test("the report of a supervised task names its starter, not its supervisor", () =>
  working(async (self, sim) => {
    const seen: string[] = [];
    onReport(sim.telemetry, (_, text, event) => void (event === "process.crash" && seen.push(text)));
    const task = await TaskSupervisor.asyncNolink(self, tasks, function fetchUser() {
      throw boom;
    });
    await Task.yield(self, task);
    expect(seen[0]).toContain(`process ${task.pid} task crashed (started by ${self.pid}): Error: boom`);
    expect(seen[0]).toContain("in fetchUser");
  }));
