import assert from "node:assert/strict";
import { type Pid, Task } from "hornbeam";
import { endsOf, forever, type Scenario, settled, text } from "../scenario.ts";

const awaited: Scenario = {
  promise: "an awaited task gives its value, its crash, or a timeout; then no message of it is left",
  async run(sim) {
    const results: string[] = [];
    const owner = sim.spawn(async function owner(self) {
      self.trapExit = true;
      const quick = Task.async(self, () => "value");
      const slow = Task.async(self, async (task) => {
        await task.sleep(5);
        return "slow value";
      });
      const crashing = Task.async(self, async (task) => {
        await task.sleep(5);
        throw new Error("crash");
      });
      results.push(await settled(Task.await(self, slow, 5)));
      results.push(await settled(Task.await(self, crashing, 0)));
      results.push(await settled(Task.await(self, quick)));
      const stray: unknown[] = [];
      for (
        let message = await self.receive(undefined, 20);
        message.tag !== "timeout";
        message = await self.receive(undefined, 20)
      ) {
        stray.push(message.tag);
      }
      assert.deepEqual(stray, ["exit", "exit", "exit"]);
    });
    await sim.all([owner]);
    await sim.idle();
    const [slow = "", crashing = "", quick] = results;
    assert.equal(quick, "value");
    assert.ok(["slow value", "timeout"].includes(slow), slow);
    assert.ok(["crash", "timeout"].includes(crashing), crashing);
    assert.deepEqual(sim.leaks(), []);
    return results.join();
  },
};

const shutdown: Scenario = {
  promise: "a task that is shut down has ended, and its value is had if it had one, however the two meet",
  async run(sim) {
    const results: string[] = [];
    const owner = sim.spawn(async function owner(self) {
      const tasks = [5, 5, 50].map((time) =>
        Task.async(self, async (task) => {
          await task.sleep(time);
          return `after ${time}`;
        }),
      );
      await self.sleep(5);
      for (const task of tasks) {
        const outcome = await Task.shutdown(self, task);
        assert.ok(task.pid === undefined || !self.isAlive(task.pid));
        results.push(outcome === undefined ? "stopped" : "ok" in outcome ? String(outcome.ok) : text(outcome.exit));
      }
      assert.deepEqual(await self.receive(undefined, 60), { tag: "timeout" });
    });
    await sim.all([owner]);
    assert.ok(
      results.slice(0, 2).every((result) => result === "after 5" || result === "stopped"),
      results.join(),
    );
    assert.equal(results[2], "stopped");
    assert.deepEqual(sim.leaks(), []);
    return results.join();
  },
};

const owned: Scenario = {
  promise: "a task ends with its owner, and an owner with its task's crash, unless it was ignored or traps exits",
  async run(sim) {
    const ends = endsOf(sim);
    const pids: Pid[] = [];
    const owner = sim.spawn(async function owner(self) {
      const crashing = Task.async(self, async (task) => {
        await task.receive();
        throw new Error("crash");
      });
      const other = Task.async(self, forever);
      const ignored = Task.async(self, forever);
      Task.ignore(self, ignored);
      pids.push(...[crashing, other, ignored].map(({ pid }) => pid as Pid));
      await forever(self);
    });
    await sim.idle();
    const [crashing, other, ignored] = pids as [Pid, Pid, Pid];
    sim.spawn((self) => self.send(crashing, "go"));
    sim.spawn((self) => self.exit(owner, "boom"));
    await sim.idle();
    const end = text(ends.get(owner));
    assert.ok(end === "boom" || end === "crash", end);
    assert.ok(!sim.isAlive(other) && !sim.isAlive(crashing));
    assert.equal(text(ends.get(crashing)) === "crash", end === "crash");
    assert.ok(sim.isAlive(ignored));
    return end;
  },
};

const streamed: Scenario = {
  promise: "a stream gives each item's result once and in order, runs no more at once than allowed, and leaves nothing",
  async run(sim) {
    let running = 0;
    const finished: number[] = [];
    const owner = sim.spawn(async function owner(self) {
      const results: unknown[] = [];
      const double = async (n: number, task: typeof self) => {
        assert.ok(++running <= 2, "too many at once");
        await task.sleep(n % 2);
        running--;
        finished.push(n);
        return n * 2;
      };
      for await (const result of Task.asyncStream(self, [1, 2, 3, 4], double, { maxConcurrency: 2 })) {
        results.push("ok" in result ? result.ok : result.exit);
      }
      assert.deepEqual(results, [2, 4, 6, 8]);
      const some = Task.asyncStream(self, [1, 2, 3], double, { maxConcurrency: 2, ordered: false });
      for await (const result of some) {
        assert.ok("ok" in result);
        break;
      }
      assert.deepEqual(await self.receive(undefined, 5), { tag: "timeout" });
    });
    await sim.all([owner]);
    assert.deepEqual(sim.leaks(), []);
    return finished.join();
  },
};

export const tasks = {
  "tasks: awaited": awaited,
  "tasks: shut down": shutdown,
  "tasks: owned": owned,
  "tasks: streamed": streamed,
} satisfies Record<string, Scenario>;
