import type { Pid, Self } from "hornbeam";
import { start } from "hornbeam/genserver";
import { exhaustive, fifo, pct, random, type Search, type Simulation, simulate, standard } from "hornbeam/simulation";
import { describe, expect, test } from "vitest";
import { deposits, Store } from "./support.ts";

/** Every order in which a receiver saw the messages of senders that each send some, over all schedules of a search. */
async function orders(counts: readonly number[], options: { strategy: Search; schedules: number }) {
  const seen = new Map<string, number>();
  const explored = await simulate({ seed: 1, ...options }, async (sim) => {
    const got: string[] = [];
    const receiver = sim.spawn(async (self) => {
      for (let i = counts.reduce((a, b) => a + b); i > 0; i--) got.push(await self.receive());
    });
    const send = (label: string, count: number) => (self: Self) => {
      for (let i = 1; i <= count; i++) self.send(receiver, `${label}${i}`);
    };
    const senders = counts.map((count, i) => sim.spawn(send("abc"[i] as string, count)));
    await sim.all([...senders, receiver]);
    seen.set(got.join(" "), (seen.get(got.join(" ")) ?? 0) + 1);
  });
  return { seen, explored };
}

test("exhaustive sees every order of the messages of two senders, and never two of one sender swapped", async () => {
  const { seen, explored } = await orders([2, 2], { strategy: exhaustive(), schedules: 100_000 });
  expect(explored.complete).toBe(true);
  expect([...seen.keys()].toSorted()).toEqual([
    "a1 a2 b1 b2",
    "a1 b1 a2 b2",
    "a1 b1 b2 a2",
    "b1 a1 a2 b2",
    "b1 a1 b2 a2",
    "b1 b2 a1 a2",
  ]);
});

test("exhaustive counts what it has seen, and says when that was not all", async () => {
  const all = await orders([1, 1], { strategy: exhaustive(), schedules: 100_000 });
  const again = await orders([1, 1], { strategy: exhaustive(), schedules: 100_000 });
  expect(again.explored).toEqual(all.explored);
  const some = await orders([1, 1], { strategy: exhaustive(), schedules: all.explored.schedules - 1 });
  expect(some.explored).toMatchObject({ schedules: all.explored.schedules - 1, complete: false });
  const exact = await orders([1, 1], { strategy: exhaustive(), schedules: all.explored.schedules });
  expect(exact.explored.complete).toBe(true);
});

test("random sees every order, too", async () => {
  const { seen } = await orders([2, 2], { strategy: random(), schedules: 300 });
  expect(seen.size).toBe(6);
});

test("fifo is one schedule, in the order of sending", async () => {
  const { seen, explored } = await orders([2, 1], { strategy: fifo(), schedules: 50 });
  expect(explored).toMatchObject({ schedules: 1, complete: true });
  expect([...seen.keys()]).toEqual(["a1 a2 b1"]);
});

test("pct(1) leaves a sender only for one that was not there yet; more depth sees more orders", async () => {
  const seen = async (depth: number) => (await orders([3, 3], { strategy: pct(depth), schedules: 600 })).seen;
  const [one, two, three] = [await seen(1), await seen(2), await seen(3)];
  const switches = (order: string) => [...order.matchAll(/a\d(?= b)|b\d(?= a)/g)].length;
  expect(Math.max(...[...one.keys()].map(switches))).toBe(2);
  expect(Math.max(...[...two.keys()].map(switches))).toBe(3);
  expect(one.size).toBeLessThan(two.size);
  expect(two.size).toBeLessThan(three.size);
});

test("two replies of one server come in its order, those of two servers in any", async () => {
  const seen = { same: new Set<string>(), other: new Set<string>() };
  await simulate({ seed: 1, schedules: 300 }, async (sim) => {
    const servers = [await start(sim, Store, 0, { label: "x" }), await start(sim, Store, 0, { label: "y" })];
    const ask = (second: number) => async (self: Self) => {
      const log: number[] = [];
      const asked = [servers[0], servers[second]].map((server, i) =>
        self.call(server as Pid, "get").then(() => log.push(i)),
      );
      await Promise.all(asked);
      seen[second === 0 ? "same" : "other"].add(log.join(""));
    };
    await sim.all([sim.spawn(ask(0)), sim.spawn(ask(1))]);
  });
  expect([...seen.same]).toEqual(["01"]);
  expect([...seen.other].toSorted()).toEqual(["01", "10"]);
});

