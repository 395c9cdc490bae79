import type { Pid, Self } from "hornbeam";
import { AlreadyRegistered, Registry, via } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { puppet } from "../runtime/support.ts";
import { linksOf, reg, type Scene, scene, thrown } from "./registry-support.ts";

describe.for([1, 8])("a unique registry with %i partitions", (partitions) => {
  const it = (title: string, body: (scene: Scene) => unknown) => test(title, () => scene("unique", partitions, body));

  it("gives a key once, and tells who has it", async ({ sim, ada, bob }) => {
    await ada.does((self) => {
      Registry.register(self, reg, "hello", "value");
      const own = thrown(() => Registry.register(self, reg, "hello", "other"));
      expect(own).toBeInstanceOf(AlreadyRegistered);
      expect(own).toMatchObject({
        pid: ada.pid,
        key: "hello",
        message: expect.stringMatching(/^register: expected a key that is free, got: 'hello', which <.*> has$/),
      });
    });
    await bob.does((self) => {
      const other = thrown(() => Registry.register(self, reg, "hello", "recent"));
      expect(other).toBeInstanceOf(AlreadyRegistered);
      expect((other as AlreadyRegistered).pid).toBe(ada.pid);
    });
    expect(Registry.keys(sim, reg, ada.pid)).toEqual(["hello"]);
    expect(Registry.keys(sim, reg, bob.pid)).toEqual([]);
    expect(Registry.lookup(sim, reg, "hello")).toEqual([{ pid: ada.pid, value: "value" }]);
  });

  it("keeps nothing of a registration that was refused: no entry, no link", async ({ sim, ada, bob }) => {
    await ada.does((self) => Registry.register(self, reg, "hello", 1));
    await bob.does((self) => thrown(() => Registry.register(self, reg, "hello", 2)));
    expect(Registry.count(sim, reg)).toBe(1);
    expect(linksOf(sim, bob.pid)).toEqual([]);
    await ada.does((self) => thrown(() => Registry.register(self, reg, "hello", 2)));
    expect(Registry.count(sim, reg)).toBe(1);
  });

  it("replaces an owner that is dead, even before its exit has come to its entries", async ({ sim, ada, bob }) => {
    // A chain: ada's end hits bob by the link, and ada's signal is aborted before bob has let go of anything.
    const late = puppet(sim);
    const seen: unknown[] = [];
    let lateSelf: Self | undefined;
    await late.does((self) => {
      lateSelf = self;
    });
    await bob.does((self) => Registry.register(self, reg, "hello", "bob's"));
    await ada.does((self) => {
      self.link(bob.pid);
      self.signal.addEventListener("abort", () => {
        seen.push(sim.isAlive(bob.pid), Registry.whereisName(sim, reg, "hello"), sim.whereis(via(reg, "hello")));
        Registry.register(lateSelf as Self, reg, "hello", "late");
      });
    });
    sim.exit(ada.pid, "boom");
    expect(seen).toEqual([false, undefined, undefined]);
    expect(Registry.lookup(sim, reg, "hello")).toEqual([{ pid: late.pid, value: "late" }]);
    expect(Registry.whereisName(sim, reg, "hello")).toBe(late.pid);
    await sim.idle();
    expect(Registry.lookup(sim, reg, "hello")).toEqual([{ pid: late.pid, value: "late" }]);
  });

  it("a key is free again as soon as its owner has ended", async ({ sim, ada, bob }) => {
    await ada.does((self) => Registry.register(self, reg, "hello", 1));
    await bob.does((self) => {
      self.exit(ada.pid, "kill");
      Registry.register(self, reg, "hello", 2);
    });
    expect(Registry.lookup(sim, reg, "hello")).toEqual([{ pid: bob.pid, value: 2 }]);
  });

  it("unregisters the entry whose value passes, and only that", async ({ sim, ada }) => {
    await ada.does((self) => {
      Registry.register(self, reg, "hello", [1, "atom", 1]);
      Registry.unregisterMatch(self, reg, "hello", ([first]) => first === 2);
    });
    expect(Registry.count(sim, reg)).toBe(1);
    await ada.does((self) => Registry.unregisterMatch(self, reg, "hello", ([first]) => first < 2));
    expect(Registry.lookup(sim, reg, "hello")).toEqual([]);
  });

  it("changes the value of the caller's own key, and of no other", async ({ sim, ada, bob }) => {
    const never = () => {
      throw new Error("not to be called");
    };
    await bob.does((self) => Registry.register(self, reg, "hello", 7));
    await ada.does((self) => {
      expect(Registry.updateValue(self, reg, "nobody", never)).toBeUndefined();
      expect(Registry.updateValue(self, reg, "hello", never)).toBeUndefined();
      Registry.register(self, reg, "world", 1);
      expect(Registry.updateValue(self, reg, "world", (value) => value + 1)).toEqual([2, 1]);
      expect(() => Registry.updateValue(self, reg, "world", never)).toThrow("not to be called");
    });
    expect(Registry.lookup(sim, reg, "world")).toEqual([{ pid: ada.pid, value: 2 }]);
    expect(Registry.lookup(sim, reg, "hello")).toEqual([{ pid: bob.pid, value: 7 }]);
  });

  it("dispatches to the one who has the key, in the caller, and not at all when nobody has it", async ({
    sim,
    ada,
  }) => {
    const calls: unknown[] = [];
    expect(Registry.dispatch(sim, reg, "hello", () => calls.push("never"))).toBeUndefined();
    await ada.does((self) => {
      Registry.register(self, reg, "hello", "value");
      Registry.dispatch(self, reg, "hello", (all) => {
        for (const { pid, value } of all) self.send(pid, ["dispatch", value, all.length]);
      });
    });
    await sim.idle();
    expect(calls).toEqual([]);
    expect(ada.inbox).toEqual([["dispatch", "value", 1]]);
  });

  it("finds the pid of a key", async ({ sim, ada }) => {
    await ada.does((self) => Registry.register(self, reg, "hello", 1));
    const pid: Pid | undefined = Registry.whereisName(sim, reg, "hello");
    expect(pid).toBe(ada.pid);
    expect(Registry.whereisName(sim, reg, "world")).toBeUndefined();
  });
});
