import fc from "fast-check";
import { BadArgument, type Driver, name, ok, realDriver, reply, system, type TimerRef, timeout } from "hornbeam";
import { start } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { Timers } from "../../runtime/timers.ts";
import { forever, puppet, REAL, runFixture } from "./support.ts";

const lobby = name("lobby");

test("a message is sent after its delay, and not before", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const receiver = puppet(sim);
    await receiver.does((self) => self.sendAfter("tick", 1000));
    await sim.advance(999);
    expect(receiver.inbox).toEqual([]);
    await sim.advance(1);
    expect(receiver.inbox).toEqual(["tick"]);
  }));

test("timers that are due at once fire in the order in which they were set", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const receiver = puppet(sim);
    await receiver.does((self) => {
      self.sendAfter("later", 11);
      for (let i = 0; i < 20; i++) self.sendAfter(i, 10);
    });
    await sim.advance(10);
    expect(receiver.inbox).toEqual(Array.from({ length: 20 }, (_, i) => i));
  }));

test("a cancelled timer does not fire; its cancel is true once, and false after it fired", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const receiver = puppet(sim);
    const timers: TimerRef[] = [];
    await receiver.does((self) => {
      timers.push(self.sendAfter("cancelled", 10), self.sendAfter("fired", 10));
    });
    const [cancelled, fired] = timers;
    expect([cancelled?.cancel(), cancelled?.cancel()]).toEqual([true, false]);
    await sim.advance(10);
    expect(receiver.inbox).toEqual(["fired"]);
    expect(fired?.cancel()).toBe(false);
  }));

test("a timer can be held with `using`", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const receiver = puppet(sim);
    await receiver.does((self) => {
      using _timer = self.sendAfter("tick", 10);
    });
    await sim.advance(10);
    expect(receiver.inbox).toEqual([]);
  }));

test("the end of the receiver takes its timers along, the end of who set them does not", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const receiver = puppet(sim);
    const victim = puppet(sim);
    const setter = puppet(sim);
    const timers: TimerRef[] = [];
    await setter.does((self) => {
      timers.push(self.sendAfter("tick", 10, victim.pid), self.sendAfter("tick", 10, receiver.pid));
    });
    sim.kill(victim.pid);
    sim.kill(setter.pid);
    expect(timers[0]?.cancel()).toBe(false);
    await sim.advance(10);
    expect(receiver.inbox).toEqual(["tick"]);
  }));

test("a timer to a dead process never was", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const gone = sim.spawn(() => {});
    const setter = puppet(sim);
    await setter.does((self) => expect(self.sendAfter("tick", 10, gone).cancel()).toBe(false));
  }));

test("a timer to a name goes to whoever holds it when the time has come, or to nobody", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const setter = puppet(sim);
    const first = sim.spawn(forever, { name: lobby });
    await setter.does((self) => {
      self.sendAfter("one", 10, lobby);
      self.sendAfter("two", 20, lobby);
    });
    sim.kill(first);
    await sim.advance(10);
    const second = puppet(sim, { name: lobby });
    await sim.advance(10);
    expect(second.inbox).toEqual(["two"]);
  }));

test("a delay that is not a number from 0 up is refused", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const setter = puppet(sim);
    await setter.does((self) => {
      for (const delay of [-1, Number.NaN, undefined as any]) {
        expect(() => self.sendAfter("tick", delay)).toThrow(BadArgument);
      }
    });
  }));

test("a sleep of no length that makes sense is refused, and other timers still fire", () =>
  inVirtualTime(async (sim) => {
    const refused: unknown[] = [];
    const sleeper = puppet(sim);
    await sleeper.does((self) => {
      for (const delay of [Number.NaN, undefined as any]) {
        Promise.resolve()
          .then(() => self.sleep(delay))
          .catch((error) => refused.push(error.constructor));
      }
    });
    await sleeper.does((self) => self.sendAfter("tick", 1));
    await sim.advance(1);
    expect(sleeper.inbox).toEqual(["tick"]);
    expect(refused).toEqual([BadArgument, BadArgument]);
  }));

test("a target that is neither a pid nor a name is refused when the timer is set", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const setter = puppet(sim);
    await setter.does((self) => expect(() => self.sendAfter("tick", 10, {} as any)).toThrow(BadArgument));
  }));

