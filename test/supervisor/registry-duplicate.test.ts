import { Registry } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { puppet } from "../runtime/support.ts";
import { listener, refuses, reg, type Scene, scene } from "./registry-support.ts";

describe.for([1, 8])("a duplicate registry with %i partitions", (partitions) => {
  const it = (title: string, body: (scene: Scene) => unknown) =>
    test(title, () => scene("duplicate", partitions, body));

  it("has any number of entries under a key, of one process and of several", async ({ sim, ada, bob }) => {
    await ada.does((self) => {
      Registry.register(self, reg, "hello", 1);
      Registry.register(self, reg, "hello", 1);
      Registry.register(self, reg, "world", 2);
    });
    await bob.does((self) => Registry.register(self, reg, "hello", 3));
    expect(Registry.keys(sim, reg, ada.pid)).toEqual(["hello", "hello", "world"]);
    expect(Registry.values(sim, reg, "hello", ada.pid)).toEqual([1, 1]);
    expect(Registry.values(sim, reg, "hello", bob.pid)).toEqual([3]);
    expect(Registry.lookup(sim, reg, "hello").map(({ value }) => value)).toEqual([1, 1, 3]);
    expect(Registry.count(sim, reg)).toBe(4);
    await ada.does((self) => Registry.unregister(self, reg, "hello"));
    expect(Registry.lookup(sim, reg, "hello")).toEqual([{ pid: bob.pid, value: 3 }]);
    expect(Registry.keys(sim, reg, ada.pid)).toEqual(["world"]);
  });

  it("unregisters those whose values pass, and tells a listener when the last one under the key went", async (world) => {
    const { sim, ada } = world;
    const ear = puppet(sim, { name: listener });
    await ada.does((self) => {
      Registry.register(self, reg, "hello", 1);
      Registry.register(self, reg, "hello", 2);
      Registry.unregisterMatch(self, reg, "hello", (value) => value === 1);
    });
    expect(Registry.lookup(sim, reg, "hello")).toEqual([{ pid: ada.pid, value: 2 }]);
    expect(Registry.match(sim, reg, "hello", (value) => value < 3)).toHaveLength(1);
    expect(ear.inbox.map(({ tag }) => tag)).toEqual(["register", "register"]);
    await ada.does((self) => Registry.unregisterMatch(self, reg, "hello", (value) => value === 2));
    expect(Registry.count(sim, reg)).toBe(0);
    expect(ear.inbox.map(({ tag }) => tag)).toEqual(["register", "register", "unregister"]);
  });

  it("dispatches in the caller to all under one key, once for each partition that has some", async ({ sim, ada }) => {
    const others = Array.from({ length: 8 }, () => puppet(sim));
    for (const [i, other] of others.entries()) {
      await other.does((self) => Registry.register(self, reg, i === 0 ? "world" : "hello", i));
    }
    const lists: unknown[][] = [];
    await ada.does((self) => {
      const result = Registry.dispatch(self, reg, "hello", (all) => {
        lists.push(all.map(({ value }) => value));
        for (const { pid, value } of all) self.send(pid, value);
      });
      expect(result).toBeUndefined();
      expect(lists.flat()).toHaveLength(7);
    });
    await sim.idle();
    expect(lists).toHaveLength(partitions === 1 ? 1 : 7);
    expect(lists.flat().toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(others.map(({ inbox }) => inbox)).toEqual([[], [1], [2], [3], [4], [5], [6], [7]]);
    expect(Registry.dispatch(sim, reg, "nobody", () => lists.push(["never"]))).toBeUndefined();
    expect(lists.flat()).not.toContain("never");
  });

  it("a dispatch whose callback throws ends there, and the error is the caller's", async ({ sim, ada, bob }) => {
    await ada.does((self) => Registry.register(self, reg, "hello", "ada"));
    await bob.does((self) => Registry.register(self, reg, "hello", "bob"));
    const calls: unknown[] = [];
    const bad = () => {
      calls.push("called");
      throw new Error("bad callback");
    };
    expect(() => Registry.dispatch(sim, reg, "hello", bad)).toThrow("bad callback");
    expect(calls).toHaveLength(1);
    await expect(Registry.dispatch(sim, reg, "hello", bad, { parallel: true })).rejects.toThrow("bad callback");
    expect(sim.isAlive(ada.pid) && sim.isAlive(bob.pid)).toBe(true);
  });

  it("an asynchronous dispatch waits for one partition before the next, and a parallel one for none", async (world) => {
    const { sim, ada, bob } = world;
    await ada.does((self) => Registry.register(self, reg, "hello", "ada"));
    await bob.does((self) => Registry.register(self, reg, "hello", "bob"));
    const log: string[] = [];
    const slow = puppet(sim);
    const dispatch = (parallel: boolean) =>
      slow.does((self) => {
        const run = async () => {
          log.push("begin");
          await self.sleep(100);
          log.push("end");
        };
        return Promise.resolve(Registry.dispatch(self, reg, "hello", run, { parallel })).then(() => log.push("done"));
      });
    await dispatch(false);
    await sim.advance(1000);
    const serial = partitions === 1 ? ["begin", "end", "done"] : ["begin", "end", "begin", "end", "done"];
    expect(log.splice(0)).toEqual(serial);
    await dispatch(true);
    await sim.advance(1000);
    expect(log).toEqual(partitions === 1 ? serial : ["begin", "begin", "end", "end", "done"]);
  });

  it("a dispatch ends with the process that dispatches", async ({ sim, ada, bob }) => {
    await ada.does((self) => Registry.register(self, reg, "hello", "ada"));
    await bob.does((self) => Registry.register(self, reg, "hello", "bob"));
    const calls: unknown[] = [];
    sim.spawn((self) =>
      Registry.dispatch(self, reg, "hello", async () => {
        calls.push("called");
        self.exit(self.pid, "kill");
      }),
    );
    await sim.idle();
    expect(calls).toEqual(["called"]);
  });

  it("has no value to update and no key to be found by", async ({ sim, ada }) => {
    await ada.does((self) => {
      Registry.register(self, reg, "hello", 1);
      const why = /updateValue: expected a registry of unique keys, got: 'reg', whose keys are duplicate/;
      refuses(() => Registry.updateValue(self, reg, "hello", (value) => value), why);
    });
    refuses(() => Registry.whereisName(sim, reg, "hello"), /got: 'reg', whose keys are duplicate/);
  });
});
