import { CallError } from "hornbeam";
import { Registry } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { puppet } from "../runtime/support.ts";
import { type Keys, ownedBy, reg, type Scene, scene } from "./registry-support.ts";

const KINDS: readonly [keys: Keys, partitions: number][] = [
  ["unique", 1],
  ["duplicate", 8],
];

describe.for(KINDS)("the locks of a registry of %s keys with %i partitions", ([keys, partitions]) => {
  /** Processes that lock a key for 100 ms, each when it is told to, and write down what they see. */
  const it = (title: string, body: (world: Scene & Locking) => unknown) =>
    test(title, () =>
      scene(keys, partitions, (world) => {
        const log: string[] = [];
        const locker = (who: string, key: unknown, end: () => unknown = () => who) =>
          world.sim.spawn(async (self) => {
            const work = async () => {
              log.push(`${who} in`);
              await self.sleep(100);
              log.push(`${who} out`);
              return end();
            };
            const result = await Registry.lock(self, reg, key, work).catch((error: Error) => error.message);
            log.push(`${who} got ${result}`);
            await self.receive();
          });
        return body({ ...world, log, locker });
      }),
    );

  interface Locking {
    readonly log: string[];
    readonly locker: (who: string, key: unknown, end?: () => unknown) => ReturnType<Scene["sim"]["spawn"]>;
  }

  it("let what is under different keys run at the same time", async ({ sim, log, locker }) => {
    locker("a", 1);
    locker("b", "1");
    await sim.advance(200);
    expect(log.filter((line) => !line.includes("got"))).toEqual(["a in", "b in", "a out", "b out"]);
    expect(log).toEqual(expect.arrayContaining(["a got a", "b got b"]));
  });

  it("let what is under the same key run one after the other, in the order in which it came", async (world) => {
    const { sim, log, locker } = world;
    for (const who of ["a", "b", "c"]) locker(who, "key");
    await sim.advance(99);
    expect(log).toEqual(["a in"]);
    await sim.advance(300);
    expect(log.filter((line) => !line.includes("got"))).toEqual(["a in", "a out", "b in", "b out", "c in", "c out"]);
    expect(log.filter((line) => line.includes("got"))).toEqual(["a got a", "b got b", "c got c"]);
  });

  it("are given on when who holds one throws, which it hears of", async ({ sim, log, locker }) => {
    locker("a", "key", () => {
      throw new Error("oops");
    });
    locker("b", "key");
    await sim.advance(300);
    expect(log.filter((line) => !line.includes("got"))).toEqual(["a in", "a out", "b in", "b out"]);
    expect(log).toContain("a got oops");
    expect(log).toContain("b got b");
  });

  it("are given on at once when who holds one ends, and nothing of it is obeyed", async ({ sim, log, locker }) => {
    const a = locker("a", "key");
    locker("b", "key");
    await sim.advance(50);
    sim.kill(a);
    await sim.idle();
    expect(log).toEqual(["a in", "b in"]);
    await sim.advance(300);
    expect(log).toEqual(["a in", "b in", "b out", "b got b"]);
  });

  it("are not taken back by the code of a dead process that goes on", async ({ sim, log, locker }) => {
    const outside = Promise.withResolvers<string>();
    const dead = sim.spawn(async (self) => {
      log.push(await Registry.lock(self, reg, "key", () => outside.promise));
    });
    await sim.idle();
    locker("b", "key");
    locker("c", "key");
    sim.kill(dead);
    await sim.idle();
    outside.resolve("the dead went on");
    await sim.idle();
    expect(log).toEqual(["b in"]);
    await sim.advance(300);
    expect(log.filter((line) => !line.includes("got"))).toEqual(["b in", "b out", "c in", "c out"]);
  });

  it("pass over who has ended while it waited", async ({ sim, log, locker }) => {
    locker("a", "key");
    const b = locker("b", "key");
    locker("c", "key");
    await sim.advance(50);
    sim.kill(b);
    await sim.advance(300);
    expect(log.filter((line) => !line.includes("got"))).toEqual(["a in", "a out", "c in", "c out"]);
  });

  it("pass over who ends at the very moment when its turn comes", async ({ sim, log, locker }) => {
    const a = locker("a", "key");
    const b = locker("b", "key");
    locker("c", "key");
    await sim.advance(50);
    const linker = puppet(sim);
    // Both fall in one chain: a gives the lock to b, which is dead already.
    await linker.does((self) => {
      self.link(a);
      self.link(b);
    });
    sim.kill(linker.pid, "boom");
    await sim.advance(300);
    expect(log).toEqual(["a in", "c in", "c out", "c got c"]);
  });

  it("have keys of their own, which are not those of the entries", async ({ sim, ada, log, locker }) => {
    await ada.does((self) => Registry.register(self, reg, "key", 1));
    locker("a", "key");
    await sim.advance(200);
    expect(log).toEqual(["a in", "a out", "a got a"]);
    expect(Registry.count(sim, reg)).toBe(1);
  });

  it("refuse who waits when the registry stops; who is at work finishes", async ({ sim, top, log, locker }) => {
    locker("a", "key");
    locker("b", "key");
    await sim.advance(50);
    sim.exit(top, "shutdown");
    await sim.advance(300);
    expect(log.toSorted()).toEqual([
      "a got a",
      "a in",
      "a out",
      "b got call 'lock' to reg: expected a reply, got: noproc (no such process)",
    ]);
  });

  it("take a synchronous function, too, and leave nothing behind", async ({ sim, ada }) => {
    await ada.does(async (self) => {
      expect(await Registry.lock(self, reg, "key", () => 1)).toBe(1);
      expect(await Registry.lock(self, reg, "key", () => 2)).toBe(2);
      const bad = () => {
        throw new CallError("noproc", "request", "target");
      };
      await expect(Registry.lock(self, reg, "key", bad)).rejects.toThrow(CallError);
      expect(await Registry.lock(self, reg, "key", () => 3)).toBe(3);
    });
    expect(ownedBy(ada.pid)).toBe(0);
    expect(sim.isAlive(ada.pid)).toBe(true);
  });
});
