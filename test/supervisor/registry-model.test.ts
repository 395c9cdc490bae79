import fc from "fast-check";
import type { Pid } from "hornbeam";
import { AlreadyRegistered, Registry } from "hornbeam/supervisor";
import { expect, test } from "vitest";
import { type Puppet, puppet } from "../runtime/support.ts";
import { type Keys, linksOf, reg, scene } from "./registry-support.ts";

interface Held {
  readonly key: number;
  readonly pid: Pid;
  readonly value: number;
}

const step = fc.record({
  kind: fc.constantFrom("register", "register", "register", "unregister", "match", "kill", "crash"),
  who: fc.nat(3),
  key: fc.nat(2),
  at: fc.nat(7),
});

/** A registry against a list, whatever its processes do, and whoever of them and of its partitions is killed. */
test.for([
  ["unique", 1],
  ["unique", 3],
  ["duplicate", 1],
  ["duplicate", 3],
] as const)(
  "a registry of %s keys with %i partitions holds what a list would",
  ([keys, partitions]: readonly [Keys, number]) =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), (steps) =>
        scene(keys, partitions, async ({ sim, top }) => {
          let model: Held[] = [];
          const people: Puppet[] = [0, 1, 2, 3].map(() => puppet(sim));
          for (const [value, { kind, who, key, at }] of steps.entries()) {
            const person = people[who] as Puppet;
            const { pid } = person;
            if (kind === "register") {
              const taken = keys === "unique" && model.some((held) => held.key === key);
              await person.does((self) => {
                try {
                  Registry.register(self, reg, key, value);
                  expect(taken).toBe(false);
                } catch (error) {
                  if (!(error instanceof AlreadyRegistered)) throw error;
                  expect(taken).toBe(true);
                }
              });
              if (!taken) model.push({ key, pid, value });
            } else if (kind === "unregister") {
              await person.does((self) => Registry.unregister(self, reg, key));
              model = model.filter((held) => held.pid !== pid || held.key !== key);
            } else if (kind === "match") {
              await person.does((self) => Registry.unregisterMatch(self, reg, key, (held) => held % 2 === 0));
              model = model.filter((held) => held.pid !== pid || held.key !== key || held.value % 2 !== 0);
            } else {
              const children = linksOf(sim, top).filter((link) => linksOf(sim, link).includes(top) && link.id > top.id);
              const partition = children[at % children.length] as Pid;
              const hit =
                kind === "kill"
                  ? [pid]
                  : people.map((one) => one.pid).filter((one) => linksOf(sim, one).includes(partition));
              sim.kill(kind === "kill" ? pid : partition);
              // Longer than the supervisor of the partitions counts restarts.
              await sim.advance(6000);
              model = model.filter((held) => !hit.includes(held.pid));
              for (const [i, one] of people.entries()) if (!sim.isAlive(one.pid)) people[i] = puppet(sim);
              expect(hit.some((one) => sim.isAlive(one))).toBe(false);
            }
            const sorted = (all: readonly Held[]) => all.toSorted((a, b) => a.value - b.value);
            expect(sorted(Registry.select(sim, reg))).toEqual(sorted(model));
            expect(Registry.count(sim, reg)).toBe(model.length);
            for (const k of [0, 1, 2]) {
              const under = model
                .filter((held) => held.key === k)
                .map((held) => ({ pid: held.pid, value: held.value }));
              expect(Registry.lookup(sim, reg, k)).toEqual(under);
            }
            for (const one of people) {
              const own = model.filter((held) => held.pid === one.pid);
              expect(Registry.keys(sim, reg, one.pid)).toEqual(own.map((held) => held.key));
              expect(linksOf(sim, one.pid)).toHaveLength(own.length === 0 ? 0 : 1);
            }
          }
        }),
      ),
      { numRuns: 60 },
    ),
);
