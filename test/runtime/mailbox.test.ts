import fc from "fast-check";
import { expect, test } from "vitest";
import { EMPTY, Mailbox } from "../../runtime/mailbox.ts";

test("messages come out in the order in which they went in, undefined and null too", () => {
  const box = new Mailbox();
  for (const message of [undefined, null, 0, "", undefined]) box.push(message);
  const out = Array.from({ length: 6 }, () => box.shift());
  expect(out).toEqual([undefined, null, 0, "", undefined, EMPTY]);
});

test("unshift goes before all others, also before the last one", () => {
  const box = new Mailbox();
  box.unshift("b");
  box.unshift("a");
  box.push("c");
  expect([box.shift(), box.shift(), box.shift(), box.shift()]).toEqual(["a", "b", "c", EMPTY]);
});

test("a mailbox behaves like an array, whatever is pushed, unshifted and taken", () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("push" as const), message: fc.nat(9) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("unshift" as const), message: fc.nat(9) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("shift" as const), message: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("take" as const), message: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear" as const), message: fc.nat(0) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const box = new Mailbox();
      const model: number[] = [];
      for (const { kind, message } of steps) {
        if (kind === "shift") expect(box.shift()).toBe(model.length === 0 ? EMPTY : model.shift());
        else if (kind === "clear") {
          box.clear();
          model.length = 0;
        } else if (kind === "take") {
          const taken = model.filter((other) => other === message);
          model.splice(0, model.length, ...model.filter((other) => other !== message));
          expect(box.take((other) => other === message)).toEqual(taken);
        } else {
          box[kind](message);
          model[kind](message);
        }
        expect(box.messageCount).toBe(model.length);
        expect(box.some((other) => other === message)).toBe(model.includes(message));
      }
      for (const message of model) expect(box.shift()).toBe(message);
      expect(box.shift()).toBe(EMPTY);
    }),
  );
});

test("a long queue keeps its order while it grows, wraps and drains", () => {
  const box = new Mailbox();
  let next = 0;
  let taken = 0;
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 300; i++) box.push(next++);
    for (let i = 0; i < 290; i++) expect(box.shift()).toBe(taken++);
  }
  while (box.messageCount > 0) expect(box.shift()).toBe(taken++);
  expect(taken).toBe(next);
});
