import { BadArgument, exit, type Pid, type Reason, type Self, Task } from "hornbeam";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, forever, puppet } from "./support.ts";
import { owning } from "./task-support.ts";

const trapping = { trapExit: true };

/** What a task answers to the order to stop. */
const stopping = (end: () => unknown) => async (self: Self) => {
  await self.receive();
  return end();
};

const WAYS = [5000, "brutalKill"] as const;

test.for(WAYS)("shutdown (%s) gives the value of a task that has returned one, asked for before or not", (way) =>
  owning(async (self) => {
    const task = Task.async(self, () => "value");
    await Task.yield(self, task, 10);
    expect(await Task.shutdown(self, task, way)).toEqual({ ok: "value" });
    const unheard = Task.async(self, () => "value");
    await self.sleep(1);
    expect(await Task.shutdown(self, unheard, way)).toEqual({ ok: "value" });
  }),
);

test("shutdown gives the value that a task still returns when it is told to stop", () =>
  owning(async (self) => {
    const task = Task.async(
      self,
      stopping(() => "saved"),
      trapping,
    );
    await self.sleep(1);
    expect(await Task.shutdown(self, task)).toEqual({ ok: "saved" });
  }));

test.for([
  ["normal", { exit: "normal" }, { exit: "normal" }],
  ["shutdown", undefined, { exit: "shutdown" }],
  ["killed", { exit: "killed" }, undefined],
  ["oops", { exit: "oops" }, { exit: "oops" }],
  [{ shutdown: 1 }, { exit: { shutdown: 1 } }, { exit: { shutdown: 1 } }],
] as const)(
  "of a task that has exited with %o, shutdown gives %o, and with brutalKill %o",
  ([reason, polite, brutal]) =>
    owning(async (self) => {
      for (const [way, expected] of [
        [5000, polite],
        ["brutalKill", brutal],
      ] as const) {
        const task = Task.async(self, () => exit(reason as Reason));
        await self.sleep(1);
        expect(await Task.shutdown(self, task, way)).toEqual(expected);
      }
    }),
);

test.for([
  ["normal", { exit: "normal" }],
  ["shutdown", undefined],
  ["oops", { exit: "oops" }],
] as const)("of a task that exits with %s when it is told to stop, shutdown gives %o", ([reason, expected]) =>
  owning(async (self) => {
    const task = Task.async(
      self,
      stopping(() => exit(reason)),
      trapping,
    );
    await self.sleep(1);
    expect(await Task.shutdown(self, task)).toEqual(expected);
  }),
);

test("a task that does not trap exits is ended by shutdown with shutdown, by brutalKill with killed", () =>
  owning(async (self, sim) => {
    const died = deaths(sim);
    const polite = Task.async(self, forever);
    const brutal = Task.async(self, forever, trapping);
    await self.sleep(1);
    expect(await Task.shutdown(self, polite)).toBeUndefined();
    expect(await Task.shutdown(self, brutal, "brutalKill")).toBeUndefined();
    expect([died.get(polite.pid as Pid), died.get(brutal.pid as Pid)]).toEqual(["shutdown", "killed"]);
    expect(await self.receive(undefined, 0)).toEqual({ tag: "timeout" });
  }));

test("a task that does not stop in time is killed, and that is its reason", () =>
  owning(async (self) => {
    const task = Task.async(self, forever, trapping);
    await self.sleep(1);
    const start = self.now();
    expect(await Task.shutdown(self, task, 30)).toEqual({ exit: "killed" });
    expect(self.now() - start).toBe(30);
    const other = Task.async(self, forever, trapping);
    await self.sleep(1);
    expect(await Task.shutdown(self, other)).toEqual({ exit: "killed" });
    expect(self.now() - start).toBe(5031);
  }));

test("shutdown waits for ever, if told to", () =>
  owning(async (self) => {
    const task = Task.async(
      self,
      stopping(() => "slow"),
      trapping,
    );
    const slow = Task.async(
      self,
      async (own) => {
        await own.receive();
        await own.sleep(1e6);
        return "slow";
      },
      trapping,
    );
    await self.sleep(1);
    expect(await Task.shutdown(self, task, "infinity")).toEqual({ ok: "slow" });
    expect(await Task.shutdown(self, slow, "infinity")).toEqual({ ok: "slow" });
  }));

test("a task whose end is no more known of gives noproc", () =>
  owning(async (self) => {
    const task = Task.async(self, () => "value");
    await self.sleep(1);
    Task.ignore(self, task);
    expect(await Task.shutdown(self, task)).toEqual({ exit: "noproc" });
    expect(await Task.shutdown(self, task, "brutalKill")).toEqual({ exit: "noproc" });
  }));

test("a task can be shut down after an await of it had no more time", () =>
  owning(async (self) => {
    const task = Task.async(self, forever);
    await expect(Task.await(self, task, 10)).rejects.toMatchObject({ reason: "timeout" });
    expect(await Task.shutdown(self, task)).toBeUndefined();
    expect(self.isAlive(task.pid as Pid)).toBe(false);
  }));

test("a completed task has no process to shut down", () =>
  owning(async (self) => {
    const task = Task.completed(self, 1);
    const text = `Task.shutdown: expected a task with a process, got: the completed task ${task.ref}`;
    await expect(Task.shutdown(self, task)).rejects.toThrow(text);
    await expect(Task.shutdown(self, task, "brutalKill")).rejects.toThrow(text);
    await expect(
      Task.shutdown(
        self,
        Task.async(self, () => 1),
        -1,
      ),
    ).rejects.toThrow(BadArgument);
  }));

test("a task that is told to stop does so in its time, even if its owner ends meanwhile", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    let task: any;
    const owner = puppet(sim);
    await owner.does((self) => {
      task = Task.async(self, forever, trapping);
    });
    await owner.does((self) => {
      Task.shutdown(self, task, 100);
      exit("oops");
    });
    expect(sim.isAlive(task.pid)).toBe(true);
    await sim.advance(99);
    expect(sim.isAlive(task.pid)).toBe(true);
    await sim.advance(1);
    expect(sim.isAlive(task.pid)).toBe(false);
  }));
