import { BadArgument, exit, type Pid, type Self, type StreamOptions, Task } from "hornbeam";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, events, forever, inside } from "./support.ts";

/** Runs `work`, and looks afterwards that no task, monitor or message is left. */
const streaming = (work: (self: Self, sim: VirtualSystem) => unknown, options?: { readonly trapExit: boolean }) =>
  inVirtualTime((sim) =>
    inside(
      sim,
      async (self) => {
        await work(self, sim);
        expect(sim.processes().filter(({ label }) => label.endsWith(" task"))).toEqual([]);
        expect(sim.processes().find(({ pid }) => pid === self.pid)).toMatchObject({ monitors: [], messages: 0 });
        expect(await self.receive(undefined, 0)).toEqual({ tag: "timeout" });
      },
      options,
    ),
  );

async function list<T>(results: AsyncIterable<T>, most = Number.POSITIVE_INFINITY): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const result of results) if (all.push(result) >= most) break;
  return all;
}

const double = async (item: number, self: Self): Promise<number> => {
  await self.sleep(item);
  return item * 2;
};
const slowestFirst = async (item: number, self: Self): Promise<number> => {
  await self.sleep(100 - item);
  return item;
};
const oks = <T>(...values: readonly T[]) => values.map((ok) => ({ ok }));

/** More tasks at once than there are items, as many, and fewer. */
const CONCURRENCY = [8, 4, 2, 1] as const;
const trapping = { trapExit: true };

test.for(CONCURRENCY)("with %i at once, a stream gives a result for each item", (maxConcurrency) =>
  streaming(async (self) => {
    expect(await list(Task.asyncStream(self, [1, 2, 3, 4], double, { maxConcurrency }))).toEqual(oks(2, 4, 6, 8));
    expect(await list(Task.asyncStream(self, [], double, { maxConcurrency }))).toEqual([]);
  }),
);

test.for(CONCURRENCY)(
  "with %i at once, results come in the order of the items, also when the slowest is first",
  (maxConcurrency) =>
    streaming(async (self) => {
      expect(await list(Task.asyncStream(self, [1, 2, 3, 4], slowestFirst, { maxConcurrency }))).toEqual(
        oks(1, 2, 3, 4),
      );
    }),
);

test.for(CONCURRENCY)(
  "with %i at once, who traps exits gets a reason for each task that failed, and no message",
  (maxConcurrency) =>
    streaming(async (self) => {
      const results = Task.asyncStream(self, [1, 2, 3], (item) => exit(`${item}`), { maxConcurrency });
      expect(await list(results)).toEqual([{ exit: "1" }, { exit: "2" }, { exit: "3" }]);
    }, trapping),
);

test.for(CONCURRENCY)("with %i at once, the item is put beside the reason, if asked for", (maxConcurrency) =>
  streaming(async (self) => {
    const options = { maxConcurrency, zipInputOnExit: true } as const;
    const run = (item: number) => (item === 2 ? item : exit(`${item}`));
    const expected = [{ exit: "1", input: 1 }, { ok: 2 }, { exit: "3", input: 3 }];
    expect(await list(Task.asyncStream(self, [1, 2, 3], run, options))).toEqual(expected);
  }, trapping),
);

test.for(CONCURRENCY)(
  "with %i at once, leaving the loop kills the tasks that have not ended, trapping or not",
  (maxConcurrency) =>
    streaming(async (self, sim) => {
      const died = deaths(sim);
      const running = new Set<Pid>();
      const run = (item: number, own: Self) => {
        if (item === 1) return own.sleep(1).then(() => item);
        own.trapExit = true;
        running.add(own.pid);
        return forever(own);
      };
      expect(await list(Task.asyncStream(self, [1, 2, 3, 4], run, { maxConcurrency }), 1)).toEqual(oks(1));
      expect([...running].map((pid) => died.get(pid))).toEqual([...running].map(() => "killed"));
      expect(running.size).toBe(Math.min(maxConcurrency, 4) - 1);
    }),
);

