import { exit, ignore, ok, reply, StartError } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { simulate } from "hornbeam/simulation";
import { changes, snapshot, startSupervised, stopSupervised } from "hornbeam/supervisor/test";
import { assertDown, assertReceive, inVirtualTime, testProcess } from "hornbeam/test";
import { describe, expect, test } from "vitest";

const Counter = {
  init: (start: number) => ok(start),
  handleCall: {
    add: (by: number, n) => reply(n + by, n + by),
    crash: (reason: string, _n) => exit(reason),
  },
} satisfies GenServer<number>;

const counter = (id: string, more = {}) => child(Counter, 0, { id, label: id, ...more });

describe("startSupervised", () => {
  test("starts a child, which is restarted as its spec says", () =>
    inVirtualTime(async (sim) => {
      const me = testProcess(sim);
      const lasting = await startSupervised(sim, counter("lasting"));
      const fleeting = await startSupervised(sim, counter("fleeting", { restart: "temporary" }));
      expect(await sim.call(lasting, "add", 2)).toBe(2);
      const parent = sim.processInfo(lasting)?.parent;
      const before = await snapshot(sim, parent as typeof lasting);
      for (const pid of [lasting, fleeting]) sim.kill(pid);
      await assertDown(me, lasting, "killed");
      await sim.idle();
      const { restarted, gone } = changes(before, await snapshot(sim, parent as typeof lasting));
      expect([restarted, gone].map((paths) => paths.map((path) => path.split("/").at(-1)))).toEqual([
        ["lasting"],
        ["fleeting"],
      ]);
    }));

  test("stops the children of the test with the system, the last first", async () => {
    const ends: string[] = [];
    await inVirtualTime(async (sim) => {
      sim.telemetry.on("process.exit", (_, { label, reason }) => void ends.push(`${label.split(" ")[1]} ${reason}`));
      for (const id of ["a", "b", "c"]) await startSupervised(sim, counter(id));
    });
    expect(ends.slice(0, 3)).toEqual(["c shutdown", "b shutdown", "a shutdown"]);
  });

  test("bears a thousand restarts, because tests kill on purpose", () =>
    inVirtualTime(async (sim) => {
      await startSupervised(sim, counter("victim"));
      const victim = () => sim.processes().find(({ label }) => label.endsWith(" victim"));
      for (let n = 0; n < 1000; n++) {
        sim.kill((victim() as { pid: any }).pid);
        await sim.idle();
      }
      expect(victim()).toBeDefined();
      sim.kill((victim() as { pid: any }).pid);
      await sim.idle();
      await expect(startSupervised(sim, counter("other"))).rejects.toThrow(
        "startSupervised: expected the supervisor of the test to run, got: it has ended; more than 1000 restarts in 5 s do that",
      );
    }));

  test("rejects with the error of a start that fails, and when it is ignored, and the id is free again", () =>
    inVirtualTime(async (sim) => {
      const boom = new Error("boom");
      const Bad = {
        init: () => {
          throw boom;
        },
      } satisfies GenServer<number>;
      const failed: StartError = await startSupervised(sim, child(Bad, { id: "x" })).catch((error) => error);
      expect([failed, failed.reason]).toEqual([expect.any(StartError), boom]);
      expect(failed.message).toContain("expected a process that is up, got: Error: boom");
      const Absent = { init: () => ignore } satisfies GenServer<number>;
      await expect(startSupervised(sim, child(Absent, { id: "y" }))).rejects.toThrow(
        "start of child y: expected a process that is up, got: 'ignore'",
      );
      await startSupervised(sim, counter("x"));
    }));

  test("rejects an id that is taken, a module in place of a spec, and what is no system", () =>
    inVirtualTime(async (sim) => {
      await startSupervised(sim, counter("a"));
      await expect(startSupervised(sim, counter("a"))).rejects.toThrow("start of 'a': expected nobody of that name");
      await expect(startSupervised(sim, Counter as never)).rejects.toThrow(
        "expected a child spec, as child(module, …)",
      );
      await expect(startSupervised(7 as never, counter("a"))).rejects.toThrow(
        "startSupervised: expected a system, got: 7",
      );
    }));

  test("each system has its own children", () =>
    inVirtualTime((one) =>
      inVirtualTime(async (other) => {
        const [mine, theirs] = [await startSupervised(one, counter("a")), await startSupervised(other, counter("a"))];
        expect([await one.call(mine, "add", 1), await other.call(theirs, "add", 2)]).toEqual([1, 2]);
      }),
    ));
});

describe("stopSupervised", () => {
  test("stops a child, whatever its restart, and its id is free again", () =>
    inVirtualTime(async (sim) => {
      const me = testProcess(sim);
      for (const restart of ["permanent", "transient", "temporary"]) {
        const pid = await startSupervised(sim, counter("a", { restart }));
        await stopSupervised(sim, "a");
        await assertDown(me, pid, "shutdown");
      }
      expect(sim.processes().filter(({ label }) => label.endsWith(" a"))).toEqual([]);
    }));

  test("rejects an id that no child has, and names those there are", () =>
    inVirtualTime(async (sim) => {
      await startSupervised(sim, counter("a"));
      await startSupervised(sim, counter("b"));
      await expect(stopSupervised(sim, "c")).rejects.toThrow(
        "stopSupervised: expected the id of a child of the test (a, b), got: 'c'",
      );
    }));
});

describe("inside simulate", () => {
  test("the same functions work under every schedule", async () => {
    const { schedules, complete } = await simulate({ schedules: 200, seed: 1 }, async (sim) => {
      const me = testProcess(sim, { trapExit: true });
      const pid = await startSupervised(sim, counter("a"));
      const [one, other] = ["one", "other"].map((text) => me.spawnLink((self) => self.send(me.pid, text)));
      expect(new Set([await assertReceive(me, "one"), await assertReceive(me, "other")]).size).toBe(2);
      await Promise.all([one, other].map((each) => assertDown(me, each as typeof pid, "normal")));
      sim.kill(pid);
      await assertDown(me, pid, "killed");
      await stopSupervised(sim, "a");
    });
    expect([schedules, complete]).toEqual([200, false]);
  });

  test("a message that only some schedules bring in time is found missing, and the failure is explained", async () => {
    const failed: Error = await simulate({ schedules: 200, seed: 1 }, async (sim) => {
      const me = testProcess(sim);
      const a = await startSupervised(sim, counter("a"));
      sim.spawn(async (self) => self.send(me.pid, await self.call(a, "add", 1)), { label: "left" });
      sim.spawn(async (self) => self.send(me.pid, await self.call(a, "add", 1)), { label: "right" });
      expect([await me.receive(), await me.receive()]).toEqual([1, 2]);
    }).then(
      () => expect.unreachable(),
      (error) => error,
    );
    expect(failed.message).toContain("expected [ 2, 1 ] to deeply equal [ 1, 2 ]");
  });
});
