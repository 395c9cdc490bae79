import { BadArgument, exit, isDown, type Pid, type Self, Task } from "hornbeam";
import { expect, test } from "vitest";
import { deaths, forever } from "./support.ts";
import { owning } from "./task-support.ts";

const finished = async (self: Self, task: { readonly pid: Pid | undefined }): Promise<void> => {
  self.monitor(task.pid as Pid);
  await self.receive((message) => isDown(message) && message.pid === task.pid);
};

const napping =
  <T>(value: T, time: number) =>
  async (self: Self): Promise<T> => {
    await self.sleep(time);
    return value;
  };

// ── yield ──

test("yield gives the value of a task, before or after it has ended, and as often as it is asked", () =>
  owning(async (self) => {
    const task = Task.async(self, napping("value", 5));
    expect(await Task.yield(self, task)).toEqual({ ok: "value" });
    expect(await Task.yield(self, task, 0)).toEqual({ ok: "value" });
    const early = Task.async(self, () => undefined);
    await finished(self, early);
    expect(await Task.yield(self, early, 0)).toEqual({ ok: undefined });
  }));

test("yield gives undefined for a task that still runs, which may be asked again", () =>
  owning(async (self) => {
    const task = Task.async(self, napping("value", 100));
    const start = self.now();
    expect(await Task.yield(self, task, 0)).toBeUndefined();
    expect(self.now() - start).toBe(0);
    expect(await Task.yield(self, task, 40)).toBeUndefined();
    expect(self.now() - start).toBe(40);
    expect(await Task.yield(self, task)).toEqual({ ok: "value" });
    const forEver = Task.async(self, forever);
    expect(await Task.yield(self, forEver)).toBeUndefined();
    expect(self.now() - start).toBe(5100);
    expect(await Task.yield(self, Task.async(self, napping(1, 1e7)), "infinity")).toEqual({ ok: 1 });
    await Task.shutdown(self, forEver);
  }));

test.for(["normal", "oops", { shutdown: 1 }])("yield gives the reason of a task that exits with %o", (reason) =>
  owning(async (self) => {
    const task = Task.async(self, () => exit(reason));
    expect(await Task.yield(self, task)).toEqual({ exit: reason });
    expect(await Task.yield(self, task)).toEqual({ exit: reason });
  }),
);

// ── yieldMany ──

const mixed = (self: Self) =>
  [
    Task.async(self, () => "now"),
    Task.async(self, napping(1, 50)),
    Task.async(self, () => exit("oops")),
    Task.async(self, forever),
  ] as const;

test("yieldMany gives the end of each task, in their order, and undefined for those that run", () =>
  owning(async (self) => {
    const tasks = mixed(self);
    const start = self.now();
    expect(await Task.yieldMany(self, tasks, 100)).toEqual([{ ok: "now" }, { ok: 1 }, { exit: "oops" }, undefined]);
    expect(self.now() - start).toBe(100);
    expect(await Task.yieldMany(self, tasks.slice(0, 3))).toEqual([{ ok: "now" }, { ok: 1 }, { exit: "oops" }]);
    expect(self.now() - start).toBe(100);
    expect(await Task.yieldMany(self, [])).toEqual([]);
    await Task.shutdown(self, tasks[3]);
  }));

test("yieldMany leaves those that run alone by default: they may be asked again", () =>
  owning(async (self) => {
    const task = Task.async(self, napping("late", 100));
    const start = self.now();
    expect(await Task.yieldMany(self, [task], { timeout: 0 })).toEqual([undefined]);
    expect(self.now() - start).toBe(0);
    expect(await Task.yieldMany(self, [task], { timeout: 10, onTimeout: "nothing" })).toEqual([undefined]);
    expect(await Task.await(self, task)).toBe("late");
    expect(await Task.yieldMany(self, [Task.async(self, forever)])).toEqual([undefined]);
    expect(self.now() - start).toBe(5100);
  }));

test("yieldMany kills those that run when the time is up, if told to", () =>
  owning(async (self, sim) => {
    const died = deaths(sim);
    const tasks = mixed(self);
    const results = await Task.yieldMany(self, tasks, { timeout: 10, onTimeout: "killTask" });
    expect(results).toEqual([{ ok: "now" }, undefined, { exit: "oops" }, undefined]);
    expect([died.get(tasks[1].pid as Pid), died.get(tasks[3].pid as Pid)]).toEqual(["killed", "killed"]);
    expect(await self.receive((message) => message.reason === "killed", 0)).toEqual({ tag: "timeout" });
  }));

test("yieldMany ignores those that run when the time is up, if told to", () =>
  owning(async (self) => {
    const tasks = mixed(self);
    const results = await Task.yieldMany(self, tasks, { timeout: 10, onTimeout: "ignore" });
    expect(results).toEqual([{ ok: "now" }, undefined, { exit: "oops" }, undefined]);
    expect(self.isAlive(tasks[1].pid as Pid)).toBe(true);
    await expect(Task.yield(self, tasks[1])).rejects.toMatchObject({ reason: "ignored" });
    expect(await Task.yield(self, tasks[0])).toEqual({ ok: "now" });
  }));

test("yieldMany waits for no more ends than its limit, and then spares those that run", () =>
  owning(async (self) => {
    const tasks = [30, 10, 20].map((time) => Task.async(self, napping(time, time)));
    const start = self.now();
    const options = { limit: 2, onTimeout: "killTask" } as const;
    expect(await Task.yieldMany(self, tasks, options)).toEqual([undefined, { ok: 10 }, { ok: 20 }]);
    expect(self.now() - start).toBe(20);
    expect(await Task.yieldMany(self, tasks, options)).toEqual([undefined, { ok: 10 }, { ok: 20 }]);
    expect(self.now() - start).toBe(20);
    expect(await Task.yieldMany(self, tasks, { limit: 5 })).toEqual([{ ok: 30 }, { ok: 10 }, { ok: 20 }]);
  }));

test("yieldMany that does not reach its limit in time kills those that run, if told to", () =>
  owning(async (self) => {
    const tasks = [Task.async(self, napping(10, 10)), Task.async(self, forever), Task.async(self, forever)];
    const options = { limit: 2, timeout: 50, onTimeout: "killTask" } as const;
    expect(await Task.yieldMany(self, tasks, options)).toEqual([{ ok: 10 }, undefined, undefined]);
    expect(tasks.map(({ pid }) => self.isAlive(pid as Pid))).toEqual([false, false, false]);
  }));

test("yieldMany waits for ever, if told to", () =>
  owning(async (self) => {
    const tasks = [Task.async(self, napping("a", 1e6)), Task.async(self, napping("b", 2e6))];
    expect(await Task.yieldMany(self, tasks, { timeout: "infinity" })).toEqual([{ ok: "a" }, { ok: "b" }]);
    expect(await Task.yieldMany(self, tasks, "infinity")).toEqual([{ ok: "a" }, { ok: "b" }]);
  }));

test("yieldMany refuses what it cannot work with", () =>
  owning(async (self) => {
    const tasks = [Task.completed(self, 1)];
    const limit = "Task.yieldMany: expected limit to be a whole number from 1 up, got: 0";
    await expect(Task.yieldMany(self, tasks, { limit: 0 })).rejects.toThrow(limit);
    await expect(Task.yieldMany(self, tasks, { onTimeout: "explode" as any })).rejects.toThrow(BadArgument);
    await expect(Task.yieldMany(self, tasks, { timeout: -1 })).rejects.toThrow(BadArgument);
    await expect(Task.yieldMany(self, [1 as any])).rejects.toThrow("Task.yieldMany: expected a task, got: 1");
  }));
