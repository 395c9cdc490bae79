import { expect, test } from "vitest";
import { REAL, runFixture } from "./support.ts";

/** The lines of a run, and how it ended. */
async function run(scenario: string): Promise<{ code: unknown; lines: string[]; err: string }> {
  const { code, out, err } = await runFixture("strays.ts", scenario);
  return { code, lines: out.split("\n").filter((line) => line !== "" && !line.startsWith("root: ")), err };
}

test.concurrent.each([
  ["a throw in a timer", "timer", "from a timer"],
  ["an unhandled rejection", "rejection", "not handled"],
])(
  "%s ends the process that caused it, and nothing else",
  async (_, scenario, reason) => {
    const { code, lines } = await run(scenario);
    expect({ code, lines }).toEqual({ code: 0, lines: [`thrower: ${reason}`, "still here", "bystander: killed"] });
  },
  REAL,
);

test.concurrent(
  "a throw finds its process through timers, immediates and promises",
  async () => {
    const { code, lines } = await run("deep");
    expect({ code, lines }).toEqual({ code: 0, lines: ["thrower: far away", "still here"] });
  },
  REAL,
);

test.concurrent(
  "a throw that an asynchronous callback of a server left behind ends the server",
  async () => {
    const { code, lines } = await run("server");
    expect({ code, lines }).toEqual({ code: 0, lines: ["server: from a callback", "still here"] });
  },
  REAL,
);

test.concurrent(
  "a rejection that terminate left behind ends its server, and not Node",
  async () => {
    const { code, lines } = await run("terminate");
    expect({ code, lines }).toEqual({
      code: 0,
      lines: ["server: in terminate", "zombie server: settle", "still here"],
    });
  },
  REAL,
);

test.concurrent(
  "a throw that a process left behind when it ended is told, and harms nobody",
  async () => {
    const { code, lines } = await run("dead");
    expect({ code, lines }).toEqual({ code: 0, lines: ["thrower: normal", "zombie thrower: throw", "still here"] });
  },
  REAL,
);

test.concurrent(
  "what throws while a process is let go is not the fault of who ended it",
  async () => {
    const { code, lines } = await run("killer");
    expect({ code, lines }).toEqual({
      code: 0,
      lines: ["victim: oops", "zombie victim: throw", "zombie victim: throw", "still here", "killer: killed"],
    });
  },
  REAL,
);

test.concurrent(
  "what throws over a message is the fault of the receiver, not of the sender",
  async () => {
    const { code, lines } = await run("sender");
    expect({ code, lines }).toEqual({ code: 0, lines: ["server: over a message", "still here", "sender: killed"] });
  },
  REAL,
);

test.concurrent(
  "a throw that belongs to no process ends Node with code 1, and is printed",
  async () => {
    const { code, lines, err } = await run("nobody");
    expect({ code, lines }).toEqual({ code: 1, lines: [] });
    expect(err).toContain("nobody's");
  },
  REAL,
);

test.concurrent(
  "a throw that belongs to no process is left to whoever else listens",
  async () => {
    const { code, lines } = await run("listener");
    expect({ code, lines }).toEqual({ code: 0, lines: ["caught: nobody's", "still here"] });
  },
  REAL,
);

test.concurrent.each([
  ["a system that is told not to catch strays", "off"],
  ["a system that was stopped", "stopped"],
])(
  "%s leaves them to Node",
  async (_, scenario) => {
    const { code, err } = await run(scenario);
    expect(code).toBe(1);
    expect(err).toMatch(/Error: (not caught|after the end)/);
  },
  REAL,
);
