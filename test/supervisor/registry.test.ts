import { name } from "hornbeam";
import { AlreadyRegistered, alreadyRegistered, Registry, registry, Supervisor } from "hornbeam/supervisor";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { forever, puppet } from "../runtime/support.ts";
import { type Keys, linksOf, listener, ownedBy, refuses, reg, type Scene, scene, thrown } from "./registry-support.ts";

// What unique and duplicate registries have in common, with one partition and with eight.

const KINDS: readonly [keys: Keys, partitions: number][] = [
  ["unique", 1],
  ["unique", 8],
  ["duplicate", 1],
  ["duplicate", 8],
];

describe.for(KINDS)("a registry of %s keys with %i partitions", ([keys, partitions]) => {
  const it = (title: string, body: (scene: Scene) => unknown) => test(title, () => scene(keys, partitions, body));

  it("starts as many partitions as it was told", async ({ sim, top }) => {
    expect(await Supervisor.countChildren(sim, top)).toMatchObject({ specs: partitions, active: partitions });
  });

  it("counts its entries: none at first, then one for each registration", async ({ sim, ada }) => {
    expect(Registry.count(sim, reg)).toBe(0);
    await ada.does((self) => {
      Registry.register(self, reg, "hello", 1);
      Registry.register(self, reg, "world", 2);
    });
    expect(Registry.count(sim, reg)).toBe(2);
  });

  it("finds by key, by process, and by both", async ({ sim, ada, bob }) => {
    await ada.does((self) => Registry.register(self, reg, "hello", "value"));
    expect(Registry.lookup(sim, reg, "hello")).toEqual([{ pid: ada.pid, value: "value" }]);
    expect(Registry.keys(sim, reg, ada.pid)).toEqual(["hello"]);
    expect(Registry.values(sim, reg, "hello", ada.pid)).toEqual(["value"]);
    expect(Registry.lookup(sim, reg, "world")).toEqual([]);
    expect(Registry.keys(sim, reg, bob.pid)).toEqual([]);
    expect(Registry.values(sim, reg, "hello", bob.pid)).toEqual([]);
    expect(Registry.values(sim, reg, "world", ada.pid)).toEqual([]);
  });

  it("compares keys with ===, so that 1 and '1' are two keys, and an object is only itself", async ({ sim, ada }) => {
    const object = { id: 1 };
    const symbol = Symbol("1");
    const distinct = [1, "1", 1n, true, "true", null, undefined, "undefined", object, symbol];
    await ada.does((self) => {
      for (const key of distinct) Registry.register(self, reg, key, key);
    });
    for (const key of distinct) expect(Registry.lookup(sim, reg, key)).toEqual([{ pid: ada.pid, value: key }]);
    expect(Registry.lookup(sim, reg, { id: 1 })).toEqual([]);
    expect(Registry.lookup(sim, reg, Symbol("1"))).toEqual([]);
    expect(Registry.keys(sim, reg, ada.pid)).toEqual(distinct);
  });

  it("takes NaN for one key, and 0 and -0 for the same", async ({ sim, ada }) => {
    await ada.does((self) => {
      Registry.register(self, reg, Number.NaN, "nan");
      Registry.register(self, reg, -0, "zero");
    });
    expect(Registry.values(sim, reg, Number.NaN, ada.pid)).toEqual(["nan"]);
    expect(Registry.values(sim, reg, 0, ada.pid)).toEqual(["zero"]);
    await ada.does((self) => {
      Registry.unregister(self, reg, Number.NaN);
      Registry.unregister(self, reg, 0);
    });
    expect(Registry.count(sim, reg)).toBe(0);
  });

  it("has no reserved keys: _, $1, __proto__ and constructor are keys like others", async ({ sim, ada }) => {
    const tricky = ["_", "$1", "$_", "__proto__", "constructor", "", "then"];
    for (const key of tricky) expect(Registry.lookup(sim, reg, key)).toEqual([]);
    await ada.does((self) => {
      for (const key of tricky) Registry.register(self, reg, key, `value of ${key}`);
      Registry.unregister(self, reg, "_");
      Registry.unregisterMatch(self, reg, "$1", () => true);
    });
    expect(Registry.keys(sim, reg, ada.pid)).toEqual(tricky.slice(2));
    for (const key of tricky.slice(2)) {
      expect(Registry.match(sim, reg, key, (value) => value === `value of ${key}`)).toHaveLength(1);
      expect(Registry.countSelect(sim, reg, (entry) => entry.key === key)).toBe(1);
    }
  });

  it("unregisters by key, only its own entries, and has nothing against there being none", async ({
    sim,
    ada,
    bob,
  }) => {
    await ada.does((self) => {
      Registry.unregister(self, reg, "hello");
      Registry.register(self, reg, "hello", 1);
      Registry.register(self, reg, "world", 2);
    });
    await bob.does((self) => Registry.unregister(self, reg, "hello"));
    expect(Registry.keys(sim, reg, ada.pid)).toEqual(["hello", "world"]);
    await ada.does((self) => Registry.unregister(self, reg, "hello"));
    expect(Registry.keys(sim, reg, ada.pid)).toEqual(["world"]);
    await ada.does((self) => Registry.unregister(self, reg, "world"));
    expect(Registry.keys(sim, reg, ada.pid)).toEqual([]);
  });

  it("matches the values under a key with a predicate", async ({ sim, ada }) => {
    const value = [1, "atom", 1];
    await ada.does((self) => {
      Registry.register(self, reg, "hello", value);
      Registry.register(self, reg, "world", { a: "a", b: "b" });
    });
    const hello = [{ pid: ada.pid, value }];
    expect(Registry.match(sim, reg, "hello", ([first]) => first === 1)).toEqual(hello);
    expect(Registry.match(sim, reg, "hello", ([first]) => first === 2)).toEqual([]);
    expect(Registry.match(sim, reg, "hello", ([first, , last]) => first === last && last > 0)).toEqual(hello);
    expect(Registry.match(sim, reg, "other", () => true)).toEqual([]);
    expect(Registry.match(sim, reg, "world", ({ b }) => b === "b")).toHaveLength(1);
    expect(Registry.countMatch(sim, reg, "hello", ([, word]) => typeof word === "string")).toBe(1);
    expect(Registry.countMatch(sim, reg, "hello", ([, word]) => word === "")).toBe(0);
    expect(Registry.countMatch(sim, reg, "other", () => true)).toBe(0);
  });

  it("selects among all entries by key, pid and value", async ({ sim, ada, bob }) => {
    expect(Registry.select(sim, reg)).toEqual([]);
    await ada.does((self) => Registry.register(self, reg, "hello", 1));
    await bob.does((self) => Registry.register(self, reg, "world", 2));
    const hello = { key: "hello", pid: ada.pid, value: 1 };
    const world = { key: "world", pid: bob.pid, value: 2 };
    expect(Registry.select(sim, reg)).toEqual([hello, world]);
    expect(Registry.select(sim, reg, ({ key }) => key === "hello")).toEqual([hello]);
    expect(Registry.select(sim, reg, ({ pid }) => pid === bob.pid)).toEqual([world]);
    expect(Registry.select(sim, reg, ({ value }) => value > 1)).toEqual([world]);
    expect(Registry.select(sim, reg, ({ key }) => key === "hello" || key === "world")).toHaveLength(2);
    expect(Registry.countSelect(sim, reg)).toBe(2);
    expect(Registry.countSelect(sim, reg, ({ value }) => value > 2)).toBe(0);
  });

  it("refuses what is no predicate, and changes nothing", async ({ sim, ada }) => {
    await ada.does((self) => {
      Registry.register(self, reg, "hello", 1);
      refuses(() => Registry.unregisterMatch(self, reg, "hello", 1 as any), /expected a function, got: 1/);
    });
    refuses(() => Registry.match(sim, reg, "hello", undefined as any), /match: expected a function/);
    refuses(() => Registry.countMatch(sim, reg, "hello", {} as any), /expected a function/);
    refuses(() => Registry.select(sim, reg, "hello" as any), /select: expected a function, got: 'hello'/);
    refuses(() => Registry.countSelect(sim, reg, [] as any), /select: expected a function/);
    refuses(() => Registry.dispatch(sim, reg, "hello", null as any), /dispatch: expected a function/);
    expect(Registry.count(sim, reg)).toBe(1);
  });

  it("a predicate that throws is the caller's, and nothing is unregistered", async ({ sim, ada }) => {
    await ada.does((self) => {
      Registry.register(self, reg, "hello", 1);
      const bad = () => {
        throw new Error("bad predicate");
      };
      expect(() => Registry.unregisterMatch(self, reg, "hello", bad)).toThrow("bad predicate");
    });
    expect(Registry.count(sim, reg)).toBe(1);
  });

  it("tells its listeners of registrations and of those taken back, not of an exit", async ({ sim, ada, bob }) => {
    const ear = puppet(sim, { name: listener });
    await ada.does((self) => Registry.register(self, reg, "hello", "world"));
    await bob.does((self) => {
      Registry.register(self, reg, "other", 1);
      Registry.unregister(self, reg, "hello");
      Registry.unregister(self, reg, "other");
    });
    sim.kill(ada.pid);
    await sim.idle();
    expect(ear.inbox).toEqual([
      { tag: "register", registry: reg, key: "hello", pid: ada.pid, value: "world" },
      { tag: "register", registry: reg, key: "other", pid: bob.pid, value: 1 },
      { tag: "unregister", registry: reg, key: "other", pid: bob.pid },
    ]);
  });

  it("does not mind a listener that is not there", async ({ sim, ada }) => {
    await ada.does((self) => Registry.register(self, reg, "hello", 1));
    expect(Registry.count(sim, reg)).toBe(1);
  });

  it("links a registrant to a partition until its last entry is gone", async ({ sim, ada, partitions: pids }) => {
    let owner: unknown;
    await ada.does((self) => {
      owner = Registry.register(self, reg, "hello", 1);
    });
    expect(pids).toContain(owner);
    expect(linksOf(sim, ada.pid)).toEqual([owner]);
    await ada.does((self) => expect(Registry.register(self, reg, "world", 1)).toBe(owner));
    await ada.does((self) => Registry.unregister(self, reg, "hello"));
    expect(linksOf(sim, ada.pid)).toEqual([owner]);
    expect(ownedBy(ada.pid)).toBe(1);
    await ada.does((self) => Registry.unregister(self, reg, "world"));
    expect(linksOf(sim, ada.pid)).toEqual([]);
    expect(ownedBy(ada.pid)).toBe(0);
    await ada.does((self) => Registry.register(self, reg, "hello", 1));
    await ada.does((self) => Registry.unregisterMatch(self, reg, "hello", () => true));
    expect(linksOf(sim, ada.pid)).toEqual([]);
  });

  it("has let go of an entry before links and monitors hear of the registrant's end", async ({ sim, ada, bob }) => {
    await ada.does((self) => Registry.register(self, reg, "hello", 1));
    const found: unknown[] = [];
    const watcher = sim.spawn(
      async (self) => {
        self.link(ada.pid);
        self.monitor(ada.pid);
        for (let i = 0; i < 2; i++) {
          await self.receive();
          found.push(Registry.lookup(self, reg, "hello"), Registry.keys(self, reg, ada.pid));
        }
      },
      { trapExit: true },
    );
    await sim.idle();
    sim.exit(ada.pid, "boom");
    await sim.idle();
    expect(found).toEqual([[], [], [], []]);
    expect(sim.isAlive(watcher)).toBe(false);
    expect(sim.isAlive(bob.pid)).toBe(true);
  });

  it("is empty again when its registrants have crashed", async ({ sim, ada, bob, partitions: pids }) => {
    await ada.does((self) => Registry.register(self, reg, "hello", 1));
    await bob.does((self) => Registry.register(self, reg, "world", 1));
    sim.kill(ada.pid);
    sim.kill(bob.pid);
    expect(Registry.count(sim, reg)).toBe(0);
    expect(Registry.select(sim, reg)).toEqual([]);
    await sim.idle();
    for (const pid of pids) expect(linksOf(sim, pid)).toHaveLength(1);
  });

  it("does not show who is dead, even before its exit has come to its entries", async ({ sim, ada, bob }) => {
    // A chain: ada's end hits bob by the link, and ada's signal is aborted before bob has let go of anything.
    await bob.does((self) => Registry.register(self, reg, "hello", 1));
    const seen: unknown[] = [];
    await ada.does((self) => {
      self.link(bob.pid);
      self.signal.addEventListener("abort", () => {
        seen.push(sim.isAlive(bob.pid), Registry.lookup(sim, reg, "hello"), Registry.select(sim, reg));
        seen.push(Registry.keys(sim, reg, bob.pid), Registry.values(sim, reg, "hello", bob.pid));
        seen.push(Registry.dispatch(sim, reg, "hello", () => seen.push("dispatched")));
      });
    });
    sim.exit(ada.pid, "boom");
    expect(seen).toEqual([false, [], [], [], [], undefined]);
  });

  it("what a dead process asks for is not done, and told as a zombie's", async ({ sim }) => {
    const zombies: string[] = [];
    sim.telemetry.on("process.zombie", (_, { operation }) => void zombies.push(operation));
    const pid = sim.spawn(async (self) => {
      self.exit(self.pid, "kill");
      Registry.register(self, reg, "hello", 1);
      Registry.unregister(self, reg, "hello");
      Registry.unregisterMatch(self, reg, "hello", () => true);
      Registry.putMeta(self, reg, "key", 1);
      Registry.deleteMeta(self, reg, "key");
      Registry.dispatch(self, reg, "hello", () => zombies.push("dispatched"));
      if (keys === "unique") Registry.updateValue(self, reg, "hello", () => 2);
      await Registry.lock(self, reg, "hello", () => zombies.push("locked"));
    });
    await sim.idle();
    expect(sim.isAlive(pid)).toBe(false);
    expect(Registry.count(sim, reg)).toBe(0);
    expect(Registry.getMeta(sim, reg, "key")).toBeUndefined();
    const expected = ["register", "unregister", "unregisterMatch", "putMeta", "deleteMeta", "dispatch"];
    expect(zombies).toEqual([...expected, ...(keys === "unique" ? ["updateValue"] : []), "lock"]);
  });

  it("takes its registrants with it when it is stopped, except those that trap exits", async ({ sim, top, ada }) => {
    const trapping = puppet(sim, { trapExit: true });
    await ada.does((self) => Registry.register(self, reg, "hello", 1));
    await trapping.does((self) => Registry.register(self, reg, "world", 1));
    sim.exit(top, "shutdown");
    await sim.idle();
    expect(sim.isAlive(ada.pid)).toBe(false);
    expect(trapping.inbox).toMatchObject([{ tag: "exit", reason: "shutdown" }]);
    refuses(() => Registry.count(sim, reg), /expected a registry that runs/);
  });

  it("takes its registrants with it when it is killed", async ({ sim, top, ada, bob }) => {
    await ada.does((self) => Registry.register(self, reg, "hello", 1));
    sim.kill(top);
    await sim.idle();
    expect(sim.isAlive(ada.pid)).toBe(false);
    expect(sim.isAlive(bob.pid)).toBe(true);
    expect(sim.whereis(reg)).toBeUndefined();
  });

  it("a partition that crashes takes its registrants and their entries, and is there again", async (world) => {
    const { sim, ada, partitions: pids } = world;
    const trapping = puppet(sim, { trapExit: true });
    // With eight partitions the one of ada has to be found among those that others are linked to.
    const others = Array.from({ length: 8 }, () => puppet(sim));
    let owner: unknown;
    await ada.does((self) => {
      owner = Registry.register(self, reg, "ada", 1);
    });
    for (const [i, other] of others.entries()) await other.does((self) => Registry.register(self, reg, i, 1));
    await trapping.does((self) => Registry.register(self, reg, "trapping", 1));
    const hit = others.filter(({ pid }) => linksOf(sim, pid)[0] === owner);
    const trapped = linksOf(sim, trapping.pid)[0] === owner;
    expect(hit).toHaveLength(8 / partitions);
    sim.kill(owner as never);
    expect(Registry.lookup(sim, reg, "ada")).toEqual([]);
    await sim.idle();
    expect([ada, ...hit].map(({ pid }) => sim.isAlive(pid))).toEqual(Array(hit.length + 1).fill(false));
    expect(sim.isAlive(trapping.pid)).toBe(true);
    expect(Registry.count(sim, reg)).toBe(8 - hit.length + (trapped ? 0 : 1));
    expect(await Supervisor.countChildren(sim, reg)).toMatchObject({ active: partitions });
    expect(pids).toContain(owner);
    if (!trapped) return;
    expect(trapping.inbox).toMatchObject([{ tag: "exit", pid: owner, reason: "killed" }]);
    await trapping.does((self) => Registry.register(self, reg, "trapping", 2));
    expect(Registry.values(sim, reg, "trapping", trapping.pid)).toEqual([2]);
  });
});

