import { describe, expect, test } from "vitest";
import { Program } from "./fixtures/run/program.ts";

const LIMIT = 20_000;

/** How the applications of the fixture say that they stop, in order. */
const stopped = (...names: readonly string[]): string[] =>
  names.flatMap((name) => [`prepStop ${name}`, `stopping ${name}`, `stopped ${name}`, `stop ${name}`]);

describe("a program that is an application", { timeout: LIMIT }, () => {
  test.for(["SIGTERM", "SIGINT"] as const)(
    "starts what it needs first; %s stops the applications in reverse order and ends Node with 0",
    async (signal) => {
      await using program = new Program("applications");
      await program.printed("started web");
      program.send(signal);
      expect(await program.end()).toMatchObject({ code: 0, signal: null });
      const starts = ["db", "middle", "web"].flatMap((name) => [`starting ${name}`, `started ${name}`]);
      expect(program.lines).toEqual([...starts, ...stopped("web", "middle", "db")]);
      expect(program.reports).toContain("application web (permanent) stopped in");
      expect(program.reports).toContain("stopped; exit code 0");
    },
  );

  test("ends Node with 1 when a tree had to be killed on the way; the others stop in order", async () => {
    await using program = new Program("applications", "stubborn");
    await program.printed("started web");
    program.send("SIGTERM");
    expect(await program.end()).toMatchObject({ code: 1 });
    expect(program.lines.slice(-11)).toEqual([
      ...stopped("web"),
      "prepStop middle",
      "stopping middle",
      "stop middle",
      ...stopped("db"),
    ]);
    expect(program.reports).toMatch(/child middle .* did not stop as told \(shutdown: 100\): 'killed'/);
  });

  test("ends Node with 1 when one that it needs cannot start: what was started stops, and the report says why", async () => {
    await using program = new Program("applications", "broken");
    expect(await program.end()).toMatchObject({ code: 1 });
    expect(program.lines).toEqual(["starting db", "started db", ...stopped("db")]);
    expect(program.reports).toContain("application middle (permanent) could not be started; the system stops");
    expect(program.reports).toContain(
      "start of application middle: expected a process that is up, got: Error: no middle",
    );
    expect(program.reports).toContain("not started; exit code 1");
  });

  const ends = [
    { fate: "normal", code: 0, why: "'normal'" },
    { fate: "boom", code: 1, why: "'boom'" },
    { fate: "givesUp", code: 1, why: "'shutdown'" },
  ] as const;
  test.for(ends)("when one ends by itself ($fate) stops the others in order and ends Node with $code", async (end) => {
    await using program = new Program("applications", end.fate);
    expect(await program.end()).toMatchObject({ code: end.code });
    expect(program.lines.slice(-10)).toEqual(["prepStop middle", "stop middle", ...stopped("web"), ...stopped("db")]);
    expect(program.reports).toContain(`application middle (permanent) exited: ${end.why}; the system stops`);
    expect(program.reports).toContain(`middle ended by itself (${end.why}); exit code ${end.code}`);
  });

  test("that stops because one ended by itself has the deadline, too", async () => {
    await using program = new Program("applications", "stuck");
    expect(await program.end()).toMatchObject({ code: 1 });
    expect(program.lines.at(-1)).toBe("stopping web");
    expect(program.reports).toContain("the tree did not stop within 1500 ms");
  });
});