describe("a lost update whose racing step comes after four others", () => {
  const lost = (strategy: Search, seed: number, schedules: number) =>
    simulate({ seed, strategy, schedules }, async (sim) => expect(await deposits(sim, 4)).toBe(3)).then(
      () => undefined,
      (error: Error) => Number(/schedule (\d+) of/.exec(error.message)?.[1]),
    );

  test("is never seen in the order of production", async () => {
    expect(await lost(fifo(), 1, 1)).toBeUndefined();
  });

  test("is found by pct within a few schedules, by the default, and by random", async () => {
    for (const [strategy, most] of [
      [pct(3), 12],
      [standard(), 20],
      [random(), 80],
    ] as const) {
      const needed: number[] = [];
      for (let seed = 0; seed < 15; seed++) needed.push((await lost(strategy, seed * 1000, 1000)) ?? Number.NaN);
      const median = needed.toSorted((a, b) => a - b)[7] as number;
      expect(median, strategy.name).toBeLessThanOrEqual(most);
    }
  });
});

/** Timers, messages, crashes and dice: what a run may be made of. */
async function mixed(sim: Simulation, log: unknown[]): Promise<void> {
  const sink = sim.spawn(async (self) => {
    for (;;) log.push(await self.receive());
  });
  const busy = (label: string) => async (self: Self) => {
    await self.sleep(Math.floor(self.random() * 3));
    self.send(sink, `${label} ${self.random()}`);
    if (self.random() < 0.3) throw new Error(label);
  };
  const pids: Pid[] = ["a", "b", "c"].map((label) => sim.spawn(busy(label), { label }));
  await sim.all(pids).catch(() => {});
  await sim.advance(10);
}

test("the same seed gives the same run, another seed others", async () => {
  const runs = async (seed: number) => {
    const logs: unknown[][] = [];
    await simulate({ seed, schedules: 10 }, async (sim) => {
      const log: unknown[] = [];
      logs.push(log);
      await mixed(sim, log);
    });
    return logs;
  };
  expect(await runs(7)).toEqual(await runs(7));
  expect(await runs(7)).not.toEqual(await runs(8));
});

test("the dice of a process do not depend on who draws before it", async () => {
  const drawn = new Map<string, Set<number>>([
    ["a", new Set()],
    ["b", new Set()],
  ]);
  let first = "";
  const firsts = new Set<string>();
  for (let i = 0; i < 20; i++) {
    // The same seed, so the same dice, under another order each time.
    await simulate({ seed: 5, schedules: 1, strategy: i % 2 ? fifo() : backwards }, async (sim) => {
      first = "";
      const roll = (label: string) => (self: Self) => {
        first ||= label;
        drawn.get(label)?.add(self.random());
      };
      await sim.all(["a", "b"].map((label) => sim.spawn(roll(label), { label })));
      firsts.add(first);
    });
  }
  expect(firsts).toEqual(new Set(["a", "b"]));
  expect([drawn.get("a")?.size, drawn.get("b")?.size]).toEqual([1, 1]);
});

/** The youngest first. */
const backwards: Search = {
  name: "backwards",
  begin: () => ({ next: () => ({ choose: (events) => events.at(-1) as (typeof events)[number] }) }),
};

test("two timers that are due at once fire in either order, and one that is due later never before", async () => {
  const seen = new Set<string>();
  await simulate({ strategy: exhaustive(), schedules: 100_000 }, async (sim) => {
    const log: string[] = [];
    const sleeper = (label: string, delay: number) =>
      sim.spawn(async (self) => {
        await self.sleep(delay);
        log.push(label);
      });
    await sim.all([sleeper("a", 5), sleeper("b", 5), sleeper("c", 6)]);
    seen.add(log.join(""));
  });
  expect([...seen].toSorted()).toEqual(["abc", "bac"]);
});