test("a registry whose partition is being restarted refuses registrations, and answers for what it has", () =>
  scene("unique", 1, async ({ sim, partitions: [only], ada }) => {
    await ada.does((self) => {
      self.exit(only as never, "kill");
      refuses(
        () => Registry.register(self, reg, "hello", 1),
        /expected a registry that runs, got: 'reg', which is being restarted/,
      );
      expect(Registry.lookup(self, reg, "hello")).toEqual([]);
    });
    await ada.does((self) => Registry.register(self, reg, "hello", 1));
    expect(Registry.count(sim, reg)).toBe(1);
  }));

test("a registry keeps values beside its entries, for as long as it runs", () =>
  inVirtualTime(async (sim) => {
    const top = await sim.start(Registry.child({ name: reg, keys: "unique", meta: { first: 1, __proto__: 2 } }));
    expect(Registry.getMeta(sim, reg, "first")).toBe(1);
    expect(Registry.getMeta(sim, reg, "toString")).toBeUndefined();
    const key = {};
    Registry.putMeta(sim, reg, key, "object");
    Registry.putMeta(sim, reg, key, "changed");
    expect(Registry.getMeta(sim, reg, key)).toBe("changed");
    expect(Registry.deleteMeta(sim, reg, key)).toBe(true);
    expect(Registry.deleteMeta(sim, reg, key)).toBe(false);
    expect(Registry.getMeta(sim, reg, key)).toBeUndefined();
    expect(Registry.count(sim, reg)).toBe(0);
    sim.kill(top);
    await sim.idle();
    await sim.start(Registry.child({ name: reg, keys: "unique" }));
    expect(Registry.getMeta(sim, reg, "first")).toBeUndefined();
  }));

