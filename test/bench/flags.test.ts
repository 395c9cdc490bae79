import { expect, test } from "vitest";
import { flagsOf } from "../../bench/flags.ts";

test("no flags: everything, as text", () => {
  expect(flagsOf([])).toEqual({
    json: false,
    quick: false,
    gate: false,
    update: false,
    only: undefined,
    against: undefined,
  });
});

test("a pattern chooses benches, a list chooses rivals", () => {
  const { only, against, json } = flagsOf(["--json", "--only=^gencall", "--against=ceiling,beam"]);
  expect(json).toBe(true);
  expect(["gencall", "gencall_await", "polluted_gencall"].filter((bench) => only?.test(bench))).toEqual([
    "gencall",
    "gencall_await",
  ]);
  expect([...(against ?? [])]).toEqual(["ceiling", "beam"]);
});

test("an unknown flag is refused with those that exist", () => {
  expect(() => flagsOf(["--fast"])).toThrow(
    "expected --json, --quick, --only=PATTERN, --against=ceiling,beam, --gate, --update, got: --fast",
  );
});

test("an unknown rival is refused with those that exist", () => {
  expect(() => flagsOf(["--against=akka"])).toThrow(
    "--against: expected ceiling, beam, nact, xstate, effect, node, fastify, koa, express, hono, limit, first1k, plain, got: akka",
  );
});

test("a baseline is written by the gate only", () => {
  expect(() => flagsOf(["--update"])).toThrow("--update: expected it with --gate");
  expect(flagsOf(["--gate", "--update"])).toMatchObject({ gate: true, update: true });
});
