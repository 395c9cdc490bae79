import { BadArgument, exit, isDown, name, type Pid, type Self, Task } from "hornbeam";
import { Supervisor, supervisor } from "hornbeam/supervisor";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, events, forever, inside, puppet } from "./support.ts";

const trapping = { trapExit: true };

test("a task runs its function in a process of its own, linked to its owner and watched by it", () =>
  inVirtualTime(async (sim) => {
    await inside(sim, async (self) => {
      const task = Task.async(self, forever);
      const [info] = sim.processes().filter(({ pid }) => pid === task.pid);
      expect(info).toMatchObject({ links: [self.pid], parent: self.pid, label: `${task.pid} task` });
      expect(sim.processes().find(({ pid }) => pid === self.pid)?.monitors).toEqual([task.pid]);
      await Task.shutdown(self, task);
    });
  }));

test("the function of a task gets the self of the task, with its label, its name and its mailbox", () =>
  inVirtualTime(async (sim) => {
    await inside(sim, async (self) => {
      const task = Task.async(self, async (own) => [own.pid, await own.receive()], {
        name: name("worker"),
        label: "w",
      });
      expect(sim.processes().at(-1)).toMatchObject({ label: `${task.pid} w`, name: "worker" });
      self.send(name("worker"), "hello");
      expect(await Task.await(self, task)).toEqual([task.pid, "hello"]);
    });
  }));

test("the result of a task goes past the mailbox of its owner, and the task is gone when it is there", () =>
  inVirtualTime(async (sim) => {
    await inside(sim, async (self) => {
      const early = Task.async(self, () => "early");
      const late = Task.async(self, async (task) => {
        await task.sleep(10);
        return "late";
      });
      self.send(self.pid, "mine");
      expect(await Task.await(self, late)).toBe("late");
      expect(await Task.await(self, early)).toBe("early");
      expect([self.isAlive(late.pid as Pid), self.isAlive(early.pid as Pid)]).toEqual([false, false]);
      expect(await self.receive()).toBe("mine");
      expect(await self.receive(undefined, 0)).toEqual({ tag: "timeout" });
    });
  }));

test("a task that crashes takes its owner along before that can see it", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const seen: unknown[] = [];
    const error = new Error("oops");
    const owner = sim.spawn(async (self) => {
      const task = Task.async(self, () => {
        throw error;
      });
      seen.push(await Task.await(self, task).catch((caught) => caught));
    });
    await sim.idle();
    expect(died.get(owner)).toBe(error);
    expect(seen).toEqual([]);
  }));

test("an owner that traps exits hears of the end of a task by the link, too", () =>
  inVirtualTime(async (sim) => {
    await inside(
      sim,
      async (self) => {
        const task = Task.async(self, () => 1);
        expect(await Task.await(self, task)).toBe(1);
        expect(await self.receive()).toEqual({ tag: "exit", pid: task.pid, reason: "normal" });
      },
      trapping,
    );
  }));

test.for([
  ["oops", "oops"],
  ["shutdown", "shutdown"],
  ["normal", { shutdown: "normal" }],
] as const)("a task ends with its owner: when that ends with %s, with %o", ([reason, expected]) =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    let task: any;
    const owner = puppet(sim);
    await owner.does((self) => {
      task = Task.async(self, forever);
    });
    await owner.does(() => exit(reason));
    expect(died.get(task.pid)).toEqual(expected);
  }),
);

test.for([
  ["oops", "oops"],
  ["normal", { shutdown: "normal" }],
] as const)("a task that traps exits hears once that its owner has ended with %s: as %o", ([reason, expected]) =>
  inVirtualTime(async (sim) => {
    const heard: unknown[] = [];
    const owner = puppet(sim);
    await owner.does((self) => {
      const listen = async (task: Self) => {
        for (;;) heard.push(await task.receive());
      };
      Task.async(self, listen, trapping);
    });
    await owner.does(() => exit(reason));
    expect(heard).toEqual([{ tag: "exit", pid: owner.pid, reason: expected }]);
  }),
);

