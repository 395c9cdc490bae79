import assert from "node:assert/strict";
import { exit, name, type Pid, type Self, Task, timeout } from "hornbeam";
import { TaskSupervisor } from "hornbeam/supervisor";
import { endsOf, forever, type Scenario, settled } from "../../scenario.ts";

const tasks = name("tasks");

const lateResult: Scenario = {
  promise:
    "a task that nobody is linked to gives its result once: to who waits, or as a message; never after a timeout",
  async run(sim) {
    await sim.start(TaskSupervisor.child({ name: tasks }));
    const had: string[] = [];
    const owner = sim.spawn(async (self) => {
      const late = await TaskSupervisor.asyncNolink(self, tasks, (task) => task.sleep(20));
      assert.equal(await settled(Task.await(self, late, 10)), "timeout");
      const quick = await TaskSupervisor.asyncNolink(self, tasks, async (task) => {
        await task.sleep(5);
        return "quick";
      });
      if (self.random() < 0.5) await self.sleep(5);
      had.push(await settled(Task.await(self, quick)));
      const crashed = await TaskSupervisor.asyncNolink(self, tasks, () => exit("oops"));
      await self.sleep(self.random() < 0.5 ? 0 : 1);
      had.push(await settled(Task.await(self, crashed)));
      assert.ok((await self.receive(undefined, 50)) === timeout, "a stray result");
    });
    await sim.all([owner]);
    assert.deepEqual(had, ["quick", "oops"]);
  },
};

const owned: Scenario = {
  promise: "a task ends with its owner, however that ends, and is not started for who has ended",
  async run(sim) {
    await sim.start(TaskSupervisor.child({ name: tasks }));
    const ends = endsOf(sim);
    let working = 0;
    const work = async (task: Self) => {
      working++;
      task.own({ [Symbol.dispose]: () => void working-- });
      await task.sleep(1000);
    };
    const leaver = sim.spawn(async function leaver(self) {
      Task.async(self, work);
      await TaskSupervisor.async(self, tasks, work);
      await self.receive();
    });
    let failing: Pid | undefined;
    const victim = sim.spawn(async function victim(self) {
      const task = await TaskSupervisor.async(self, tasks, async (each) => {
        await each.receive();
        exit("oops");
      });
      failing = task.pid as Pid;
      await forever(self);
    });
    await sim.advance(1);
    assert.equal(working, 2);
    sim.send(leaver, "end");
    sim.send(failing as Pid, "fail");
    await sim.idle();
    assert.equal(working, 0);
    assert.equal(ends.get(victim), "oops");
    const hasty = sim.spawn(async function hasty(self) {
      void TaskSupervisor.async(self, tasks, work);
      await self.receive();
    });
    sim.spawn((self) => self.exit(hasty, "kill"));
    await sim.idle();
    assert.equal(working, 0);
    assert.deepEqual(await TaskSupervisor.children(sim, tasks), []);
  },
};

const shutDown: Scenario = {
  promise: "a task that is shut down has its time, and then is killed; what it gives in time counts",
  async run(sim) {
    const owner = sim.spawn(async (self) => {
      const stubborn = Task.async(self, async (task) => {
        task.trapExit = true;
        await task.receive((message) => message === "never");
      });
      const willing = Task.async(self, async (task) => {
        task.trapExit = true;
        await task.receive();
        return "done";
      });
      await self.sleep(1);
      const before = self.now();
      assert.deepEqual(await Task.shutdown(self, stubborn, 10), { exit: "killed" });
      assert.equal(self.now(), before + 10);
      assert.deepEqual(await Task.shutdown(self, willing, 10), { ok: "done" });
      assert.equal(self.now(), before + 10);
    });
    await sim.all([owner]);
  },
};

const several: Scenario = {
  promise: "who waits for several tasks goes on when all, enough, or one too many have ended, and no other is hurt",
  async run(sim) {
    await sim.start(TaskSupervisor.child({ name: tasks }));
    const owner = sim.spawn(async (self) => {
      const after = (delay: number) =>
        TaskSupervisor.asyncNolink(self, tasks, async (task) => {
          await task.sleep(delay);
          if (delay === 5) exit("five");
          return delay;
        });
      const before = self.now();
      const slow = await after(30);
      assert.equal(await settled(Task.awaitMany(self, [slow, await after(5)])), "five");
      assert.equal(self.now(), before + 5);
      const [quick, patient] = [await after(2), await after(20)];
      const enough = await Task.yieldMany(self, [quick, patient], { limit: 1, onTimeout: "killTask" });
      assert.deepEqual(enough, [{ ok: 2 }, undefined]);
      assert.equal(await Task.await(self, patient), 20);
      assert.deepEqual(await Task.yieldMany(self, [await after(7), await after(9)], { timeout: 8 }), [
        { ok: 7 },
        undefined,
      ]);
    });
    await sim.all([owner]);
  },
};

const stream: Scenario = {
  promise: "a stream runs as many tasks at once as it may, gives results in order, and leaves none running",
  async run(sim) {
    let running = 0;
    let most = 0;
    const work = async (item: number, task: Self) => {
      most = Math.max(most, ++running);
      task.own({ [Symbol.dispose]: () => void running-- });
      await task.sleep(5 - item);
      return item;
    };
    const owner = sim.spawn(async (self) => {
      const items: unknown[] = [];
      for await (const { ok } of Task.asyncStream(self, [0, 1, 2, 3, 4], work, { maxConcurrency: 2 })) items.push(ok);
      assert.deepEqual(items, [0, 1, 2, 3, 4]);
      assert.equal(most, 2);
      for await (const { ok } of Task.asyncStream(self, [4, 0, 0], work)) {
        assert.equal(ok, 4);
        break;
      }
      assert.equal(running, 0);
    });
    await sim.all([owner]);
  },
};

export const tasksAndStreams = {
  "tasks: late results": lateResult,
  "tasks: their owner ends": owned,
  "tasks: shut down in time": shutDown,
  "tasks: several": several,
  "tasks: a stream": stream,
} satisfies Record<string, Scenario>;