test.for(CONCURRENCY)("with %i at once, streams can be read side by side and left early", (maxConcurrency) =>
  streaming(async (self) => {
    for (const run of [double, slowestFirst]) {
      const one = Task.asyncStream(self, [1, 2, 3, 4], run, { maxConcurrency })[Symbol.asyncIterator]();
      const two = Task.asyncStream(self, [5, 6, 7], run, { maxConcurrency })[Symbol.asyncIterator]();
      const value = (item: number) => ({ done: false, value: { ok: run === double ? item * 2 : item } });
      expect([await one.next(), await two.next(), await one.next()]).toEqual([value(1), value(5), value(2)]);
      expect(await one.return?.()).toEqual({ done: true, value: undefined });
      expect(await one.next()).toEqual({ done: true, value: undefined });
      expect(await Promise.all([two.next(), two.next(), two.next()])).toEqual([
        value(6),
        value(7),
        { done: true, value: undefined },
      ]);
    }
  }),
);

test.for(CONCURRENCY)("with %i at once, failures side by side are each stream's own", (maxConcurrency) =>
  streaming(async (self) => {
    const one = Task.asyncStream(self, [1, 2], (n) => exit(`a${n}`), { maxConcurrency })[Symbol.asyncIterator]();
    const two = Task.asyncStream(self, [1, 2], (n) => exit(`b${n}`), { maxConcurrency })[Symbol.asyncIterator]();
    const seen = [await one.next(), await two.next(), await two.next(), await one.next()];
    expect(seen.map(({ value }) => value.exit)).toEqual(["a1", "b1", "b2", "a2"]);
    expect([(await one.next()).done, (await two.next()).done]).toEqual([true, true]);
  }, trapping),
);

test.for([...CONCURRENCY, undefined])("no more than %s tasks run at once (without a word, 8)", (most) =>
  streaming(async (self) => {
    let running = 0;
    let highest = 0;
    const run = async (_: number, own: Self) => {
      highest = Math.max(highest, ++running);
      await own.sleep(5);
      running--;
    };
    const options = most === undefined ? {} : { maxConcurrency: most };
    await list(
      Task.asyncStream(
        self,
        Array.from({ length: 20 }, (_, i) => i),
        run,
        options,
      ),
    );
    expect(highest).toBe(most ?? 8);
  }),
);

test("without an order, results come as they are there", () =>
  streaming(async (self) => {
    const results = Task.asyncStream(self, [1, 2, 3, 4], slowestFirst, { ordered: false, maxConcurrency: 4 });
    expect(await list(results)).toEqual(oks(4, 3, 2, 1));
    const two = Task.asyncStream(self, [30, 10, 10], double, { ordered: false, maxConcurrency: 2 });
    expect(await list(two)).toEqual(oks(20, 20, 60));
  }));

test("nothing is started before a result is asked for, and each walk starts anew", () =>
  streaming(async (self) => {
    const runs: number[] = [];
    const results = Task.asyncStream(self, [1, 2], (item) => runs.push(item));
    const walk = results[Symbol.asyncIterator]();
    await self.sleep(10);
    expect(runs).toEqual([]);
    await walk.return?.();
    await list(results);
    await list(results);
    expect(runs).toEqual([1, 2, 1, 2]);
  }));

test("items are taken no faster than results are", () =>
  streaming(async (self) => {
    let taken = 0;
    function* endless() {
      for (;;) yield ++taken;
    }
    const seen: number[] = [];
    for await (const { ok } of Task.asyncStream(self, endless(), (item) => item, { maxConcurrency: 3 })) {
      seen.push(taken);
      await self.sleep(10);
      if (ok === 4) break;
    }
    expect(seen).toEqual([3, 4, 5, 6]);
  }));