test("whatever is asked of a registry that does not run throws, and says so", () =>
  inVirtualTime(async (sim) => {
    const ada = puppet(sim);
    const unknown = /expected a registry that runs, got: 'nowhere'/;
    const nowhere = registry("nowhere");
    sim.spawn(forever, { name: name("process") });
    await ada.does(async (self) => {
      refuses(() => Registry.register(self, nowhere, "hello", 1), unknown);
      refuses(() => Registry.unregister(self, nowhere, "hello"), unknown);
      refuses(() => Registry.unregisterMatch(self, nowhere, "hello", () => true), unknown);
      refuses(() => Registry.updateValue(self, nowhere, "hello", () => 1), unknown);
      await expect(Registry.lock(self, nowhere, "hello", () => 1)).rejects.toThrow(unknown);
    });
    refuses(() => Registry.lookup(sim, nowhere, "hello"), unknown);
    refuses(() => Registry.keys(sim, nowhere, ada.pid), unknown);
    refuses(() => Registry.values(sim, nowhere, "hello", ada.pid), unknown);
    refuses(() => Registry.count(sim, nowhere), unknown);
    refuses(() => Registry.match(sim, nowhere, "hello", () => true), unknown);
    refuses(() => Registry.select(sim, nowhere), unknown);
    refuses(() => Registry.dispatch(sim, nowhere, "hello", () => {}), unknown);
    refuses(() => Registry.getMeta(sim, nowhere, "hello"), unknown);
    refuses(() => Registry.whereisName(sim, nowhere, "hello"), unknown);
    refuses(() => Registry.count(sim, name("process")), /expected a registry that runs, got: 'process'/);
    refuses(() => Registry.count(sim, undefined as any), /expected a registry that runs, got: undefined/);
  }));

