import { expect, test } from "vitest";
import { REAL, runFixture } from "./support.ts";

test(
  "a stray throw or rejection in a request answers 500 for that request alone, and Node lives",
  async () => {
    const { code, lines, err } = await runFixture("strays.ts");
    expect(err).toBe("");
    expect(lines).toEqual([
      "crash: GET /timer in plug GET /timer: stray",
      "/timer: 500 500 Internal Server Error",
      "crash: GET /rejection in plug GET /rejection: stray",
      "/rejection: 500 500 Internal Server Error",
      "crash: GET /deep in plug GET /deep: stray",
      "/deep: 500 500 Internal Server Error",
      "/sent: 200 sent before",
      "zombie: GET /sent in plug GET /sent: throw",
      "/wait: 200 undisturbed",
      "/wait: 200 undisturbed",
      "stopped",
    ]);
    expect(code).toBe(0);
  },
  REAL,
);

test(
  "a stray throw, a rejection or an error event in one request, however it comes, costs only that request, among a thousand others",
  async () => {
    const { code, lines, err } = await runFixture("strays-crowd.ts");
    const ways = ["timer", "immediate", "tick", "microtask", "file", "rejection", "emitter", "nested"];
    const fates: Readonly<Record<string, string>> = {
      pending: "500 500 Internal Server Error",
      awaiting: "500 500 Internal Server Error",
      streaming: "200 part, cut off",
      sent: "200 sent",
      done: "200 done",
    };
    expect(err).toBe("");
    expect(lines).toEqual([
      ...Object.entries(fates).flatMap(([answer, fate]) => ways.map((way) => `${way}/${answer}: ${fate}`)),
      "the others: 200 undisturbed",
      "restarted: nothing",
      `told of what came after the end: ${ways
        .map((way) => `${way}/done`)
        .toSorted()
        .join(", ")}`,
      "stopped",
    ]);
    expect(code).toBe(0);
  },
  REAL,
);

test(
  "a client that cuts its connection off while it is being upgraded harms nobody",
  async () => {
    const { code, lines, err } = await runFixture("resets.ts");
    expect(err).toBe("");
    expect([code, lines]).toEqual([0, ["alive", "stopped"]]);
  },
  REAL,
);

test(
  "a client that asks for an upgrade before it has its answer harms nobody else",
  async () => {
    const { code, lines, err } = await runFixture("pipelined-upgrade.ts");
    expect(err).toBe("");
    expect([code, lines]).toEqual([0, ["the other: undisturbed, a new one: ok", "crashes: none"]]);
  },
  REAL,
);
