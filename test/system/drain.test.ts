import { describe, expect, test } from "vitest";
import { keepAliveClient } from "./keep-alive-client.ts";
import { Program } from "./program.ts";

const CLIENTS = 200;
/** 200 clients, one request each every 100 ms: about 2,000 requests a second. */
const PACE = 100;
const ROUNDS = 20;
const DEADLINE = 8000;

describe("SIGTERM under load", () => {
  test(`no request fails, ${ROUNDS} times out of ${ROUNDS}, and the process exits 0 within its deadline`, async () => {
    for (let round = 1; round <= ROUNDS; round++) {
      await using server = new Program("examples/drain.ts", { PORT: "0", DEADLINE: String(DEADLINE) });
      const port = await server.port();
      const busy = Promise.withResolvers<void>();
      let answers = 0;
      const count = (): void => {
        if (++answers === CLIENTS * 5) busy.resolve();
      };
      const clients = Array.from({ length: CLIENTS }, () => keepAliveClient(port, "/work", PACE, count));
      await busy.promise;
      const told = performance.now();
      server.signal("SIGTERM");
      const outcomes = await Promise.all(clients);
      expect(await server.code(), server.output).toBe(0);
      expect(performance.now() - told).toBeLessThan(DEADLINE);
      const failures = outcomes.map(({ failure }) => failure).filter((failure) => failure !== undefined);
      expect(failures, `round ${round}`).toEqual([]);
      const answered = outcomes.reduce((sum, outcome) => sum + outcome.answered, 0);
      expect(answered).toBeGreaterThanOrEqual(CLIENTS * 5);
    }
  });

  test("a handler that never ends is cut off at the deadline, and the log names the request and its plug", async () => {
    await using server = new Program("examples/drain.ts", { PORT: "0", DRAIN: "700", DEADLINE: "3000" });
    const port = await server.port();
    const stuck = fetch(`http://127.0.0.1:${port}/stuck?secret=1`).then(
      ({ status }) => status,
      () => "cut off",
    );
    const slow = fetch(`http://127.0.0.1:${port}/work`).then((answer) => answer.text());
    expect(await slow).toBe("done\n");
    const told = performance.now();
    server.signal("SIGTERM");
    expect(await server.code()).toBe(1);
    const took = performance.now() - told;
    expect(took).toBeGreaterThan(650);
    expect(took).toBeLessThan(2000);
    expect(server.output).toMatch(/not drained after \d+ ms; cut off:\n.*GET \/stuck in plug GET \/stuck, for \d+ ms/);
    expect(await stuck).toBe(503);
  });

  test("a drain that has no limit ends at the deadline of the program, which names the request too", async () => {
    await using server = new Program("examples/drain.ts", { PORT: "0", DRAIN: "60000", DEADLINE: "800" });
    const port = await server.port();
    const stuck = fetch(`http://127.0.0.1:${port}/stuck`).catch(() => "cut off");
    await fetch(`http://127.0.0.1:${port}/fast`);
    const told = performance.now();
    server.signal("SIGTERM");
    expect(await server.code()).toBe(1);
    expect(performance.now() - told).toBeLessThan(1300);
    expect(server.output).toMatch(/did not stop within 800 ms; still running:[\s\S]*GET \/stuck in plug GET \/stuck/);
    expect(await stuck).toBe("cut off");
  });

  test("a slow request is answered although the server was told to stop meanwhile", async () => {
    await using server = new Program("examples/drain.ts", { PORT: "0" });
    const port = await server.port();
    const slow = fetch(`http://127.0.0.1:${port}/slow`);
    await fetch(`http://127.0.0.1:${port}/fast`);
    server.signal("SIGTERM");
    await server.line(/draining/);
    const answer = await slow;
    expect(answer.headers.get("connection")).toBe("close");
    expect(await answer.text()).toBe("done, in spite of everything\n");
    expect(await server.code()).toBe(0);
  });
});
