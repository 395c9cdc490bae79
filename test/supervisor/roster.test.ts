import fc from "fast-check";
import { expect, test } from "vitest";
import { checkSpec } from "../../supervisor/child-spec.ts";
import { Child } from "../../supervisor/children.ts";
import { Roster } from "../../supervisor/roster.ts";

const make = (id: string) => new Child(checkSpec({ id, start: async () => "ignore" }, "never"), undefined);
const operations = fc.array(fc.record({ add: fc.boolean(), at: fc.nat({ max: 20 }) }), { maxLength: 60 });

test("a roster keeps what a list keeps, in its order, wherever children are dropped", () => {
  fc.assert(
    fc.property(operations, (steps) => {
      const roster = new Roster();
      let list: Child[] = [];
      let ids = 0;
      for (const { add, at } of steps) {
        const child = add ? make(`c${ids++}`) : list[at % (list.length || 1)];
        if (child === undefined) continue;
        if (add) roster.add(child);
        else roster.delete(child);
        list = add ? [...list, child] : list.filter((each) => each !== child);
        expect(roster.from()).toEqual(list);
        expect(list.every((each) => roster.has(each) && roster.get(each.spec.id) === each)).toBe(true);
        const place = at % (list.length || 1);
        if (list.length > 0) expect(roster.from(list[place])).toEqual(list.slice(place));
        if (!add) {
          expect(roster.has(child)).toBe(false);
          roster.delete(child); // once more is once too many, and does nothing
          expect(roster.from()).toEqual(list);
        }
      }
    }),
    { numRuns: 1000 },
  );
});

test("a child that was dropped and added again is the last, and an older one of its id is not dropped for it", () => {
  const roster = new Roster();
  const [a, b] = [make("a"), make("b")];
  for (const child of [a, b]) roster.add(child);
  roster.delete(a);
  const again = make("a");
  roster.add(again);
  roster.delete(a);
  expect(roster.from()).toEqual([b, again]);
});
