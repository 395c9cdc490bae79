import { name, ok, type Pid, reply } from "hornbeam";
import { child, type GenServer, start } from "hornbeam/genserver";
import { type Simulation, simulate } from "hornbeam/simulation";
import { supervisor } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { failureOf, Store } from "./support.ts";

const Counter = {
  init: () => ok(0),
  handleCall: { add: (by: number, count) => reply(count + by, count + by) },
} satisfies GenServer<number>;

const App = {
  init: () => ({
    strategy: "oneForOne" as const,
    maxRestarts: 100,
    children: ["a", "b"].map((id) => child(Counter, { id, name: name(id) })),
  }),
};

const app = (sim: Simulation): Promise<Pid> => sim.start(supervisor(App, { label: "app" }));

/** The reasons of all ends in all runs of a search that finds nothing. */
async function ends(test: (sim: Simulation) => unknown, options: Parameters<typeof simulate>[0]) {
  const reasons = new Map<string, string[]>();
  const path = (label: string) => label.replace(/^\S+ /, "");
  await simulate({ seed: 1, schedules: 200, ...options }, async (sim) => {
    sim.telemetry.on("process.exit", (_, { label, reason }) => {
      if (path(label) === "root") return;
      const list = reasons.get(path(label)) ?? [];
      reasons.set(path(label), [...list, reason instanceof Error ? reason.name : String(reason)]);
    });
    await test(sim);
  });
  return reasons;
}

const quiet = async (sim: Simulation) => {
  await app(sim).catch(() => {});
  await sim.advance(5000);
};

test("kill hits any process, at any step, but not the test", async () => {
  const reasons = await ends(quiet, { faults: { kill: "any" } });
  expect([...reasons.keys()].toSorted()).toEqual(["a", "app", "b"]);
  for (const list of reasons.values()) expect(list).toContain("killed");
});

test.for([
  ["a path", "app/a"],
  ["a RegExp", /\/a$/],
  ["a function", (path: string) => path === "app/a"],
] as const)("victims are those of %s", async ([, kill]) => {
  const reasons = await ends(quiet, { faults: { kill } });
  expect(reasons.get("a")).toContain("killed");
  expect([reasons.get("app"), reasons.get("b")].flat()).not.toContain("killed");
});