test("a delay beyond 2^31 ms is kept", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const receiver = puppet(sim);
    await receiver.does((self) => self.sendAfter("tick", 2 ** 40));
    await sim.advance(2 ** 40 - 1);
    expect(receiver.inbox).toEqual([]);
    await sim.advance(1);
    expect(receiver.inbox).toEqual(["tick"]);
  }));

test(
  "a delay beyond 2^31 ms is kept by the real clock, without a warning of Node",
  async () => {
    const { code, out, err } = await runFixture("long-delay.ts");
    expect({ code, out, err }).toEqual({ code: 0, out: "still asleep\n", err: "" });
  },
  REAL,
);

test("a sleep without end has none, and the clock does not jump to it", () =>
  inVirtualTime(async (sim) => {
    let woken = false;
    sim.spawn(async (self) => {
      await self.sleep(Number.POSITIVE_INFINITY);
      woken = true;
    });
    await new Promise((resolve) => sim.spawn((self) => self.sleep(10).then(resolve)));
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect([woken, sim.now()]).toEqual([false, 10]);
  }));

test(
  "a message and the end of a wait that fall on the same moment do not block each other",
  async () => {
    const { code, out } = await runFixture("same-moment.ts");
    expect({ code, out }).toEqual({ code: 0, out: '"message"\n' });
  },
  REAL,
);

test("every delay comes in its turn, whatever is set and cancelled; the alarm is quiet when all of them are", () => {
  const step = fc.record({
    kind: fc.constantFrom("set", "set", "set", "quiet", "cancel", "advance"),
    value: fc.oneof(fc.nat(50), fc.nat(4_000_000), fc.nat(40_000_000), fc.double({ min: 0, max: 3, noNaN: true })),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      let now = 0;
      let alarm: { at: number; fire: () => void; quiet: boolean } | undefined;
      const unused = () => expect.unreachable();
      const driver: Driver = {
        now: () => now,
        random: unused as never,
        defer: unused,
        alarm: (at, fire, quiet) => {
          alarm = at === undefined ? undefined : { at, fire, quiet };
        },
      };
      let stirred = false;
      const timers = new Timers(driver, () => {
        stirred = true;
      });
      const fired: number[] = [];
      const expected: number[] = [];
      let model: { id: number; at: number; timer: TimerRef; quiet?: true }[] = [];
      const expire = (until: number) => {
        const due = model.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at || a.id - b.id);
        expected.push(...due.map(({ id }) => id));
        model = model.filter(({ at }) => at > until);
      };
      const look = () => {
        stirred = false;
        timers.look(now);
        expire(now);
      };
      for (const [id, { kind, value }] of steps.entries()) {
        if (kind === "set") {
          model.push({ id, at: now + value, timer: timers.set(value, () => void fired.push(id), null) });
        } else if (kind === "quiet") {
          model.push({ id, at: now + value, timer: timers.setQuietly(value, () => void fired.push(id)), quiet: true });
        } else if (kind === "cancel" && model.length > 0) {
          const [gone] = model.splice(Math.floor(value) % model.length, 1);
          expect([gone?.timer.cancel(), gone?.timer.cancel()]).toEqual([true, false]);
        } else if (kind === "advance") {
          const until = now + value;
          look();
          while (alarm !== undefined && alarm.at <= until) {
            const { at, fire } = alarm;
            alarm = undefined;
            now = Math.max(now, at);
            fire();
          }
          now = until;
          expire(until);
        }
        // After some steps the clock is not looked at yet.
        const looks = value % 7 >= 1;
        expect(stirred || !timers.unbegun).toBe(true);
        if (looks) look();
        expect(fired).toEqual(expected);
        const loud = model.filter(({ quiet }) => quiet === undefined).length;
        expect(timers.pending).toBe(loud);
        if (looks) expect(alarm?.quiet).toBe(model.length === 0 ? undefined : loud === 0);
      }
    }),
  );
});

test("a timeout is one frozen value", () => {
  expect(timeout).toEqual({ tag: "timeout" });
  expect(Object.isFrozen(timeout)).toBe(true);
});

test("a pending timer can be read: how long until it fires", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const owner = puppet(sim);
    let timer: TimerRef | undefined;
    await owner.does((self) => {
      timer = self.sendAfter("ding", 100);
    });
    const { read } = { read: () => (timer as TimerRef).read() };
    expect(read()).toBe(100);
    await sim.advance(30);
    expect(read()).toBe(70);
    await sim.advance(100);
    expect(read()).toBeUndefined();
    await owner.does((self) => {
      timer = self.sendAfter("never", 100);
      timer.cancel();
    });
    expect(read()).toBeUndefined();
  }));

