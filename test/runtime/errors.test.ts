import { inspect } from "node:util";
import { AlreadyStarted, BadReturnValue, CallError, isClean, NoCatch, type Pid, StartError } from "hornbeam";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { forever } from "./support.ts";

test.each([
  ["normal", true],
  ["shutdown", true],
  [{ shutdown: undefined }, true],
  ["kill", false],
  ["killed", false],
  ["noproc", false],
  [new Error("normal"), false],
  [undefined, false],
  [null, false],
] as const)("the reason %o is clean: %o", (reason, clean) => {
  expect(isClean(reason)).toBe(clean);
});

test("errors say what was expected, then what came", () => {
  expect(new BadReturnValue("handleCall.get", "reply, noreply or stop", { no: 1 }).message).toBe(
    "handleCall.get returned a value that it may not return: expected reply, noreply or stop, got: { no: 1 }",
  );
  expect(new NoCatch("oops").message).toBe("expected an Error to be thrown, got: 'oops'");
  expect(new StartError("timeout").message).toBe("start of the process: expected a process that is up, got: 'timeout'");
  expect(new CallError("timeout", "get", "<0.1>").message).toMatch(
    /^call 'get' to <0\.1>: expected a reply, got: timeout \(/,
  );
});

test("errors carry the reason, and the error behind it as their cause", () => {
  const cause = new Error("oops");
  expect(new StartError(cause)).toMatchObject({ reason: cause, cause, name: "StartError" });
  expect(new CallError(cause, "get", "x")).toMatchObject({ reason: cause, cause, name: "CallError" });
  const taken = new AlreadyStarted({ id: 1 } as Pid, "lobby");
  expect(taken).toBeInstanceOf(StartError);
  expect(taken).toMatchObject({ name: "AlreadyStarted", pid: { id: 1 } });
});

test("a message about a value is bounded and never throws, whatever the value is", () => {
  const hostile = {
    [inspect.custom]() {
      throw new Error("no");
    },
  };
  expect(new NoCatch(hostile).message).toContain("cannot be inspected");
  expect(new NoCatch("x".repeat(1e6)).message.length).toBeLessThan(1000);
  expect(new NoCatch(Array(1e5).fill({ a: { b: { c: 1 } } })).message.length).toBeLessThan(1000);
});

test("a pid reads as Erlang's do, in text, in JSON and in the console", () =>
  inVirtualTime(async (sim) => {
    const pid = sim.spawn(forever);
    const text = `<0.${pid.id}>`;
    expect([String(pid), inspect(pid), JSON.stringify({ pid })]).toEqual([text, text, `{"pid":"${text}"}`]);
  }));