test("max is how many faults a run has at most, and so many occur", async () => {
  const counts = new Set<number>();
  await simulate({ seed: 1, schedules: 300, faults: { kill: /\//, max: 3 } }, async (sim) => {
    let killed = 0;
    sim.telemetry.on("process.exit", (_, { reason }) => void (reason === "killed" && killed++));
    await app(sim).catch(() => {});
    await sim.advance(1000);
    counts.add(killed);
  });
  expect(Math.max(...counts)).toBe(3);
  expect(counts.has(0)).toBe(true);
});

test("throwIn has a callback throw: its caller hears of it, terminate runs, and the supervisor restarts it", async () => {
  const terminated: unknown[] = [];
  const Careful = { ...Counter, terminate: (reason: unknown) => void terminated.push(reason) };
  const heard = new Set<string>();
  await simulate({ seed: 1, schedules: 200, faults: { throwIn: "careful" } }, async (sim) => {
    const pid = await start(sim, Careful, { label: "careful" });
    const asked = await sim.call(pid, "add", 1).catch((error: Error) => error.message.replace(/ in .*/s, ""));
    heard.add(String(asked));
    sim.kill(pid);
    await sim.idle();
  });
  expect([...heard].toSorted()).toEqual([
    "1",
    "call 'add' to <0.2>: expected a reply, got: InjectedError: injected by the simulation",
  ]);
  expect(terminated.length).toBeGreaterThan(0);
});

test("failStart fails a start: whoever started it hears why", async () => {
  const { message, found } = await failureOf(async (sim) => void (await start(sim, Counter, { label: "counter" })), {
    faults: { failStart: "counter" },
  });
  expect(message).toMatch(/^start of <0\.\d+> counter: expected a process that is up, got: InjectedError/);
  expect(found).toMatchObject({ orders: 0, faults: 1, replay: "throw in root→counter.starts" });
});

test("stall lets the others overtake a process, and it goes on afterwards", async () => {
  const times = new Set<number>();
  await simulate({ seed: 1, schedules: 200, faults: { stall: "slow", stalledFor: 70 } }, async (sim) => {
    const slow = sim.spawn((self) => self.receive(), { label: "slow" });
    sim.send(slow, "go");
    await sim.all([slow]);
    times.add(sim.now());
  });
  expect([...times].toSorted()).toEqual([0, 70]);
});

test("a process that is stalled gets neither messages nor replies meanwhile, and its timers ring behind that", async () => {
  const slow = async (sim: Simulation, at: string) => {
    const heard: [string, number][] = [];
    const store = await start(sim, Store, 0, { label: "store" });
    const pid = sim.spawn(
      async (self) => {
        const note = (what: string) => heard.push([what, self.now()]);
        await self.call(store, "get").then(() => note("reply"));
        await self.receive().then(() => note("message"));
        await self.sleep(10).then(() => note("timer"));
      },
      { label: "slow" },
    );
    sim.send(pid, "go");
    await sim.all([pid]);
    return `${at}: ${heard.map(([what, time]) => `${what} ${time}`).join(", ")}`;
  };
  const seen: string[] = [];
  for (const at of ["slow→store.get", "root→slow.go", "clock→slow.timer"]) {
    await simulate(
      { seed: 1, replay: `stall slow for 70 after ${at}` },
      async (sim) => void seen.push(await slow(sim, at)),
    );
  }
  // A replay is run once, and once more to see that it is the same.
  expect([...new Set(seen)]).toEqual([
    "slow→store.get: reply 70, message 70, timer 80",
    "root→slow.go: reply 0, message 70, timer 80",
    "clock→slow.timer: reply 0, message 0, timer 80",
  ]);
});

test("jump sets the clock ahead: timers fire late, and never early", async () => {
  const late = new Set<number>();
  await simulate({ seed: 1, schedules: 200, faults: { jump: 30 } }, async (sim) => {
    const sleeper = sim.spawn(async (self) => {
      const begun = self.now();
      await self.sleep(10);
      late.add(self.now() - begun);
    });
    await sim.all([sleeper]);
  });
  expect(Math.min(...late)).toBe(10);
  expect(Math.max(...late)).toBeGreaterThan(10);
});

describe("a failure that needs faults", () => {
  /** Money leaves one account before it reaches the other. */
  const transfer = async (sim: Simulation) => {
    await app(sim);
    const clerk = sim.spawn(
      async (self) => {
        await self.call(name("a"), "add", -5);
        await self.call(name("b"), "add", 5);
      },
      { label: "clerk" },
    );
    await sim.all([clerk]).catch(() => {});
    await sim.idle();
    const [a, b] = [await sim.call(name("a"), "add", 0), await sim.call(name("b"), "add", 0)];
    expect(a + b).toBe(0);
  };

  test("shrinks to the one fault, is shown in the run, and comes again by what it prints", async () => {
    const { message, found } = await failureOf(transfer, { faults: { kill: "clerk", max: 5 }, schedules: 500 });
    expect(message).toMatch(/minimised to 1 fault in \d+ runs:/);
    expect(message).toMatch(/^ {4}kill clerk after \S+$/m);
    expect(message).toMatch(/^ +0 ms {3}✗ kill clerk after \S+$/m);
    expect(found).toMatchObject({ orders: 0, faults: 1 });
    for (let i = 0; i < 20; i++)
      await failureOf(transfer, { seed: found?.seed as number, replay: found?.replay as string });
  });

  test("keeps those that it needs", async () => {
    const twice = async (sim: Simulation) => {
      let ends = 0;
      sim.telemetry.on("process.exit", (_, { reason }) => void (reason === "killed" && ends++));
      await app(sim).catch(() => {});
      await sim.advance(100);
      expect(ends).toBeLessThan(2);
    };
    const { found } = await failureOf(twice, { faults: { kill: /app\//, max: 6 }, schedules: 500 });
    expect(found).toMatchObject({ orders: 0, faults: 2 });
  });

  test("makes their times as short as they may be, in powers of ten", async () => {
    const patient = async (sim: Simulation) => {
      const slow = sim.spawn((self) => self.receive(), { label: "slow" });
      sim.send(slow, "go");
      await sim.all([slow]);
      expect(sim.now()).toBeLessThan(50);
    };
    const { found } = await failureOf(patient, { faults: { stall: "slow", stalledFor: 60_000 } });
    expect(found?.replay).toMatch(/^stall slow for 100 after \S+$/);
  });

  test("is replayed with every kind of fault", async () => {
    const faults = { kill: "any", throwIn: "any", failStart: "any", stall: "any", jump: 500, max: 6 } as const;
    const fragile = async (sim: Simulation) => {
      await transfer(sim);
      expect(sim.now()).toBe(0);
    };
    const kinds = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const { found } = await failureOf(fragile, { faults, schedules: 500, seed: seed * 1000 });
      expect(found?.replay, String(seed)).toBeDefined();
      for (const [kind] of found?.replay?.matchAll(/kill|throw|stall|jump/g) ?? []) kinds.add(kind);
      await failureOf(fragile, { seed: found?.seed as number, replay: found?.replay as string });
    }
    expect([...kinds].toSorted()).toEqual(["jump", "kill", "stall", "throw"]);
  });
});
