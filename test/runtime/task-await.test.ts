import { BadArgument, exit, isDown, NoCatch, type Pid, type Self, Task, TaskError } from "hornbeam";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { processOf } from "../../runtime/self.ts";
import { forever, inside, puppet } from "./support.ts";
import { owning as inOwner } from "./task-support.ts";

/** Whoever has awaited watches nobody any more. */
const owning = (work: (self: Self, sim: VirtualSystem) => unknown) =>
  inOwner(async (self, sim) => {
    await work(self, sim);
    expect(sim.processInfo(self.pid)?.monitors).toEqual([]);
  });

const finished = async (self: Self, task: { readonly pid: Pid | undefined }): Promise<void> => {
  self.monitor(task.pid as Pid);
  await self.receive((message) => isDown(message) && message.pid === task.pid);
};

const napping = (value: unknown, time: number) => async (self: Self) => {
  await self.sleep(time);
  return value;
};

// ── await ──

test("an await that has no more time throws, naming the task and its age, and the late result vanishes", () =>
  owning(async (self, sim) => {
    const task = Task.async(self, async function fetchUser(own) {
      await own.receive();
      return "late";
    });
    await self.sleep(7);
    const error = await Task.await(self, task, 20).catch((caught) => caught);
    expect(error).toBeInstanceOf(TaskError);
    expect(error.reason).toBe("timeout");
    expect(error.message).toBe(
      `task ${task.pid} (fetchUser): expected a result within 20 ms, got: none yet (it is 27 ms old and goes on)`,
    );
    expect(self.isAlive(task.pid as Pid)).toBe(true);
    expect(sim.processes().find(({ pid }) => pid === self.pid)?.monitors).toEqual([]);
    self.send(task.pid as Pid, "go");
    await finished(self, task);
    await expect(Task.await(self, task)).rejects.toMatchObject({ reason: "ignored" });
  }));

test("an await waits 5000 ms, or for ever", () =>
  owning(async (self) => {
    const start = self.now();
    const task = Task.async(self, napping("late", 6000));
    await expect(Task.await(self, task)).rejects.toMatchObject({ reason: "timeout" });
    expect(self.now() - start).toBe(5000);
    expect(await Task.await(self, Task.async(self, napping("late", 1e6)), "infinity")).toBe("late");
    await self.sleep(1e6);
  }));

test("who does not catch the timeout of an await ends with it, and takes the task along", () =>
  inVirtualTime(async (sim) => {
    let task: any;
    const owner = puppet(sim);
    const seen: any[] = [];
    sim.telemetry.on("process.exit", (_, { pid, reason }) => seen.push([pid, reason]));
    await owner.does(async (self) => {
      task = Task.async(self, forever);
      await Task.await(self, task, 10);
    });
    await sim.advance(10);
    expect(seen).toEqual([
      [owner.pid, expect.objectContaining({ reason: "timeout" })],
      [task.pid, seen[0][1]],
    ]);
  }));

const boom = new Error("boom", { cause: "a cause" });
test.for([
  ["a throw of an Error", () => Promise.reject(boom), (error: any) => expect(error).toBe(boom)],
  [
    "an Error at once",
    () => {
      throw boom;
    },
    (error: any) => expect(error).toBe(boom),
  ],
  [
    "a throw of another value",
    () => Promise.reject("oops"),
    (error: any) => {
      expect(error).toBeInstanceOf(NoCatch);
      expect(error.value).toBe("oops");
    },
  ],
  ["a function that is not there", () => (undefined as any)(), (error: any) => expect(error).toBeInstanceOf(TypeError)],
  ["an exit", () => exit("unknown"), (error: any) => expect(error).toMatchObject({ reason: "unknown" })],
  ["a normal exit", () => exit("normal"), (error: any) => expect(error).toMatchObject({ reason: "normal" })],
  ["a shutdown", () => exit("shutdown"), (error: any) => expect(error).toMatchObject({ reason: "shutdown" })],
] as const)("an await of a task that ends by %s rejects with that", ([, run, check]) =>
  owning(async (self) => {
    const waiting = Task.async<unknown>(self, run);
    check(await Task.await(self, waiting).catch((error) => error));
    const ended = Task.async<unknown>(self, run);
    await finished(self, ended);
    check(await Task.await(self, ended).catch((error) => error));
  }),
);

