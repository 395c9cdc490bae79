import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { REAL } from "../runtime/support.ts";

// What Vitest says of the tests in fixtures/vitest, run as a user's are.

interface Outcome {
  readonly title: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CONFIG = "test/supervisor/fixtures/vitest/vitest.config.ts";
const OUT = `${ROOT}.cache/vitest-kit.json`;

async function run(): Promise<readonly Outcome[]> {
  rmSync(OUT, { force: true });
  const vitest = `${ROOT}node_modules/vitest/vitest.mjs`;
  const args = ["run", "--config", CONFIG, "--reporter", "json", "--outputFile", OUT];
  const ended = await promisify(execFile)(process.execPath, [vitest, ...args], { cwd: ROOT }).catch((error) => error);
  // Because tests fail.
  expect(ended.code, ended.stderr).toBe(1);
  const [file] = JSON.parse(readFileSync(OUT, "utf8")).testResults;
  return file.assertionResults;
}

describe("the fixtures of hornbeam/vitest", () => {
  let outcomes: readonly Outcome[] = [];
  beforeAll(async () => {
    outcomes = await run();
  }, REAL);

  /** What a test failed with, in one text. */
  const failure = (title: string): string => {
    const found = outcomes.find((each) => each.title === title);
    expect(found?.status, title).toBe("failed");
    return (found?.failureMessages ?? []).join("\n");
  };

  test("tests pass that leave nothing, in virtual time, with a system and a process of their own or without", () => {
    const passing = outcomes.filter(({ title }) => title.startsWith("passes: "));
    expect(passing).toHaveLength(5);
    for (const { title, status, failureMessages } of passing)
      expect([title, status, failureMessages]).toEqual([title, "passed", []]);
  });

  test("no other test passes", () => {
    const passed = outcomes.filter(({ status }) => status === "passed");
    expect(passed.filter(({ title }) => !title.startsWith("passes: "))).toEqual([]);
    expect(outcomes).toHaveLength(13);
  });

  test.each([
    [
      "leaves a process",
      /left something over: process <0\.\d+> forgotten \(waiting\), started at .*kit\.fixture\.ts:\d+/,
    ],
    [
      "leaves a name",
      /process <0\.\d+> lobby \(waiting\), which has the name 'lobby', started at .*kit\.fixture\.ts:\d+/,
    ],
    ["leaves a timer", /left something over: a timer that sends 'tick' to 'clock', due at 5000 ms/],
    ["leaves a process in spite of other options", /left something over: process <0\.\d+> process/],
  ])("a test fails that %s, and is told what is left and where it was started", (title, said) => {
    expect(failure(title)).toMatch(said);
  });

  test("an assertion that fails says why, and points to the line of the test", () => {
    expect(failure("misses a message")).toMatch(
      /^AssertionError: assertReceive: expected a message that matches 'never' within 100 ms, got: none\nthe mailbox of <0\.\d+> test, got:\n {2}'other'\n\s+at .*kit\.fixture\.ts:\d+/,
    );
  });

  test("docs/testing.md shows what failures say", () => {
    const guide = readFileSync(`${ROOT}docs/testing.md`, "utf8");
    const shown = [...guide.matchAll(/```text\n([\s\S]*?)```/g)].map(([, text = ""]) => text);
    expect(shown).toHaveLength(2);
    for (const [i, title] of ["leaves a process", "misses a message"].entries()) {
      const said = failure(title)
        .replaceAll(/<0\.\d+>/g, "<0.2>")
        .replace(/started at .*/, "started at …");
      expect(said).toContain((shown[i] as string).trimEnd());
    }
  });

  test.each(["dies of a link", "dies of a link unheard", "waits for ever when dead"])(
    "a test fails that %s, and is told of what its process died",
    (title) => {
      expect(failure(title)).toMatch(
        /expected the process of the test \(<0\.\d+> test\) to live, got: it has ended with 'boom', taken along by <0\.\d+> bomb/,
      );
    },
  );
});
