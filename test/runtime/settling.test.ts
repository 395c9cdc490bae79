// A promise of the runtime that has been settled resumes its process only if that still lives when it is its turn.
import { exit, type From, noreply, ok, type Pid, reply, type Self, system, Task } from "hornbeam";
import { answer, type GenServer, start } from "hornbeam/genserver";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, forever } from "./support.ts";

const Killer = {
  init: () => ok(0),
  handleCall: {
    answerAndKill: (_, n: number, self, from) => {
      answer(from, "too late");
      self.exit(from.pid, "kill");
      return noreply(n);
    },
    crash: () => exit("crash"),
    get: (_, n: number) => reply(n, n),
  },
} satisfies GenServer<number>;

/** A process that waits for something, and a look at whether it went on. */
function waiter(sim: VirtualSystem, wait: (self: Self) => Promise<unknown>) {
  const resumed: unknown[] = [];
  const pid = sim.spawn(async (self) => {
    await wait(self).then(
      (value) => resumed.push(value),
      (error) => resumed.push(error),
    );
    await forever(self);
  });
  return { pid, resumed };
}

test("who is answered and killed in one callback does not go on", () =>
  inVirtualTime(async (sim) => {
    const server = await start(sim, Killer);
    const { pid, resumed } = waiter(sim, (self) => self.call(server, "answerAndKill"));
    await sim.idle();
    expect(sim.isAlive(pid)).toBe(false);
    expect(resumed).toEqual([]);
  }));

test("who is told of an end by its call, and then taken along by it, does not go on", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const server = await start(sim, Killer);
    let between: Pid | undefined;
    const { pid, resumed } = waiter(sim, async (self) => {
      // The end of the server comes to the caller twice: by its call, then by way of another link.
      between = self.spawnLink((other) => {
        other.link(server);
        return forever(other);
      });
      await self.sleep(1);
      await self.call(server, "crash");
    });
    await sim.idle();
    await sim.advance(1);
    expect([died.get(server), died.get(between as Pid), died.get(pid)]).toEqual(["crash", "crash", "crash"]);
    expect(resumed).toEqual([]);
  }));

test("who is woken by one timer and killed by another of the same moment does not go on", () =>
  inVirtualTime(async (sim) => {
    const resumed: unknown[] = [];
    const owner = sim.spawn(async (self) => {
      const task = Task.async(self, async (inner) => {
        inner.trapExit = true;
        await inner.sleep(10);
        resumed.push("slept");
      });
      await self.sleep(1);
      await Task.shutdown(self, task, 9);
    });
    await sim.idle();
    await sim.advance(10);
    expect(sim.isAlive(owner)).toBe(false);
    expect(resumed).toEqual([]);
  }));

test("who has got its message and is killed in the same callback does not go on", () =>
  inVirtualTime(async (sim) => {
    const heard: unknown[] = [];
    const receiver = sim.spawn(async (self) => {
      for (;;) heard.push(await self.receive());
    });
    await sim.idle();
    sim.send(receiver, "one");
    await sim.idle();
    sim.spawn((self) => {
      self.send(receiver, "two");
      self.exit(receiver, "kill");
    });
    await sim.idle();
    expect(heard).toEqual(["one"]);
  }));

test("of two that are answered at once, the first may kill the second, which then does not go on", () =>
  inVirtualTime(async (sim) => {
    const waiting: From[] = [];
    const Both = {
      init: () => ok(undefined),
      handleCall: {
        wait: (_, state: undefined, __, from) => {
          waiting.push(from);
          if (waiting.length === 2) for (const one of waiting) answer(one, "now");
          return noreply(state);
        },
      },
    } satisfies GenServer<undefined>;
    const server = await start(sim, Both);
    let second: Pid | undefined;
    const first = waiter(sim, async (self) => {
      const value = await self.call(server, "wait");
      self.exit(second as Pid, "kill");
      return value;
    });
    await sim.idle();
    const other = waiter(sim, (self) => self.call(server, "wait"));
    second = other.pid;
    await sim.idle();
    expect(first.resumed).toEqual(["now"]);
    expect(other.resumed).toEqual([]);
  }));

test("the answer and a message sent after it arrive in their order, in real time too", async () => {
  await using world = system({ reports: false });
  const heard: unknown[] = [];
  const Talker = {
    init: () => ok(0),
    handleCall: {
      talk: (_, n: number, self, from) => {
        self.send(from.pid, "before");
        answer(from, "answer");
        self.send(from.pid, "after");
        return noreply(n);
      },
    },
  } satisfies GenServer<number>;
  const server = await start(world, Talker);
  const done = Promise.withResolvers<void>();
  world.spawn(async (self) => {
    heard.push(await self.call(server, "talk"));
    heard.push(await self.receive(), await self.receive());
    done.resolve();
  });
  await done.promise;
  expect(heard).toEqual(["answer", "before", "after"]);
});
