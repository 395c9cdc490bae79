import fc from "fast-check";
import { AlreadyStarted, alreadyStarted, BadArgument, name, type Pid } from "hornbeam";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { forever, inside, puppet } from "./support.ts";

const lobby = name("lobby");

test("a name finds the process that holds it now", () =>
  inVirtualTime(async (sim) => {
    const first = sim.spawn(forever, { name: lobby });
    expect(sim.whereis(lobby)).toBe(first);
    sim.kill(first);
    expect(sim.whereis(lobby)).toBeUndefined();
    const second = puppet(sim, { name: lobby });
    sim.send(lobby, "hello");
    await sim.idle();
    expect(sim.whereis(lobby)).toBe(second.pid);
    expect(second.inbox).toEqual(["hello"]);
  }));

test("a name that is taken cannot be taken again: a spawn throws AlreadyStarted with the holder", () =>
  inVirtualTime(async (sim) => {
    const holder = sim.spawn(forever, { name: lobby });
    let thrown: unknown;
    try {
      sim.spawn(forever, { name: lobby });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(AlreadyStarted);
    expect(alreadyStarted(thrown)).toBe(holder);
    expect(sim.processes()).toHaveLength(1);
  }));

test("alreadyStarted throws on what it does not know", () => {
  const error = new Error("oops");
  expect(() => alreadyStarted(error)).toThrow(error);
});

test("register refuses a taken name, a second name, a dead process and a name that is none", () =>
  inVirtualTime(async (sim) => {
    const gone = sim.spawn(() => {});
    const holder = puppet(sim, { name: lobby });
    const other = puppet(sim);
    const refused: unknown[] = [];
    const attempt = (act: () => void) => {
      try {
        act();
      } catch (error) {
        refused.push((error as Error).constructor);
      }
    };
    await other.does((self) => {
      attempt(() => self.register(lobby));
      attempt(() => self.register(name("second"), holder.pid));
      attempt(() => self.register(name("third"), gone));
      attempt(() => self.register(name("")));
      attempt(() => self.register({} as any));
    });
    expect(refused).toEqual(Array(5).fill(BadArgument));
    expect(sim.whereis(lobby)).toBe(holder.pid);
  }));

test("a process can register another, and unregister it", () =>
  inVirtualTime(async (sim) => {
    const other = sim.spawn(forever);
    const actor = puppet(sim);
    await actor.does((self) => self.register(lobby, other));
    expect(sim.whereis(lobby)).toBe(other);
    await actor.does((self) => self.unregister(lobby));
    expect(sim.whereis(lobby)).toBeUndefined();
    await actor.does((self) => expect(() => self.unregister(lobby)).toThrow(BadArgument));
    await actor.does((self) => self.register(name("free again"), other));
    expect(sim.whereis(name("free again"))).toBe(other);
  }));

test("a name is free before links and monitors hear of the end", () =>
  inVirtualTime(async (sim) => {
    const found: unknown[] = [];
    const holder = sim.spawn(forever, { name: lobby });
    sim.spawn(
      async (self) => {
        self.link(holder);
        self.monitor(holder);
        for (let i = 0; i < 2; i++) {
          await self.receive();
          found.push(self.whereis(lobby));
        }
        self.register(lobby);
        found.push("registered");
      },
      { trapExit: true },
    );
    await sim.idle();
    sim.exit(holder, "oops");
    await sim.idle();
    expect(found).toEqual([undefined, undefined, "registered"]);
  }));

test("a send to a name that nobody holds throws, a cast does not, and a dead pid is fine for both", () =>
  inVirtualTime(async (sim) => {
    const gone = sim.spawn(() => {});
    await sim.idle();
    expect(() => sim.send(lobby, "hello")).toThrow(/expected a name that somebody holds, got: 'lobby'/);
    expect(() => sim.send(lobby, "hello")).toThrow(BadArgument);
    expect(() => sim.cast(lobby, "hello")).not.toThrow();
    expect(() => sim.send(gone, "hello")).not.toThrow();
    expect(() => sim.cast(gone, "hello")).not.toThrow();
  }));

test("a name may be any string, also one that every object has", () =>
  inVirtualTime(async (sim) => {
    for (const word of ["__proto__", "constructor", "toString", " "]) {
      expect(sim.whereis(name(word))).toBeUndefined();
      const pid = sim.spawn(forever, { name: name(word) });
      expect(sim.whereis(name(word))).toBe(pid);
    }
  }));

test("names and processes agree, whatever is registered, unregistered and killed", async () => {
  const words = ["a", "b", "c"];
  const step = fc.oneof(
    fc.record({ kind: fc.constant("spawn"), word: fc.option(fc.constantFrom(...words)), at: fc.nat(5) }),
    fc.record({ kind: fc.constant("register"), word: fc.constantFrom(...words), at: fc.nat(5) }),
    fc.record({ kind: fc.constant("unregister"), word: fc.constantFrom(...words), at: fc.nat(5) }),
    fc.record({ kind: fc.constant("kill"), word: fc.constant(null), at: fc.nat(5) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), (steps) =>
      inVirtualTime(async (sim) => {
        const model = new Map<string, Pid>();
        const pids: Pid[] = [];
        const actor = puppet(sim);
        for (const { kind, word, at } of steps) {
          const pid = pids[at % Math.max(1, pids.length)];
          const taken = word !== null && model.has(word);
          const named = [...model.values()].includes(pid as Pid);
          await actor.does((self) => {
            try {
              if (kind === "spawn") pids.push(self.spawn(forever, word === null ? {} : { name: name(word) }));
              else if (kind === "unregister") self.unregister(name(word as string));
              else if (kind === "kill" && pid !== undefined) self.exit(pid, "kill");
              else if (kind === "register" && pid !== undefined) self.register(name(word as string), pid);
            } catch {
              return;
            }
            if (kind === "spawn" && word !== null && !taken) model.set(word, pids.at(-1) as Pid);
            if (kind === "unregister") model.delete(word as string);
            if (kind === "kill") for (const [key, holder] of model) if (holder === pid) model.delete(key);
            if (kind !== "register" || pid === undefined) return;
            expect([taken, named, self.isAlive(pid)]).toEqual([false, false, true]);
            model.set(word as string, pid);
          });
          for (const key of words) expect(sim.whereis(name(key))).toBe(model.get(key));
        }
      }),
    ),
    { numRuns: 50 },
  );
});

test("a name of who has ended is free in the same instant, also in the middle of a cascade", () =>
  inVirtualTime(async (sim) => {
    const seen: unknown[] = [];
    const bob = puppet(sim, { name: lobby });
    const ada = puppet(sim);
    await ada.does((self) => {
      self.link(bob.pid);
      self.signal.addEventListener("abort", () => {
        seen.push(sim.isAlive(bob.pid), sim.whereis(lobby));
        seen.push(sim.whereis(lobby) === sim.spawn(forever, { name: lobby }));
      });
    });
    sim.exit(ada.pid, "boom");
    expect(seen).toEqual([false, undefined, false]);
    const next = sim.whereis(lobby);
    expect(next !== undefined && sim.isAlive(next)).toBe(true);
  }));

test("a process of another system cannot have a name here", () =>
  inVirtualTime(async (sim) => {
    await inVirtualTime(async (other) => {
      const foreign = other.spawn(forever);
      await inside(sim, (self) => {
        expect(() => self.register(lobby, foreign)).toThrow("register: expected a process of this system, got: ");
      });
      expect(sim.whereis(lobby)).toBeUndefined();
    });
  }));
