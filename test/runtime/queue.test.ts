import fc from "fast-check";
import { expect, test } from "vitest";
import { EMPTY, Queue } from "../../runtime/queue.ts";

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("push" as const), value: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("shift" as const), value: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("prepend" as const), value: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("take" as const), value: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("takeAll" as const), value: fc.nat(9) }) },
);

test("a queue behaves like an array, whatever is put in and taken at either end or in the middle", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const queue = new Queue();
      const model: number[] = [];
      for (const { kind, value } of steps) {
        const is = (other: unknown) => other === value;
        if (kind === "push") {
          queue.push(value);
          model.push(value);
        } else if (kind === "shift") {
          expect(queue.shift()).toBe(model.length === 0 ? EMPTY : model.shift());
        } else if (kind === "prepend") {
          const several = Array.from({ length: value }, (_, index) => index);
          queue.prepend(several);
          model.unshift(...several);
        } else if (kind === "take") {
          const index = model.findIndex(is);
          expect(queue.take(is)).toBe(index < 0 ? EMPTY : model.splice(index, 1)[0]);
        } else {
          expect(queue.takeAll(is)).toEqual(model.filter(is));
          model.splice(0, model.length, ...model.filter((other) => !is(other)));
        }
        expect([queue.length, queue.some(is)]).toEqual([model.length, model.some(is)]);
        expect(queue.room).toBeGreaterThanOrEqual(model.length);
      }
      expect(queue.takeAll(() => true)).toEqual(model);
    }),
  );
});
