import { describe, expect, test } from "vitest";
import { Program } from "./fixtures/run/program.ts";

/** Longer than a program may run, so that a test which waits for one fails by its expectations. */
const LIMIT = 20_000;
const SIGNALS = [
  { signal: "SIGTERM", code: 143 },
  { signal: "SIGINT", code: 130 },
] as const;

describe("the first signal", { timeout: LIMIT }, () => {
  test.each(SIGNALS)(
    "$signal stops the tree in order, each child awaited, and ends Node with 0",
    async ({ signal }) => {
      await using program = new Program("orderly");
      await program.printed("started c");
      program.send(signal);
      expect(await program.end()).toMatchObject({ code: 0 });
      expect(program.lines.slice(-6)).toEqual([
        "stopping c",
        "stopped c",
        "stopping b",
        "stopped b",
        "stopping a",
        "stopped a",
      ]);
      expect(program.reports).toContain(`${signal}: stopping, within 30000 ms`);
      expect(program.reports).toContain("stopped; exit code 0");
    },
  );

  test("ends a program that has nothing to do and would wait for ever, without a word when reports are off", async () => {
    await using program = new Program("idle");
    await program.printed("started idle");
    program.send("SIGTERM");
    expect(await program.end()).toMatchObject({ code: 0, signal: null });
    expect(program.reports).toBe("");
  });

  test("ends Node with 1 when a child had to be killed, and the report names it; the others stop in order", async () => {
    await using program = new Program("stubborn");
    await program.printed("started c");
    program.send("SIGTERM");
    expect(await program.end()).toMatchObject({ code: 1 });
    expect(program.lines.slice(-5)).toEqual([
      "stopping c",
      "stopped c",
      "stopping stubborn",
      "stopping a",
      "stopped a",
    ]);
    expect(program.reports).toMatch(/child stubborn .* did not stop as told \(shutdown: 100\): 'killed'/);
    expect(program.reports).toContain("stopped; exit code 1");
  });

  test("ends Node with 1 at the deadline, and the report names what still runs, and nothing else", async () => {
    const deadline = 700;
    await using program = new Program("endless", String(deadline));
    await program.printed("started c");
    program.send("SIGTERM");
    const { code, afterSignal } = await program.end();
    expect(code).toBe(1);
    expect(afterSignal).toBeGreaterThanOrEqual(deadline);
    expect(afterSignal).toBeLessThan(deadline + 500);
    expect(program.lines.at(-1)).toBe("stopping endless");
    const [, running = ""] = program.reports.split("the tree did not stop within 700 ms; still running:\n");
    const named = running.split("\n").filter((line) => line.startsWith("  "));
    expect(named.map((line) => line.replace(/<.*?> /, "").trim())).toEqual(["endless app", "a", "endless"]);
  });
});

describe("the second signal", { timeout: LIMIT }, () => {
  test.each(SIGNALS)("$signal ends Node at once with $code", async ({ signal, code }) => {
    await using program = new Program("endless", "60000");
    await program.printed("started c");
    program.send("SIGTERM");
    await program.printed("stopping endless");
    program.send(signal);
    const end = await program.end();
    expect(end.code).toBe(code);
    expect(end.afterSignal).toBeLessThan(1000);
  });

  test("is not the SIGINT that npm passes on: a Ctrl-C that comes twice at once stops the tree in order", async () => {
    await using program = new Program("interrupted");
    expect(await program.end()).toMatchObject({ code: 0, signal: null });
    expect(program.lines.slice(-2)).toEqual(["stopping a", "stopped a"]);
  });

  test("is a Ctrl-C again after 100 ms: it ends Node at once with 130", async () => {
    await using program = new Program("endless", "60000");
    await program.printed("started c");
    program.send("SIGINT");
    await program.printed("stopping endless");
    const again = setInterval(() => program.send("SIGINT"), 20);
    expect(await program.end()).toMatchObject({ code: 130 });
    clearInterval(again);
  });
});

describe("a signal during the start", { timeout: LIMIT }, () => {
  test("stops the tree, in order, as soon as it is up, and ends Node with 0", async () => {
    await using program = new Program("slow-start");
    await program.printed("starting slow");
    program.send("SIGTERM");
    expect(await program.end()).toMatchObject({ code: 0 });
    const stops = program.lines.filter((line) => line.startsWith("stopped"));
    expect(stops.slice(-2)).toEqual(["stopped slow", "stopped a"]);
  });

  test("ends Node with 1 at the deadline when the start never ends, and the report names what was starting", async () => {
    const deadline = 500;
    await using program = new Program("endless-start", String(deadline));
    await program.printed("starting endless");
    program.send("SIGINT");
    const { code, afterSignal } = await program.end();
    expect(code).toBe(1);
    expect(afterSignal).toBeLessThan(deadline + 500);
    expect(program.reports).toMatch(/still running:\n(.*\n)*? {2}<.*> endless\n/);
  });

  test("and a second one ends Node at once", async () => {
    await using program = new Program("endless-start", "60000");
    await program.printed("starting endless");
    program.send("SIGTERM");
    program.send("SIGINT");
    expect([130, 143]).toContain((await program.end()).code);
  });
});

test("a signal while prepare runs is a first signal already", { timeout: LIMIT }, async () => {
  await using program = new Program("prepare");
  await program.printed("preparing");
  program.send("SIGTERM");
  program.closeInput();
  expect(await program.end()).toMatchObject({ code: 0, signal: null });
  expect(program.lines.at(-1)).toBe("stopped a");
});

describe("a start that fails", { timeout: LIMIT }, () => {
  test("ends Node with 1, stops what had started, and says which child failed and why", async () => {
    await using program = new Program("broken");
    expect(await program.end()).toMatchObject({ code: 1 });
    expect(program.lines).toEqual(["starting a", "started a", "stopping a", "stopped a"]);
    expect(program.reports).toContain("child database could not be started: Error: cannot connect to db.example");
    expect(program.reports).toContain("broken app could not be started");
    expect(program.reports).toContain("not started; exit code 1");
  });

  test("because of a spec says what was expected, and what it got", async () => {
    await using program = new Program("misspelt");
    expect(await program.end()).toMatchObject({ code: 1 });
    expect(program.lines).toEqual([]);
    expect(program.reports).toContain(
      "expected restart of child 'a' to be permanent, transient or temporary, got: 'always'",
    );
  });
});

describe("a tree that ends by itself", { timeout: LIMIT }, () => {
  test("because it gave up ends Node with 1, its other children stopped, and says of which child", async () => {
    await using program = new Program("gives-up");
    expect(await program.end()).toMatchObject({ code: 1 });
    expect(program.lines).toEqual(["starting a", "started a", "stopping a", "stopped a"]);
    expect(program.reports).toMatch(
      /unwell app gives up: more than 3 restarts in 5 s\n {2}at first, child unwell <.*> ended/,
    );
    expect(program.reports).toContain("unwell app ended by itself ('shutdown'); exit code 1");
  });

  test("as normal ends Node with 0", async () => {
    await using program = new Program("ends", "normal");
    expect(await program.end()).toMatchObject({ code: 0 });
    expect(program.lines).toEqual(["worked"]);
    expect(program.reports).toContain("job ended by itself ('normal'); exit code 0");
  });

  test("by a crash ends Node with 1, and the report has the error", async () => {
    await using program = new Program("ends", "crash");
    expect(await program.end()).toMatchObject({ code: 1 });
    expect(program.reports).toContain("the job crashed");
  });
});
