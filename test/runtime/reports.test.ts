import { inspect } from "node:util";
import { exit, type Level, ok, onReport, procLib, type stop } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { forever, REAL, runFixture } from "./support.ts";

function reports(sim: VirtualSystem, from?: Level): { level: Level; text: string; event: string }[] {
  const seen: { level: Level; text: string; event: string }[] = [];
  onReport(sim.telemetry, (level, text, event) => void seen.push({ level, text, event }), from);
  return seen;
}

const Fragile = {
  init: (n: number) => ok(n),
  handleCast: {
    crash: (): ReturnType<typeof stop<number>> => {
      throw new Error("oops");
    },
  },
} satisfies GenServer<number>;

test("the report of a crash names the process, the error with its stack, the callback, the message and the state", () =>
  inVirtualTime(async (sim) => {
    const seen = reports(sim);
    const server = await start(sim, Fragile, 41, { label: "fragile" });
    sim.cast(server, "crash");
    await sim.idle();
    expect(seen).toMatchObject([{ level: "error", event: "process.crash" }]);
    const text = seen[0]?.text as string;
    expect(text).toContain(`process ${server} fragile crashed: Error: oops`);
    expect(text).toContain("reports.test.ts");
    expect(text).toContain("in handleCast.crash");
    expect(text).toContain("cast: 'crash'");
    expect(text).toContain("state: 41");
  }));

test("a report of a crash names the ancestors, those that are linked, and the messages left unread", () =>
  inVirtualTime(async (sim) => {
    const seen = reports(sim);
    let pids: readonly unknown[] = [];
    sim.spawn((top) => {
      const middle = top.spawn(
        (self) => {
          const child = self.spawnLink(
            async (crashing) => {
              await crashing.sleep(10);
              throw new Error("oops");
            },
            { label: "child" },
          );
          pids = [top.pid, self.pid, child];
          self.send(child, "unread");
          self.send(child, "unread, too");
          return forever(self);
        },
        { label: "middle", trapExit: true },
      );
      return forever(top).then(() => middle);
    });
    await sim.advance(20);
    const [top, middle, child] = pids;
    const text = seen[0]?.text as string;
    expect(text).toContain(`process ${child} child crashed (started by ${middle}): Error: oops`);
    expect(text).toContain(`\n  ancestors: ${middle}, ${top}`);
    expect(text).toContain(`\n  linked to: ${middle} middle`);
    expect(text).toContain("\n  messages left unread: 2");
  }));

test("the system itself is not among those that a crash may take along", () =>
  inVirtualTime(async (sim) => {
    const seen = reports(sim);
    const loop = procLib.child(async (self, init) => {
      init.ack();
      await self.sleep(10);
      throw new Error("oops");
    });
    await sim.start(loop);
    await sim.advance(20);
    expect(seen[0]?.text).toContain("crashed");
    expect(seen[0]?.text).not.toContain("linked to");
  }));

test("a report keeps every letter, whatever the alphabet", () =>
  inVirtualTime(async (sim) => {
    const seen = reports(sim);
    sim.spawn(
      () => {
        throw new Error("Überraschung 事故 🔥");
      },
      { label: "Prozeß 🌳" },
    );
    await sim.idle();
    expect(seen[0]?.text).toContain("Prozeß 🌳 crashed: Error: Überraschung 事故 🔥");
  }));

test("clean ends and kills are not reported", () =>
  inVirtualTime(async (sim) => {
    const seen = reports(sim, "debug");
    for (const reason of ["normal", "shutdown", { shutdown: 1 }]) sim.spawn(() => exit(reason));
    sim.kill(sim.spawn(forever));
    await sim.idle();
    expect(seen).toEqual([]);
  }));

test("reports below the wanted level are not even built", () =>
  inVirtualTime(async (sim) => {
    const seen = reports(sim, "error");
    expect(sim.telemetry.has("genserver.unhandled")).toBe(false);
    const server = await start(sim, Fragile, 1);
    sim.send(server as any, "unknown");
    await sim.idle();
    expect(seen).toEqual([]);
  }));

test("the end of reporting ends it", () =>
  inVirtualTime(async (sim) => {
    let count = 0;
    const detach = onReport(sim.telemetry, () => void count++);
    sim.spawn(() => exit("oops"));
    await sim.idle();
    detach();
    sim.spawn(() => exit("oops"));
    await sim.idle();
    expect(count).toBe(1);
  }));

test("a reason that cannot be shown does not silence the reports after it", () =>
  inVirtualTime(async (sim) => {
    const seen = reports(sim);
    sim.spawn(() =>
      exit({
        [inspect.custom]() {
          throw new Error("not to be inspected");
        },
      }),
    );
    sim.spawn(() => exit("oops"));
    await sim.idle();
    expect(seen.map(({ event }) => event)).toEqual(["process.crash", "process.crash"]);
    expect(seen[1]?.text).toContain("oops");
  }));

test(
  "a system prints its reports on standard error, and nothing when it is told so",
  async () => {
    const { code, out, err } = await runFixture("print-reports.ts");
    expect({ code, out }).toEqual({ code: 0, out: "" });
    expect(err).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z \[error\] process <0\.\d+> loud crashed: Error: oops\n/);
    expect(err).not.toContain("quiet");
  },
  REAL,
);
