import { exit, onReport, type Reason, type Self, Task } from "hornbeam";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { events, inside } from "./support.ts";

function reports(sim: VirtualSystem): string[] {
  const seen: string[] = [];
  onReport(sim.telemetry, (level, text) => void seen.push(`${level}: ${text}`));
  return seen;
}

const crash = () => {
  throw new Error("oops");
};

test("a task that crashes is reported with its starter, its function and its callers", () =>
  inVirtualTime(async (sim) => {
    const seen = reports(sim);
    const crashes = events(sim, "process.crash");
    await inside(sim, async (self) => {
      const outer = Task.startLink(
        self,
        (own) => {
          const pid = Task.start(own, async function fetchUser() {
            crash();
          });
          self.send(self.pid, [own.pid, pid]);
        },
        { label: "outer" },
      );
      const [starter, pid] = await self.receive();
      expect(starter).toBe(outer);
      await self.sleep(0);
      expect(crashes).toMatchObject([{ pid, parent: undefined, callers: [outer, self.pid] }]);
      expect(crashes[0]).toMatchObject({ doing: { callback: "fetchUser" }, label: `${pid} task` });
      expect(seen).toHaveLength(1);
      expect(seen[0]).toContain(`error: process ${pid} task crashed (started by ${outer}): Error: oops\n`);
      expect(seen[0]).toContain("task-reports.test.ts");
      expect(seen[0]).toMatch(
        new RegExp(`\n  in fetchUser\n  callers: ${outer}, ${self.pid}\n  ancestors: ${outer}, ${self.pid}$`),
      );
    });
  }));

test("a task without a name for its function is reported with its label", () =>
  inVirtualTime(async (sim) => {
    const seen = reports(sim);
    const pid = Task.start(sim, () => Promise.reject(new Error("oops")), { label: "the label" });
    await sim.idle();
    expect(seen[0]).toContain(`process ${pid} the label crashed (started by <0.1>)`);
    expect(seen[0]).toContain("in an anonymous function");
  }));

test.for([
  ["an Error at once", crash, 1],
  ["an Error", async () => crash(), 1],
  ["a value that is no Error", () => Promise.reject("oops"), 1],
  ["an abnormal exit", () => exit("oops"), 1],
  ["a normal exit", () => exit("normal"), 0],
  ["a shutdown", () => exit("shutdown"), 0],
  ["a shutdown with a word", () => exit({ shutdown: "enough" }), 0],
  ["a kill from outside", (self: Self) => self.exit(self.pid, "kill"), 0],
  ["a return", () => "value", 0],
] as const)("a task that ends by %s is reported if that is a failure of its own", ([, run, count]) =>
  inVirtualTime(async (sim) => {
    const seen = reports(sim);
    Task.start(sim, run as (self: Self) => unknown);
    await sim.idle();
    expect(seen).toHaveLength(count);
  }),
);

test("a process that is no task is reported without callers", () =>
  inVirtualTime(async (sim) => {
    const seen = reports(sim);
    const crashes = events(sim, "process.crash");
    sim.spawn(() => exit("oops" as Reason));
    await sim.idle();
    expect(crashes[0]?.callers).toEqual([]);
    expect(seen[0]).not.toContain("callers");
  }));
