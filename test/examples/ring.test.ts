import { expect, test } from "vitest";
import { ring } from "../../examples/ring.ts";
import { runExample } from "./support.ts";

test("examples/ring.ts passes a token around a ring of a thousand processes", async () => {
  expect(await runExample("ring.ts")).toBe("after 1000042 hops, process 42 of 1000 has the token\n");
});

test("the token goes from each process to the next, and from the last to the first", async () => {
  expect(await Promise.all([0, 1, 4, 5, 13].map((hops) => ring(5, hops)))).toEqual([0, 1, 4, 0, 3]);
});