test("no more results than maxBuffered wait for an earlier one (without a word, 1000)", () =>
  streaming(async (self) => {
    const run = async (item: number, own: Self) => {
      ran = item;
      if (item === 0) await own.sleep(100);
    };
    let ran = 0;
    const first = (options: StreamOptions) =>
      list(
        Task.asyncStream(
          self,
          Array.from({ length: 3000 }, (_, i) => i),
          run,
          options,
        ),
        1,
      );
    await first({ maxConcurrency: 2, maxBuffered: 5 });
    expect(ran).toBe(5);
    await first({ maxConcurrency: 2 });
    expect(ran).toBe(1000);
    await first({ maxConcurrency: 4, maxBuffered: 0 });
    expect(ran).toBe(3);
    await first({ maxConcurrency: 2, maxBuffered: Number.POSITIVE_INFINITY });
    expect(ran).toBe(2999);
  }));

test("items may come asynchronously: results are given while the next item is waited for", () =>
  streaming(async (self) => {
    const seen: unknown[] = [];
    async function* slowly() {
      for (const item of [1, 2, 3]) {
        yield item;
        await self.sleep(50);
      }
    }
    const start = self.now();
    for await (const { ok } of Task.asyncStream(self, slowly(), (item) => item)) seen.push([ok, self.now() - start]);
    expect(seen).toEqual([
      [1, 0],
      [2, 50],
      [3, 100],
    ]);
  }));

test.for([
  [{ timeout: 20 }, 20],
  [{}, 5000],
] as const)(
  "with %o, a task that takes longer than %i ms ends the stream and the other tasks with it",
  ([options, after]) =>
    streaming(async (self, sim) => {
      const died = deaths(sim);
      const start = self.now();
      const seen: unknown[] = [];
      const walk = async () => {
        for await (const { ok } of Task.asyncStream(self, [0, 1e6, 2e6], double, options)) seen.push(ok);
      };
      const error = await walk().catch((caught) => caught);
      expect(error).toMatchObject({ name: "TaskError", reason: "timeout" });
      expect(error.message).toContain(`(double): expected a result for 1000000 within ${after} ms, got: none`);
      expect([seen, self.now() - start]).toEqual([[0], after]);
      expect([...died.values()]).toEqual(["normal", "killed", "killed"]);
    }),
);

test("who does not catch the timeout of a stream ends with it", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const pid = sim.spawn((self) => list(Task.asyncStream(self, [1], (_, own) => forever(own), { timeout: 10 })));
    await sim.advance(10);
    expect(died.get(pid)).toMatchObject({ reason: "timeout" });
  }));

test.for([true, false])("a task that takes too long can be killed instead (in order: %s)", (ordered) =>
  streaming(async (self) => {
    const options = { timeout: 20, onTimeout: "killTask", ordered } as const;
    const results = await list(Task.asyncStream(self, [30, 1, 40], double, options));
    const late = { exit: "timeout" };
    expect(results).toEqual(ordered ? [late, { ok: 2 }, late] : [{ ok: 2 }, late, late]);
    const zipped = Task.asyncStream(self, [30, 1], double, { ...options, zipInputOnExit: true });
    expect(await list(zipped)).toContainEqual({ exit: "timeout", input: 30 });
  }),
);

test("the tasks of a stream may take for ever, if told to", () =>
  streaming(async (self) => {
    expect(await list(Task.asyncStream(self, [1e6], double, { timeout: "infinity" }))).toEqual(oks(2e6));
  }));

test("a time runs from the start of its task, also while nobody asks", () =>
  streaming(async (self) => {
    const options = { timeout: 20, onTimeout: "killTask", maxConcurrency: 2 } as const;
    const seen: unknown[] = [];
    for await (const result of Task.asyncStream(self, [1, 30, 10], double, options)) {
      seen.push(result);
      await self.sleep(50);
    }
    expect(seen).toEqual([{ ok: 2 }, { exit: "timeout" }, { ok: 20 }]);
  }));

