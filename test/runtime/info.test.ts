import { type Driver, noreply, ok, reply, type Self, system } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { events, forever, puppet } from "./support.ts";

const Worker = {
  init: () => ok(0),
  handleCall: {
    work: async (job: string, done, self) => {
      await self.sleep(50);
      return reply(job, done + 1);
    },
  },
  handleInfo: (_: unknown, done) => noreply(done),
} satisfies GenServer<number>;

test("the info of a process says what it is busy with, and for how long", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const server = await start(sim, Worker);
    expect(sim.processInfo(server)).toMatchObject({ status: "waiting", current: undefined });
    const answer = sim.call(server, "work", "sums");
    await sim.advance(20);
    expect(sim.processInfo(server)).toMatchObject({
      status: "busy",
      current: { message: { request: "work", payload: "sums" }, age: 20 },
    });
    await sim.advance(100);
    expect(await answer).toBe("sums");
    expect(sim.processInfo(server)).toMatchObject({ status: "waiting", current: undefined });
  }));

test("the info of a process shows who watches it, its links, aliases and timers", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const watched = puppet(sim, { trapExit: true });
    const watcher = puppet(sim);
    await watcher.does((self) => {
      self.monitor(watched.pid);
      self.link(watched.pid);
    });
    await watched.does((self) => {
      self.alias();
      self.sendAfter("later", 10);
      self.sendAfter("later still", 20);
    });
    expect(sim.processInfo(watched.pid)).toMatchObject({
      trapExit: true,
      links: [watcher.pid],
      monitoredBy: [watcher.pid],
      aliases: 1,
      timers: 2,
    });
    await sim.advance(15);
    expect(sim.processInfo(watched.pid)?.timers).toBe(1);
  }));

test("a process that has ended has no info", () =>
  inVirtualTime(async (sim) => {
    const pid = sim.spawn(forever);
    sim.kill(pid);
    expect(sim.processInfo(pid)).toBeUndefined();
  }));

test("a process knows its ancestors, whether it is linked to them or not, and whether they live or not", () =>
  inVirtualTime(async (sim) => {
    const lines: unknown[] = [];
    let child: Self | undefined;
    const grandparent = sim.spawn((top) => {
      top.spawn((middle) => {
        middle.spawnLink((self) => {
          child = self;
          lines.push(self.ancestors.length, self.ancestors[1] === top.pid, self.ancestors[0] === middle.pid);
          return forever(self);
        });
        return forever(middle);
      });
    });
    await sim.idle();
    expect(sim.isAlive(grandparent)).toBe(false);
    expect(lines).toEqual([2, true, true]);
    expect(sim.processInfo((child as Self).pid)?.ancestors).toEqual((child as Self).ancestors);
  }));

test("a listing shows the nearest sixteen ancestors of a long line", () =>
  inVirtualTime(async (sim) => {
    let last: Self | undefined;
    const dive = (depth: number) => (self: Self) => {
      if (depth > 0) self.spawn(dive(depth - 1));
      else last = self;
      return forever(self);
    };
    sim.spawn(dive(40));
    await sim.idle();
    const { pid, ancestors } = last as Self;
    expect(ancestors.length).toBe(40);
    expect(sim.processInfo(pid)?.ancestors).toEqual(ancestors.slice(0, 16));
  }));

test("whoever is taken along by a cascade knows the process that fell first", () =>
  inVirtualTime(async (sim) => {
    const exits = events(sim, "process.exit");
    const chain: Self[] = [];
    const next = (depth: number) => (self: Self) => {
      chain.push(self);
      if (depth > 0) self.spawnLink(next(depth - 1), { label: `link ${depth - 1}` });
      return forever(self);
    };
    sim.spawn(next(3), { label: "link 3" });
    await sim.idle();
    const [, second] = chain as [Self, Self];
    sim.exit(second.pid, "boom");
    await sim.idle();
    const first = { pid: second.pid, label: `${second.pid} link 2` };
    expect(exits.map(({ label, reason, origin }) => [label.replace(/^\S+ /, ""), reason, origin])).toEqual([
      ["link 2", "boom", undefined],
      ["link 3", "boom", first],
      ["link 1", "boom", first],
      ["link 0", "boom", first],
    ]);
  }));

/** A world whose clock moves only when a callback says so. */
function clockwork() {
  let now = 0;
  const turns: (() => void)[] = [];
  const driver: Driver = {
    now: () => now,
    random: () => 0,
    defer: (turn) => void turns.push(turn),
    alarm: () => {},
  };
  const settle = () => {
    for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) turn();
  };
  const pass = (time: number) => {
    now += time;
  };
  return { driver, settle, pass };
}

const Busy = (pass: (time: number) => void) =>
  ({
    init: () => ok(0),
    handleInfo: (time: number, count) => {
      pass(time);
      return noreply(count + 1);
    },
  }) satisfies GenServer<number>;

test("a system that keeps account knows the time of each process, and names the callback that blocks", async () => {
  const { driver, settle, pass } = clockwork();
  const world = system({ driver, reports: false, catchStrays: false, accounting: { blockedAfter: 40 } });
  const blocked: unknown[] = [];
  world.telemetry.on("process.blocked", (measurements, { pid, message }) => {
    blocked.push({ ...measurements, pid, message });
  });
  const starting = start(world, Busy(pass));
  settle();
  const server = await starting;
  for (const time of [10, 40, 41]) world.send(server, time);
  settle();
  expect(world.processInfo(server)?.spent).toBe(91);
  expect(blocked).toEqual([{ duration: 41, limit: 40, pid: server, message: 41 }]);
});

test("a system keeps no account unless it is asked to", async () => {
  const { driver, settle, pass } = clockwork();
  const world = system({ driver, reports: false, catchStrays: false });
  const starting = start(world, Busy(pass));
  settle();
  const server = await starting;
  world.send(server, 500);
  settle();
  expect(world.processInfo(server)?.spent).toBe(0);
});

test("a limit that makes no sense is refused", () => {
  expect(() => system({ accounting: { blockedAfter: 0 } })).toThrow(/blockedAfter to be more than 0 ms, got: 0/);
});