test("a task whose owner dies before it has begun never runs", () =>
  inVirtualTime(async (sim) => {
    let ran = false;
    const owner = puppet(sim);
    await owner.does((self) => {
      Task.async(self, () => {
        ran = true;
      });
      exit("oops");
    });
    expect(ran).toBe(false);
  }));

test("a dead process that goes on starts no task, and hears of none", () =>
  inVirtualTime(async (sim) => {
    const zombies = events(sim, "process.zombie");
    const seen: string[] = [];
    const pid = sim.spawn(async (self) => {
      const running = Task.async(self, forever);
      self.exit(self.pid, "oops");
      const task = Task.async(self, () => seen.push("ran"));
      Task.ignore(self, running);
      for (const asked of [
        Task.await(self, task),
        Task.awaitMany(self, [task]),
        Task.yield(self, task),
        Task.yieldMany(self, [task]),
        Task.shutdown(self, running),
        running[Symbol.asyncDispose](),
        Task.asyncStream(self, [1], () => seen.push("stream"))
          [Symbol.asyncIterator]()
          .next(),
      ]) {
        asked.then(
          () => seen.push("heard"),
          () => seen.push("heard"),
        );
      }
    });
    await sim.idle();
    expect(seen).toEqual([]);
    expect(zombies.filter((zombie) => zombie.pid === pid).map(({ operation }) => operation)).toEqual([
      "spawn",
      "ignore",
      "await",
      "awaitMany",
      "yield",
      "yieldMany",
      "shutdown",
      "shutdown",
      "asyncStream",
      "settle",
    ]);
  }));

test("what a process waits for from a task does not resume it after its end", () =>
  inVirtualTime(async (sim) => {
    const seen: string[] = [];
    let task: any;
    const owner = puppet(sim);
    await owner.does((self) => {
      task = Task.async(self, (own) => own.receive(), trapping);
      Task.await(self, task).then(() => seen.push("await"));
      Task.yield(self, task).then(() => seen.push("yield"));
      Task.yieldMany(self, [task]).then(() => seen.push("yieldMany"));
      Task.awaitMany(self, [task]).then(() => seen.push("awaitMany"));
    });
    sim.kill(owner.pid);
    await sim.idle();
    expect(sim.isAlive(task.pid)).toBe(false);
    expect(seen).toEqual([]);
  }));

test("a process of no task has no callers; a task has its starter, and that one's callers", () =>
  inVirtualTime(async (sim) => {
    await inside(sim, async (self) => {
      expect(self.callers).toEqual([]);
      const outer = Task.async(self, async (own) => {
        const inner = Task.async(own, (task) => [task.callers, task.spawn((child) => seen.push(child.callers))]);
        return [own.pid, own.callers, (await Task.await(own, inner))[0]];
      });
      const seen: unknown[] = [];
      const [pid, callers, innerCallers] = await Task.await(self, outer);
      expect(callers).toEqual([self.pid]);
      expect(innerCallers).toEqual([pid, self.pid]);
      await self.sleep(0);
      expect(seen).toEqual([[]]);
    });
  }));

test.for(["start", "startLink"] as const)("Task.%s runs a function that nobody waits for, with callers", (way) =>
  inVirtualTime(async (sim) => {
    await inside(sim, async (self) => {
      let callers: unknown;
      const pid = Task[way](self, async (own) => {
        callers = own.callers;
        await own.receive();
      });
      const [info] = sim.processes().filter((info) => info.pid === pid);
      expect(info?.links).toEqual(way === "start" ? [] : [self.pid]);
      await self.sleep(1);
      expect(callers).toEqual([self.pid]);
      self.monitor(pid);
      self.send(pid, "go");
      expect(await self.receive(isDown)).toMatchObject({ pid, reason: "normal" });
    });
  }),
);

test("a system may start a task that is nobody's", () =>
  inVirtualTime(async (sim) => {
    const seen: unknown[] = [];
    const pid = Task.start(sim, (self) => seen.push(self.pid));
    await sim.idle();
    expect(seen).toEqual([pid]);
  }));