test.for([
  [{ maxConcurrency: 0 }, "maxConcurrency to be a whole number from 1 up, got: 0"],
  [{ maxConcurrency: 1.5 }, "maxConcurrency to be a whole number from 1 up, got: 1.5"],
  [{ maxBuffered: -1 }, "maxBuffered to be a whole number from 0 up, got: -1"],
  [{ timeout: -1 }, "a time of 0 ms or more, got: -1"],
  [{ timeout: "soon" as any }, "a time of 0 ms or more, got: 'soon'"],
  [{ onTimeout: "unknown" as any }, "onTimeout to be exit or killTask, got: 'unknown'"],
] as const)("a stream with %o is refused", ([options, text]) =>
  streaming((self) => {
    expect(() => Task.asyncStream(self, [1], double, options)).toThrow(BadArgument);
    expect(() => Task.asyncStream(self, [1], double, options)).toThrow(text);
  }),
);

test("a stream of nothing to iterate over, or of no function, is refused", () =>
  streaming((self) => {
    expect(() => Task.asyncStream(self, 5 as any, double)).toThrow("expected something to iterate over, got: 5");
    expect(() => Task.asyncStream(self, [1], "double" as any)).toThrow(BadArgument);
  }));

test("messages that look like the ends of tasks are not taken for them", () =>
  inVirtualTime((sim) =>
    inside(sim, async (self) => {
      const fake = { tag: "down", ref: 1, pid: self.pid, name: undefined, reason: "oops" };
      const result = { tag: "task", ref: 1, value: "fake" };
      self.send(self.pid, fake);
      self.send(self.pid, result);
      expect(await list(Task.asyncStream(self, [1, 2], double))).toEqual(oks(2, 4));
      expect([await self.receive(), await self.receive()]).toEqual([fake, result]);
    }),
  ));

test("the tasks of a stream have its process as their caller", () =>
  streaming(async (self) => {
    const results = Task.asyncStream(self, [1, 2], (_, own) => own.callers);
    expect(await list(results)).toEqual(oks([self.pid], [self.pid]));
    const inner = Task.async(self, async (own) => [
      own.pid,
      await list(Task.asyncStream(own, [1], (_, task) => task.callers)),
    ]);
    const [pid, seen] = await Task.await(self, inner);
    expect(seen).toEqual(oks([pid, self.pid]));
  }));

// ── who ends with whom ──

test("a task that crashes takes a process along that does not trap exits, and the other tasks with it", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const seen: unknown[] = [];
    const run = (item: number, own: Self) => (item === 2 ? own.sleep(10).then(() => exit("oops")) : forever(own));
    const pid = sim.spawn((self) => list(Task.asyncStream(self, [1, 2, 3], run)).then(() => seen.push("heard")));
    await sim.advance(10);
    expect(died.get(pid)).toBe("oops");
    expect([...died.values()]).toEqual(["oops", "oops", "oops", "oops"]);
    expect(seen).toEqual([]);
  }));

test("a task that exits normally without a value is no more than a reason", () =>
  streaming(async (self) => {
    expect(await list(Task.asyncStream(self, [1], () => exit("normal")))).toEqual([{ exit: "normal" }]);
  }));

test.for([
  ["oops", "oops"],
  ["normal", { shutdown: "normal" }],
] as const)("when the process of a stream ends with %s, its tasks do with %o", ([reason, expected]) =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const heard: unknown[] = [];
    const run = async (item: number, own: Self) => {
      own.trapExit = item === 2;
      heard.push(await own.receive());
    };
    const pid = sim.spawn(async (self) => {
      list(Task.asyncStream(self, [1, 2], run));
      await self.receive();
      exit(reason);
    });
    await sim.idle();
    sim.send(pid, "go");
    await sim.idle();
    expect([...died.values()]).toEqual([reason, expected, "normal"]);
    expect(heard).toEqual([{ tag: "exit", pid, reason: expected }]);
  }),
);

test("a process that ends while it takes the next item starts no task for it", () =>
  inVirtualTime(async (sim) => {
    const started = events(sim, "process.start");
    const zombies = events(sim, "process.zombie");
    const pid = sim.spawn((self) => {
      function* fatal() {
        yield 1;
        self.exit(self.pid, "oops");
        yield 2;
      }
      list(Task.asyncStream(self, fatal(), double));
      return forever(self);
    });
    await sim.idle();
    expect(sim.isAlive(pid)).toBe(false);
    expect(started).toHaveLength(2);
    expect(zombies.map(({ operation }) => operation)).toEqual(["receive"]);
  }));

