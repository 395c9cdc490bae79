import { name, noreply, ok, reply, type Self } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { forever, puppet } from "../support.ts";

const Clock = {
  init: () => ok(0),
  handleCall: {
    wait: async (delay: number, n: number, self) => {
      await self.sleep(delay);
      return reply(self.now(), n);
    },
  },
  handleInfo: (_: unknown, n: number) => noreply(n),
} satisfies GenServer<number>;

test("time jumps to the next timer when every process waits", () =>
  inVirtualTime(async (sim) => {
    const clock = await start(sim, Clock);
    expect(await sim.with({ timeout: "infinity" }).call(clock, "wait", 3_600_000)).toBe(3_600_000);
    expect(sim.now()).toBe(3_600_000);
  }));

test("advance lets exactly its time pass, and every timer until then fire in order", () =>
  inVirtualTime(async (sim) => {
    const woken: number[] = [];
    for (const delay of [30, 10, 20, 10]) {
      sim.spawn((self) => self.sleep(delay).then(() => void woken.push(self.now())));
    }
    await sim.advance(9);
    expect([woken, sim.now()]).toEqual([[], 9]);
    await sim.advance(16);
    expect([woken, sim.now()]).toEqual([[10, 10, 20], 25]);
  }));

test("what a timer causes comes to rest before the next timer fires", () =>
  inVirtualTime(async (sim) => {
    const log: string[] = [];
    const clock = await start(sim, Clock);
    const step = (label: string, delay: number) => async (self: Self) => {
      await self.sleep(delay);
      for (let i = 0; i < 3; i++) {
        await self.call(clock, "wait", 0);
        log.push(`${label}${i}`);
      }
    };
    sim.spawn(step("a", 10));
    sim.spawn(step("b", 10.5));
    await sim.advance(20);
    expect(log).toEqual(["a0", "a1", "a2", "b0", "b1", "b2"]);
  }));

test(
  "two advances at once are both over when their time has passed",
  () =>
    inVirtualTime(async (sim) => {
      await Promise.all([sim.advance(5), sim.advance(10)]);
      expect(sim.now()).toBeGreaterThanOrEqual(10);
    }),
  1000,
);

test("idle resolves when every process waits, and lets no time pass", () =>
  inVirtualTime(async (sim) => {
    const log: string[] = [];
    const receiver = puppet(sim);
    sim.spawn(async (self) => {
      self.send(receiver.pid, "one");
      await Promise.resolve();
      self.send(receiver.pid, "two");
      await self.sleep(1);
      self.send(receiver.pid, "later");
    });
    await sim.idle();
    log.push(...receiver.inbox);
    expect([log, sim.now()]).toEqual([["one", "two"], 0]);
  }));

test("a test may end while the system that it has told to stop waits for a timer, also in manual time", async () => {
  let stopped = Promise.resolve();
  await inVirtualTime({ time: "manual" }, async (sim) => {
    const slow = { id: "slow", start: async (parent: Self) => parent.spawnLink(lingers), shutdown: 5000 };
    await sim.start(slow);
    await sim.idle();
    stopped = sim.stop();
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(sim.processes()).toHaveLength(1);
  });
  await stopped;
});

/** Takes a second to end. */
const lingers = async (self: Self): Promise<void> => {
  self.trapExit = true;
  await self.receive();
  await self.sleep(1000);
};

test("with manual time only advance moves the clock", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    let woken = false;
    sim.spawn((self) =>
      self.sleep(1).then(() => {
        woken = true;
      }),
    );
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(woken).toBe(false);
    await sim.advance(1);
    expect(woken).toBe(true);
  }));

test("the same seed gives the same numbers, another seed others", async () => {
  const draw = (seed: number) =>
    inVirtualTime({ seed }, async (sim) => {
      expect(sim.seed).toBe(seed);
      const drawn: number[] = [];
      sim.spawn((self) => {
        for (let i = 0; i < 20; i++) drawn.push(self.random());
      });
      await sim.idle();
      return drawn;
    });
  const [one, again, other] = [await draw(7), await draw(7), await draw(8)];
  expect(again).toEqual(one);
  expect(other).not.toEqual(one);
  expect(one.every((number) => number >= 0 && number < 1)).toBe(true);
});

test("inVirtualTime gives back what the test returns, and passes on what it throws", async () => {
  expect(await inVirtualTime(async () => 42)).toBe(42);
  const error = new Error("oops");
  await expect(
    inVirtualTime(async () => {
      throw error;
    }),
  ).rejects.toBe(error);
});

test("a simulation that never comes to rest is given up, with advice", async () => {
  const endless = inVirtualTime({ jumps: 100 }, async (sim) => {
    sim.spawn(async (self) => {
      for (;;) await self.sleep(1);
    });
    await new Promise(() => {});
  });
  await expect(endless).rejects.toThrow(/does not come to rest.*`jumps`/);
});

test("leaks names what is still there", () =>
  inVirtualTime(async (sim) => {
    expect(sim.leaks()).toEqual([]);
    const pid = sim.spawn((self) => self.sleep(1000), { name: name("lobby") });
    await sim.idle();
    expect(sim.leaks()).toEqual([`process ${pid} lobby`, "1 names", "1 timers"]);
    sim.kill(pid);
    expect(sim.leaks()).toEqual([]);
  }));

test("kill ends a process that traps exits", () =>
  inVirtualTime(async (sim) => {
    const pid = sim.spawn(forever, { trapExit: true });
    sim.kill(pid, "please");
    await sim.idle();
    sim.kill(pid);
    expect(sim.isAlive(pid)).toBe(false);
  }));

test("a simulation stops its children in order, at the end of the test", async () => {
  let end: unknown;
  await inVirtualTime(async (sim) => {
    sim.telemetry.on("process.exit", (_, { reason, label }) => {
      if (label.endsWith("worker")) end = reason;
    });
    await sim.start({ id: "worker", start: async (root) => root.spawnLink(forever, { label: "worker" }) });
  });
  expect(end).toBe("shutdown");
});