test("a completed task has its value, no process, and leaves no message", () =>
  inVirtualTime(async (sim) => {
    await inside(sim, async (self) => {
      const task = Task.completed(self, 5);
      expect(task.pid).toBeUndefined();
      expect(await Task.await(self, task)).toBe(5);
      expect(await Task.yield(self, Task.completed(self, undefined))).toEqual({ ok: undefined });
      expect(await Task.awaitMany(self, [Task.completed(self, 1), Task.async(self, () => 2)])).toEqual([1, 2]);
      expect(await self.receive(undefined, 0)).toEqual({ tag: "timeout" });
      await task[Symbol.asyncDispose]();
    });
  }));

test("a child spec of a task is temporary, and called by its id, its name or its function", async () => {
  const warmUp = () => {};
  expect(Task.child(warmUp)).toMatchObject({ id: "warmUp", restart: "temporary" });
  expect(Task.child(() => {})).toMatchObject({ id: "an anonymous function" });
  expect(Task.child(warmUp, { name: name("w") })).toMatchObject({ id: "w" });
  const spec = Task.child(warmUp, { id: "x", restart: "permanent", shutdown: 10, name: name("w") });
  expect(spec).toEqual({ id: "x", restart: "permanent", shutdown: 10, start: expect.any(Function) });
});

test("a task can be supervised: it ends and is not started again, or is, as its spec says", () =>
  inVirtualTime(async (sim) => {
    const runs: string[] = [];
    const once = Task.child(() => runs.push("once"), { id: "once" });
    const again = Task.child(
      (self: Self) => {
        runs.push("again");
        return runs.length < 4 ? exit("oops") : forever(self);
      },
      { id: "again", restart: "transient", name: name("again"), label: "worker" },
    );
    const init = () => ({ strategy: "oneForOne" as const, children: [once, again] });
    const pid = await sim.start(supervisor({ init }));
    await sim.idle();
    expect(runs).toEqual(["once", "again", "again", "again"]);
    expect(await Supervisor.whichChildren(sim, pid)).toMatchObject([{ id: "again", pid: sim.whereis(name("again")) }]);
    expect(sim.processes().at(-1)?.label).toMatch(/ worker$/);
  }));

test("what is no function, no task or no time is refused", () =>
  inVirtualTime(async (sim) => {
    await inside(sim, async (self) => {
      expect(() => Task.async(self, 5 as any)).toThrow(BadArgument);
      expect(() => Task.start(self, undefined as any)).toThrow("Task: expected a function, got: undefined");
      expect(() => Task.child("x" as any)).toThrow(BadArgument);
      expect(() => Task.ignore(self, {} as any)).toThrow("Task.ignore: expected a task, got: {}");
      await expect(Task.await(self, Promise.resolve() as any)).rejects.toThrow(BadArgument);
      await expect(Task.awaitMany(self, 5 as any)).rejects.toThrow("Task.awaitMany: expected a list of tasks, got: 5");
      const task = Task.completed(self, 1);
      await expect(Task.await(self, task, -1)).rejects.toThrow(BadArgument);
      await expect(Task.yield(self, task, "soon" as any)).rejects.toThrow(BadArgument);
    });
  }));

test("await using shuts a task down at the end of the scope", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    await inside(sim, async (self) => {
      let kept: any;
      {
        await using task = Task.async(self, forever);
        kept = task;
        await Task.yield(self, task, 10);
      }
      expect(died.get(kept.pid)).toBe("shutdown");
      expect(await self.receive(undefined, 0)).toEqual({ tag: "timeout" });
    });
  }));

test("await using shuts down a task that was given up by a timeout, too", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    await inside(sim, async (self) => {
      let kept: any;
      const scope = async () => {
        await using task = Task.async(self, forever);
        kept = task;
        await Task.await(self, task, 10);
      };
      await expect(scope()).rejects.toMatchObject({ reason: "timeout" });
      expect(died.get(kept.pid)).toBe("shutdown");
    });
  }));

test("await using leaves alone what has ended or was ignored", () =>
  inVirtualTime(async (sim) => {
    await inside(sim, async (self) => {
      let kept: any;
      {
        await using done = Task.async(self, () => 1);
        expect(await Task.await(self, done)).toBe(1);
        await using task = Task.async(self, forever);
        kept = task;
        Task.ignore(self, task);
      }
      expect(self.isAlive(kept.pid)).toBe(true);
    });
  }));