// ── the items' own code ──

test.for(["left early", "read to its end", "out of time"] as const)(
  "the source of the items cleans up when its stream is %s",
  (how) =>
    streaming(async (self) => {
      const seen: string[] = [];
      function* source() {
        try {
          yield* [1, 2, 1e6];
        } finally {
          seen.push("source");
        }
      }
      async function* asynchronous() {
        try {
          yield* [1, 2, 1e6];
        } finally {
          await self.sleep(1);
          seen.push("asynchronous");
        }
      }
      const walk = async (items: Iterable<number> | AsyncIterable<number>) => {
        try {
          for await (const { ok } of Task.asyncStream(self, items, double, {
            timeout: how === "read to its end" ? "infinity" : 10,
            maxConcurrency: 1,
          })) {
            if (ok === 4 && how === "left early") break;
          }
        } catch {
          seen.push("timeout");
        } finally {
          seen.push("loop");
        }
      };
      await walk(source());
      await walk(asynchronous());
      const timeout = how === "out of time" ? ["timeout"] : [];
      expect(seen).toEqual(["source", ...timeout, "loop", "asynchronous", ...timeout, "loop"]);
    }),
);

test("a stream that is left while its source is at the next item does not wait for that", () =>
  streaming(async (self) => {
    async function* stuck() {
      yield 1;
      await new Promise(() => {});
    }
    expect(await list(Task.asyncStream(self, stuck(), double), 1)).toEqual(oks(2));
  }));

test("an item that comes after the loop was left starts nothing, and its source still cleans up", () =>
  streaming(async (self, sim) => {
    const started = events(sim, "process.start");
    const seen: string[] = [];
    async function* late() {
      try {
        yield 1;
        await self.sleep(50);
        yield 2;
      } finally {
        seen.push("source");
      }
    }
    expect(await list(Task.asyncStream(self, late(), double), 1)).toEqual(oks(2));
    await self.sleep(100);
    expect([started.length, seen]).toEqual([1, ["source"]]);
  }));

test.for(["at once", "as a promise"] as const)(
  "an error of the source, %s, ends the stream and kills its tasks",
  (how) =>
    streaming(async (self, sim) => {
      const died = deaths(sim);
      function* broken() {
        yield 1e6;
        throw new Error("no more items");
      }
      async function* asynchronous() {
        yield* broken();
      }
      const items = how === "at once" ? broken() : asynchronous();
      await expect(list(Task.asyncStream(self, items, double))).rejects.toThrow("no more items");
      expect([...died.values()]).toEqual(["killed"]);
    }),
);

test("an error of the loop's body reaches the process, and kills the tasks", () =>
  streaming(async (self, sim) => {
    const died = deaths(sim);
    const walk = async () => {
      for await (const _ of Task.asyncStream(self, [1, 1e6], double)) throw new Error("enough");
    };
    await expect(walk()).rejects.toThrow("enough");
    expect([...died.values()]).toEqual(["normal", "killed"]);
  }));

test.each<[string, unknown]>([
  ["nothing", undefined],
  ["a number", 7],
  ["a promise of nothing", Promise.resolve(undefined)],
])("an iterator that gives %s in place of a result fails the stream, which leaves nothing behind", (_, result) =>
  inVirtualTime((sim) =>
    inside(sim, async (self) => {
      const items = { [Symbol.iterator]: () => ({ next: () => result }) } as Iterable<number>;
      const stream = Task.asyncStream(self, items, (n) => n)[Symbol.asyncIterator]();
      await expect(stream.next()).rejects.toThrow(/^asyncStream: expected a result of the iterator, got: /);
      expect(await stream.next()).toEqual({ done: true, value: undefined });
    }),
  ),
);