test("sendAt sends at a time of the clock, at once when that is past", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    await sim.advance(1_000);
    const owner = puppet(sim);
    await owner.does((self) => {
      self.sendAt("at 1500", 1_500);
      self.sendAt("past", 10);
      expect(() => self.sendAt("never", Number.NaN)).toThrow(/expected a time in ms, got: NaN/);
    });
    await sim.advance(0);
    expect(owner.inbox).toEqual(["past"]);
    await sim.advance(499);
    expect(owner.inbox).toEqual(["past"]);
    await sim.advance(1);
    expect(owner.inbox).toEqual(["past", "at 1500"]);
  }));

test("startTimer says which timer it was", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const owner = puppet(sim);
    const refs: number[] = [];
    await owner.does((self) => {
      refs.push(self.startTimer("a", 20).ref, self.startTimer("b", 10).ref);
    });
    await sim.advance(50);
    expect(owner.inbox).toEqual([
      { tag: "timer", ref: refs[1], message: "b" },
      { tag: "timer", ref: refs[0], message: "a" },
    ]);
    expect(refs[0]).not.toBe(refs[1]);
  }));

/** Timers in a world whose clock has fractions, and whose alarms come at whole milliseconds, as in the real one. */
function coarse() {
  const world = { now: 0, alarm: undefined as number | undefined, looks: 0, stirred: 0 };
  const driver: Driver = {
    now: () => {
      world.looks++;
      return world.now;
    },
    resolution: 1,
    random: () => expect.unreachable(),
    defer: () => expect.unreachable(),
    alarm: (at) => {
      world.alarm = at;
    },
  };
  const timers = new Timers(driver, () => void world.stirred++);
  return { world, timers };
}

test("with a resolution, timers are due at multiples of it, and never early", () => {
  const { world, timers } = coarse();
  const fired: string[] = [];
  timers.set(1, () => fired.push("a"), null);
  timers.setAt(1.2, () => fired.push("b"), null);
  world.now = 0.3;
  timers.look(world.now);
  expect(world.alarm).toBe(2);
  world.now = 1.9;
  timers.look(world.now);
  expect(fired).toEqual([]);
  world.now = 2;
  timers.look(world.now);
  expect(fired).toEqual(["a", "b"]);
});

test("a delay counts from the next look at the clock, and one is asked for; many at once have one taken for them", () => {
  const { world, timers } = coarse();
  const timer = timers.set(10, () => {}, null);
  expect([world.stirred, world.looks, timers.unbegun]).toEqual([1, 0, true]);
  world.now = 5;
  timers.look(world.now);
  expect([world.alarm, timer.read(), timers.unbegun]).toEqual([15, 10, false]);
  world.looks = 0;
  for (let i = 0; i < 1000; i++) timers.set(10, () => {}, null);
  expect(world.looks).toBe(Math.floor(1000 / 64));
});

test("what was cancelled before the clock was looked at never had an alarm", () => {
  const { world, timers } = coarse();
  expect(timers.set(10, () => {}, null).cancel()).toBe(true);
  timers.look(world.now);
  expect([world.alarm, timers.pending]).toEqual([undefined, 0]);
});

test("calls that are answered at once share a look at the clock and an alarm among many", async () => {
  const real = realDriver();
  let looks = 0;
  const alarms: (number | undefined)[] = [];
  const driver: Driver = {
    ...real,
    now: () => {
      looks++;
      return real.now();
    },
    alarm: (at, fire, quiet) => {
      alarms.push(at);
      real.alarm(at, fire, quiet);
    },
  };
  const world = system({ driver, reports: false, catchStrays: false });
  const Echo = { init: () => ok(0), handleCall: { echo: (value: number, state: number) => reply(value, state) } };
  const echo = await start(world, Echo);
  const done = Promise.withResolvers<void>();
  looks = 0;
  world.spawn(async (self) => {
    for (let i = 0; i < 1000; i++) expect(await self.call(echo, "echo", i)).toBe(i);
    done.resolve();
  });
  await done.promise;
  expect(looks).toBeLessThan(200);
  expect(alarms.length).toBeLessThan(200);
  await world.stop();
});
