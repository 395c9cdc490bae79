import fc from "fast-check";
import type { Pid } from "hornbeam";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { Entries } from "../../runtime/entries.ts";
import { addressOf } from "../../runtime/pid.ts";
import type { Process } from "../../runtime/process.ts";
import { forever } from "./support.ts";

const spawn = (sim: VirtualSystem): Process => addressOf(sim.spawn(forever)).process as Process;
const valuesOf = <V>(entries: Iterable<{ readonly value: V }>): V[] => [...entries].map(({ value }) => value);

test("entries are found by key and by owner, oldest first, and removed one by one or by owner", () =>
  inVirtualTime((sim) => {
    const table = new Entries<string, number>();
    const [ada, bob] = [spawn(sim), spawn(sim)];
    const first = table.add("a", ada, 1);
    table.add("a", bob, 2);
    table.add("b", ada, 3);
    expect([valuesOf(table.at("a")), valuesOf(table.at("b")), valuesOf(table.at("c"))]).toEqual([[1, 2], [3], []]);
    expect([valuesOf(table.of(ada)), valuesOf(table.of(bob))]).toEqual([[1, 3], [2]]);
    expect([table.size, valuesOf(table), [...table.keys()], [...table.owners()]]).toEqual([
      3,
      [1, 2, 3],
      ["a", "b"],
      [ada, bob],
    ]);
    expect([table.remove(first), table.remove(first)]).toEqual([true, false]);
    expect(valuesOf(table)).toEqual([2, 3]);
    table.removeOf(ada);
    expect([valuesOf(table), [...table.keys()], [...table.owners()]]).toEqual([[2], ["a"], [bob]]);
    table.removeOf(bob);
    expect([table.size, [...table.keys()], [...table.owners()]]).toEqual([0, [], []]);
  }));

test("what goes with its owner is told, after it is gone; what is removed is not", () =>
  inVirtualTime((sim) => {
    const told: unknown[] = [];
    const table: Entries<string, number> = new Entries(({ key, value }) => told.push([key, value, table.at(key).size]));
    const ada = spawn(sim);
    table.add("a", ada, 1);
    table.add("b", ada, 2);
    table.remove(table.add("c", ada, 3));
    sim.kill(ada.pid);
    expect(told).toEqual([
      ["a", 1, 0],
      ["b", 2, 0],
    ]);
  }));

test("whatever is added, removed and killed, keys, owners and the count agree", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom("add", "add", "add", "remove", "kill"), fc.nat(2), fc.nat(3))),
      (steps) =>
        inVirtualTime((sim) => {
          const table = new Entries<number, number>();
          const owners = [0, 1, 2, 3].map(() => spawn(sim));
          let model: { key: number; owner: number; value: number }[] = [];
          for (const [value, [kind, key, owner]] of steps.entries()) {
            const process = owners[owner] as Process;
            if (kind === "kill") {
              sim.kill(process.pid as Pid);
              model = model.filter((entry) => entry.owner !== owner);
              owners[owner] = spawn(sim);
            } else if (kind === "add") {
              table.add(key, process, value);
              model.push({ key, owner, value });
            } else {
              const [entry] = table.at(key);
              if (entry !== undefined) table.remove(entry);
              model = model.filter((one) => one.value !== entry?.value);
            }
            expect(table.size).toBe(model.length);
            expect(valuesOf(table).toSorted()).toEqual(model.map((one) => one.value).toSorted());
            for (const k of [0, 1, 2]) {
              expect(valuesOf(table.at(k))).toEqual(model.filter((one) => one.key === k).map((one) => one.value));
            }
            for (const [o, one] of owners.entries()) {
              expect(valuesOf(table.of(one))).toEqual(model.filter((m) => m.owner === o).map((m) => m.value));
            }
            expect(new Set(table.keys())).toEqual(new Set(model.map((one) => one.key)));
          }
        }),
    ),
  ));