test("the error of an exit says which task it was and what it exited with", () =>
  owning(async (self) => {
    const task = Task.async(self, function job() {
      exit({ oops: 1 });
    });
    const error = await Task.await(self, task).catch((caught) => caught);
    expect(error).toBeInstanceOf(TaskError);
    expect(error.message).toBe(`task ${task.pid} (job): expected a result, got: { oops: 1 } (it ended)`);
  }));

test("only the owner may ask for a task", () =>
  owning(async (self, sim) => {
    const task = Task.completed(self, 1);
    await inside(sim, async (other) => {
      const text = `expected the completed task ${task.ref} to be asked for by its owner ${self.pid}, got: ${other.pid}`;
      for (const asked of [
        Task.await(other, task),
        Task.awaitMany(other, [task]),
        Task.yield(other, task),
        Task.yieldMany(other, [task]),
        Task.shutdown(other, task),
      ]) {
        const error = await asked.catch((caught) => caught);
        expect(error).toBeInstanceOf(BadArgument);
        expect(error.message).toContain(text);
      }
      expect(() => Task.ignore(other, task)).toThrow(text);
    });
  }));

test("a task may be awaited again, and by two at once", () =>
  owning(async (self) => {
    const task = Task.async(self, napping("value", 5));
    expect(await Promise.all([Task.await(self, task), Task.await(self, task)])).toEqual(["value", "value"]);
    expect(await Task.await(self, task)).toBe("value");
  }));

test.for(["await", "awaitMany", "yield", "yieldMany", "asyncStream"] as const)(
  "whoever waits with %s goes on before the next process runs",
  (how) =>
    inVirtualTime(async (sim) => {
      const order: string[] = [];
      await inside(sim, async (self) => {
        const run = (_: unknown, own: Self) => void own.spawn(() => order.push("next"));
        const one = Task.async(self, (own) => run(undefined, own));
        const waiting = {
          await: () => Task.await(self, one),
          awaitMany: () => Task.awaitMany(self, [one]),
          yield: () => Task.yield(self, one),
          yieldMany: () => Task.yieldMany(self, [one]),
          asyncStream: () => Task.asyncStream(self, [1], run)[Symbol.asyncIterator]().next(),
        }[how];
        if (how === "asyncStream") await Task.shutdown(self, one);
        await waiting();
        order.push("owner");
        await self.sleep(0);
      });
      expect(order).toEqual(["owner", "next"]);
    }),
);

test("an owner keeps nothing of tasks that have ended, whether it awaited, gave up or ignored them", () =>
  owning(async (self) => {
    const owner = processOf(self);
    const tasks = [1, 2, 3, 4].map((value) => Task.async(self, napping(value, 50)));
    const held = () => owner.extras?.resources?.size;
    expect(held()).toBe(4);
    const [given, many, ignored, awaited] = tasks as [Task, Task, Task, Task];
    await expect(Task.await(self, given, 1)).rejects.toThrow();
    await expect(Task.awaitMany(self, [many], 1)).rejects.toThrow();
    Task.ignore(self, ignored);
    expect(held()).toBe(3);
    await Task.await(self, awaited);
    expect(held()).toBe(0);
  }));

// ── awaitMany ──

test("awaitMany gives results in the order of the tasks, whichever is first", () =>
  owning(async (self) => {
    const tasks = [30, 10, 20].map((time) => Task.async(self, napping(time, time)));
    const start = self.now();
    expect(await Task.awaitMany(self, tasks)).toEqual([30, 10, 20]);
    expect(self.now() - start).toBe(30);
    expect(await Task.awaitMany(self, tasks)).toEqual([30, 10, 20]);
    expect(await Task.awaitMany(self, [tasks[0], tasks[0]] as any)).toEqual([30, 30]);
  }));

test("awaitMany of nothing is nothing, at once", () =>
  owning(async (self) => {
    const start = self.now();
    expect(await Task.awaitMany(self, [])).toEqual([]);
    expect(self.now()).toBe(start);
  }));

test("awaitMany leaves other messages where they are", () =>
  inVirtualTime((sim) =>
    inside(sim, async (self) => {
      self.send(self.pid, "before");
      const task = Task.async(self, async (own) => {
        own.send(self.pid, "from the task");
        return 1;
      });
      expect(await Task.awaitMany(self, [task])).toEqual([1]);
      expect([await self.receive(), await self.receive()]).toEqual(["before", "from the task"]);
    }),
  ));