test("the id of a registry is its name, unless it is said otherwise", () => {
  expect(Registry.child({ name: reg, keys: "unique" })).toMatchObject({ id: "reg", type: "supervisor" });
  expect(Registry.child({ name: reg, keys: "unique", id: "other" }).id).toBe("other");
});

test("options that are none are refused before anything starts", () => {
  const child = (options: object) => () => Registry.child({ name: reg, keys: "unique", ...options });
  refuses(child({ keys: "many" }), /expected keys to be unique or duplicate, got: 'many'/);
  refuses(child({ keys: ["duplicate", "pid"] }), /expected keys to be unique or duplicate/);
  refuses(child({ keys: undefined }), /expected keys to be unique or duplicate, got: undefined/);
  for (const partitions of [0, -1, 1.5, Number.NaN, "8"]) {
    refuses(child({ partitions }), /expected partitions to be a whole number from 1 up/);
  }
  refuses(child({ listeners: "listener" }), /expected listeners to be names, got: 'listener'/);
  refuses(child({ listeners: ["listener"] }), /expected a pid or a name/);
  refuses(child({ name: undefined }), /expected a pid or a name/);
});

test("each system has its own registries, whatever their names", () =>
  inVirtualTime((first) =>
    inVirtualTime(async (second) => {
      await first.start(Registry.child({ name: reg, keys: "unique" }));
      refuses(() => Registry.count(second, reg), /expected a registry that runs/);
      await second.start(Registry.child({ name: reg, keys: "unique" }));
      const ada = puppet(first);
      await ada.does((self) => Registry.register(self, reg, "hello", 1));
      expect([Registry.count(first, reg), Registry.count(second, reg)]).toEqual([1, 0]);
    }),
  ));

test("alreadyRegistered is for a catch: it gives the pid, and throws on what it does not know", () =>
  scene("unique", 1, async ({ ada, bob }) => {
    await ada.does((self) => Registry.register(self, reg, "hello", 1));
    await bob.does((self) => {
      const error = thrown(() => Registry.register(self, reg, "hello", 1));
      expect(error).toBeInstanceOf(AlreadyRegistered);
      expect(alreadyRegistered(error)).toBe(ada.pid);
    });
    expect(() => alreadyRegistered(new Error("oops"))).toThrow("oops");
  }));
