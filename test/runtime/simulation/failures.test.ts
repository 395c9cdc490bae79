import type { Self } from "hornbeam";
import { name } from "hornbeam";
import { start } from "hornbeam/genserver";
import { exhaustive, fifo, pct, type Simulation, SimulationError, simulate } from "hornbeam/simulation";
import { describe, expect, test } from "vitest";
import { deposit, deposits, failureOf, Store } from "./support.ts";

const LOST = async (sim: Parameters<typeof deposits>[0]) => expect(await deposits(sim, 4)).toBe(3);

describe("a failure", () => {
  test("is the test's own error, with the one order that brings it about", async () => {
    const { error, message, found } = await failureOf(LOST, { strategy: pct(3), schedules: 500 });
    expect(error.name).toBe("AssertionError");
    expect(message).toMatch(/^expected [12] to be 3/);
    expect(message).toMatch(
      /schedule \d+ of 500, seed \d+ \(pct\(3\)\), \d+ steps, minimised to 1 order constraint in \d+ runs:/,
    );
    expect(message).toMatch(
      /^ {4}one→store\.set {3}waits for {3}two→store\.get#5$|^ {4}two→store\.set {3}waits for {3}one→store\.get$/m,
    );
    expect(found).toMatchObject({ orders: 1, faults: 0 });
  });

  test("shows the run, and marks who waited and for whom", async () => {
    const { message } = await failureOf(LOST, { strategy: pct(3), schedules: 500 });
    expect(message).toMatch(/^ +step +virtual +event$/m);
    expect(message).toMatch(/^ +\d+ +0 ms {3}\S+→store +set\S* {3}← waited$/m);
    expect(message).toMatch(/^ +\d+ +0 ms {3}\S+→store +get\S* {3}← came first$/m);
  });

  test("comes again 100 times of 100 by the line that it prints", async () => {
    const { message, found } = await failureOf(LOST, { strategy: pct(3), schedules: 500 });
    const [, seed, replay] = /simulate\(\{ seed: (\d+), replay: ("[^"]*") \}/.exec(message) ?? [];
    expect(JSON.parse(replay as string)).toBe(found?.replay);
    for (let i = 0; i < 100; i++) {
      const again = await failureOf(LOST, { seed: Number(seed), replay: found?.replay as string });
      expect(again.error.name).toBe("AssertionError");
    }
  });

  test("that production order shows, too, says so, and has no constraints", async () => {
    const { message, found } = await failureOf(async (sim) => expect(await deposits(sim, 0)).toBe(3));
    expect(message).toContain("it fails in the order of production, too (1 run)");
    expect(found).toMatchObject({ schedule: 1, orders: 0, replay: "" });
  });

  test("of many clients shrinks to very few constraints", async () => {
    const sizes: number[] = [];
    for (let seed = 0; seed < 20; seed++) {
      const crowd = async (sim: Parameters<typeof deposits>[0]) => {
        const store = await start(sim, Store, 0, { label: "store" });
        const clients = Array.from({ length: 5 }, (_, i) =>
          sim.spawn(deposit(store, 1, 6 * i), { label: `client${i}` }),
        );
        await sim.all(clients);
        expect(await sim.call(store, "get")).toBe(5);
      };
      const { found } = await failureOf(crowd, { seed: seed * 1000, schedules: 1000 });
      sizes.push(found?.orders as number);
      expect(found?.replay).toBeDefined();
    }
    sizes.sort((a, b) => a - b);
    expect(sizes[10]).toBe(1);
    expect(sizes.at(-1)).toBeLessThanOrEqual(3);
  });

  test("that is no Error is told, with what was thrown as the cause", async () => {
    const { error } = await failureOf(() => Promise.reject({ code: 7 }));
    expect(error.message).toMatch(/^\{ code: 7 \}/);
    expect(error.cause).toEqual({ code: 7 });
  });
});

describe("what the simulator finds by itself", () => {
  const fault = async (...args: Parameters<typeof failureOf>) => {
    const { error, message } = await failureOf(...args);
    expect(error).toBeInstanceOf(SimulationError);
    return [(error as SimulationError).fault, message.split("\n")[0]];
  };

  test("an invariant that does not hold after some step, by its name", async () => {
    const holds = fault((sim) => {
      sim.always("at most one", () => sim.processes().length <= 1);
      for (const label of ["a", "b"]) sim.spawn((self) => self.receive(), { label });
      return sim.idle();
    });
    expect(await holds).toEqual(["always", "always: at most one does not hold"]);
  });

  test("an invariant that throws, with what it threw", async () => {
    const holds = fault((sim) => {
      sim.always("nobody", () => expect(sim.processes().length).toBe(0));
      sim.spawn((self) => self.receive());
      return sim.idle();
    });
    expect(await holds).toEqual(["always", "always: nobody does not hold: expected 1 to be +0 // Object.is equality"]);
  });

  test("an invariant is asked only from the moment it is set, and after each step", async () => {
    let asked = 0;
    await simulate({ strategy: fifo() }, async (sim) => {
      await sim.all([sim.spawn(() => {})]);
      asked = 0;
      sim.always("counted", () => ++asked);
      await sim.all([sim.spawn(() => {})]);
    });
    // Behind the start of the second process, and behind the news of its end.
    expect(asked).toBe(2);
  });

  const sleeper = (time: number) => async (sim: Parameters<typeof deposits>[0]) => {
    let awake = false;
    sim.spawn(async (self) => {
      await self.sleep(time);
      awake = true;
    });
    await sim.eventually(() => awake, { within: 400 });
    expect(sim.now()).toBe(time);
  };

  test("what is not so in time", async () => {
    await simulate({ schedules: 5 }, sleeper(400));
    expect(await fault(sleeper(401))).toEqual(["eventually", "eventually: still not true after 400 ms: () => awake"]);
  });

  test("a run without an end", async () => {
    const endless = fault(
      async (sim) => {
        sim.spawn(async (self) => {
          for (;;) await self.sleep(1);
        });
        await sim.advance(1_000_000);
      },
      { steps: 500 },
    );
    expect((await endless)[1]).toBe(
      "the simulation does not come to rest: more than 500 steps (see the option `steps`)",
    );
  });

  test("a run that differs when it is repeated, and where", async () => {
    let runs = 0;
    const { error } = await failureOf(async (sim) => {
      if (runs++ % 2 === 1) sim.spawn(() => {}, { label: "sometimes" });
      await sim.idle();
    });
    expect((error as SimulationError).fault).toBe("nondeterminism");
    expect(error.message).toMatch(/two different runs: they differ at step 1, the second time root→sometimes\.starts/);
  });
});

test("leaks names the monitors and aliases that a process holds", () =>
  simulate({ schedules: 3 }, async (sim) => {
    const watched = sim.spawn((self) => self.receive(), { label: "watched" });
    const holder = sim.spawn(
      (self) => {
        for (let i = 0; i < 2; i++) self.monitor(watched);
        self.alias();
        return self.receive();
      },
      { label: "holder" },
    );
    await sim.idle();
    expect(sim.leaks()).toEqual([
      `process ${watched} watched`,
      `process ${holder} holder`,
      `2 monitors of ${holder} holder`,
      `1 aliases of ${holder} holder`,
    ]);
  }));

test("leaks names what is still there: processes, names, timers", () =>
  simulate({ schedules: 3 }, async (sim) => {
    expect(sim.leaks()).toEqual([]);
    const pid = sim.spawn((self) => self.sleep(1000), { name: name("lobby") });
    await sim.idle();
    expect(sim.leaks()).toEqual([`process ${pid} lobby`, "1 names", "1 timers"]);
    sim.kill(pid);
    expect(sim.leaks()).toEqual([]);
  }));

test("a failure is replayed whatever its messages are called", async () => {
  const test = async (sim: Simulation) => {
    const heard: unknown[] = [];
    const listener = sim.spawn(async (self) => void heard.push(await self.receive(), await self.receive()));
    sim.spawn((self) => {
      self.send(listener, "b < c, d → e");
      self.spawn((second) => second.send(listener, "x y"));
    });
    await sim.all([listener]);
    expect(heard[0]).toBe("b < c, d → e");
  };
  const { found } = await failureOf(test);
  expect(found?.orders).toBeGreaterThan(0);
  const { seed = 0, replay = "" } = found ?? {};
  expect((await failureOf(test, { seed, replay })).found?.orders).toBe(found?.orders);
});

describe("a test that waits for what never comes", () => {
  test("fails, and names the processes", async () => {
    const { message } = await failureOf((sim) => sim.all([sim.spawn((self) => self.receive(), { label: "deaf" })]));
    expect(message).toMatch(/waits for something that never comes.*<0\.\d+> deaf \(waiting\)$/m);
  });

  test("shrinks to the orders that bring it about, also when it waits for several promises at once", async () => {
    const { error, message, found } = await failureOf(async (sim) => {
      const waits = sim.spawn(async (self) => {
        await self.receive(undefined, 5);
        await Promise.all([self.receive((message) => message === "a"), self.sleep(1)]);
      });
      sim.spawn((self) => self.send(waits, "b"), { label: "b" });
      sim.spawn((self) => self.send(waits, "a"), { label: "a" });
      await sim.all([waits]);
    });
    expect((error as SimulationError).fault).toBe("stuck");
    expect(found?.orders).toBeGreaterThan(0);
    expect(found?.orders).toBeLessThan(3);
    expect(message).not.toMatch(/awaited at/);
  });

  test("fails with the stack with which a promise was made that the simulator does not control", async () => {
    const { message } = await failureOf(async (sim) => {
      const nothing = () => new Promise(() => {});
      const stuck = async (_: Self) => {
        await nothing();
      };
      await sim.all([sim.spawn(stuck, { label: "stuck" })]);
    });
    expect(message).toMatch(
      /It is awaited at stuck \(.*failures\.test\.ts:\d+:\d+\), and was made at nothing \(.*\n {4}at stuck \(/,
    );
  });

  test("does not fail for a promise that it says is foreign", async () => {
    const turn = () => new Promise<string>((resolve) => setImmediate(() => setImmediate(() => resolve("later"))));
    await simulate({ schedules: 30 }, async (sim) => expect(await sim.foreign(turn())).toBe("later"));
  });
});

test("the seed of a search is new each time, and told", async () => {
  const [one, other] = [await simulate({ schedules: 1 }, () => {}), await simulate({ schedules: 1 }, () => {})];
  expect(one.seed).not.toBe(other.seed);
});

test("a replay that names no event that happens is the order of production", async () => {
  const explored = await simulate({ seed: 1, replay: "no→body.x < no→body.y" }, LOST);
  expect(explored.schedules).toBe(1);
});

test.for([
  [{ schedules: 0 }, /schedules: expected a whole number from 1 up, got: 0/],
  [{ steps: 1.5 }, /steps: expected a whole number from 1 up, got: 1.5/],
  [{ seed: "x" }, /expected seed to be a whole number, got: 'x'/],
  [{ replay: "a << b" }, /replay: expected "event < event".*got: 'a << b'/],
  [{ allow: ["alert"] }, /expected allow to be a list of setTimeout.*got: \[ 'alert' \]/],
  [{ faults: { explode: "any" } }, /expected of faults one of kill.*got: 'explode'/],
  [{ faults: { kill: 7 } }, /expected of faults kill to be "any", a path, a RegExp or a function of a path, got: 7/],
  [{ faults: { jump: 0 } }, /expected of faults jump to be more than 0 ms, got: 0/],
  [{ faults: { kill: "any", max: 0 } }, /expected of faults max to be a whole number from 1 up, got: 0/],
  [{ faults: { kill: "any" }, strategy: exhaustive() }, /expected faults without exhaustive\(\)/],
  [null, /expected options \(an object\), got: null/],
] as const)("options that make no sense are refused: %o", async ([options, message]) => {
  await expect(simulate(options as never, () => {})).rejects.toThrow(message);
});

test("a depth that makes no sense is refused", () => {
  expect(() => pct(0)).toThrow(/pct: expected a depth \(a whole number from 1 up\), got: 0/);
});

test("a failure that no order of events brings about again says how the search does", async () => {
  let runs = 0;
  // What waits for the world outside is not repeated to be compared: the fourth run is the fourth schedule.
  const { message, found } = await failureOf(
    async (sim) => {
      await sim.foreign(Promise.resolve());
      if (++runs === 4) throw new Error("once");
    },
    { seed: 40, schedules: 10 },
  );
  expect(message).toMatch(
    /^once\n\n {2}schedule 4 of 10, seed 43 .*; no order of events alone brings it about again$/m,
  );
  expect(message).toContain("again:  simulate({ seed: 40, … as before }, …)");
  expect(found).toMatchObject({ schedule: 4, replay: undefined });
});