test("awaitMany has one time for all, says who has no result, and their late results vanish", () =>
  owning(async (self) => {
    const tasks = [
      Task.async(self, () => 1),
      Task.async(self, napping(2, 50)),
      Task.async(self, napping(3, 60)),
    ] as const;
    const error: any = await Task.awaitMany(self, tasks, 20).catch((caught) => caught);
    expect(error).toBeInstanceOf(TaskError);
    expect(error.reason).toBe("timeout");
    expect(error.message).toBe(
      "Task.awaitMany: expected 3 results within 20 ms, got: 1 " +
        `(task ${tasks[1].pid} (an anonymous function) is 20 ms old and goes on; ` +
        `task ${tasks[2].pid} (an anonymous function) is 20 ms old and goes on)`,
    );
    await self.sleep(100);
    await expect(Task.await(self, tasks[1])).rejects.toMatchObject({ reason: "ignored" });
    expect(await Task.await(self, tasks[0])).toBe(1);
  }));

test.for([
  ["exits", () => exit("oops"), { reason: "oops" }],
  ["exits normally", () => exit("normal"), { reason: "normal" }],
  ["crashes", () => Promise.reject(boom), boom],
  ["throws what is no Error", () => Promise.reject("oops"), { value: "oops" }],
] as const)("awaitMany rejects at once when any task %s, and the others go on unheard", ([, run, expected]) =>
  owning(async (self) => {
    const slow = Task.async(self, napping("slow", 100));
    const start = self.now();
    const bad = Task.async<unknown>(self, run);
    await expect(Task.awaitMany(self, [slow, bad])).rejects.toMatchObject(expected);
    expect(self.now()).toBe(start);
    expect(self.isAlive(slow.pid as Pid)).toBe(true);
    await expect(Task.awaitMany(self, [Task.completed(self, 1), bad])).rejects.toMatchObject(expected);
    await self.sleep(100);
  }),
);

test("a crash of one of many tasks kills an owner that does not trap exits", () =>
  inVirtualTime(async (sim) => {
    const running = inside(sim, (self) =>
      Task.awaitMany(self, [Task.async(self, forever), Task.async(self, () => exit("oops"))]),
    );
    await expect(running).rejects.toMatchObject({ cause: "oops" });
  }));

// ── ignore ──

test("ignore gives the result of a task that has ended, and forgets it", () =>
  owning(async (self) => {
    const task = Task.async(self, () => "ok");
    await finished(self, task);
    expect(Task.ignore(self, task)).toEqual({ ok: "ok" });
    await expect(Task.await(self, task, 0)).rejects.toThrow(
      `expected a task that was not given up, got: task ${task.pid} (an anonymous function), `,
    );
  }));

test("ignore gives the reason of a task that has failed", () =>
  owning(async (self) => {
    const task = Task.async(self, () => exit("oops"));
    await finished(self, task);
    expect(Task.ignore(self, task)).toEqual({ exit: "oops" });
    await expect(Task.yield(self, task, 0)).rejects.toMatchObject({ reason: "ignored" });
  }));

test("an ignored task goes on without its owner: neither its result nor its crash is heard of", () =>
  inVirtualTime(async (sim) => {
    await inside(sim, async (self) => {
      const late = Task.async(self, napping("late", 10));
      const failing = Task.async(self, async (own) => {
        await own.sleep(10);
        exit("oops");
      });
      expect([Task.ignore(self, late), Task.ignore(self, failing)]).toEqual([undefined, undefined]);
      await expect(Task.await(self, late, 0)).rejects.toMatchObject({ reason: "ignored" });
      expect(await self.receive(undefined, 100)).toEqual({ tag: "timeout" });
      expect([self.isAlive(late.pid as Pid), self.isAlive(failing.pid as Pid)]).toEqual([false, false]);
    });
  }));

test("an ignored task outlives its owner", () =>
  inVirtualTime(async (sim) => {
    const pid = await inside(sim, (self) => {
      const task = Task.async(self, forever);
      Task.ignore(self, task);
      return task.pid as Pid;
    });
    await sim.idle();
    expect(sim.isAlive(pid)).toBe(true);
  }));

test("a completed task may be ignored", () =>
  owning((self) => expect(Task.ignore(self, Task.completed(self, 1))).toEqual({ ok: 1 })));
