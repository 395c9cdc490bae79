import { exit, name, noreply, ok } from "hornbeam";
import { child, type GenServer, start } from "hornbeam/genserver";
import { type Supervisor, supervisor } from "hornbeam/supervisor";
import { assertReceive, inVirtualTime, testProcess, type VirtualSystem } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { forever } from "../support.ts";

const Idle = { init: () => ok(0), handleInfo: (_: unknown, n) => noreply(n) } satisfies GenServer<number>;

/** What a strict run says of a test. */
const verdict = (run: (sim: VirtualSystem) => unknown): Promise<string> =>
  inVirtualTime({ strict: true }, async (sim) => void (await run(sim))).then(
    () => "fine",
    (error) => error.message,
  );

describe("what nobody takes along is left over, and is named with the line that started it", () => {
  test("a process, with its name and its timers", async () => {
    const said = await verdict(async (sim) => {
      const hold = async (self: any) => {
        self.register(name("lobby"));
        self.sendAfter("tick", 60_000);
        await self.receive();
      };
      sim.spawn(hold);
      await sim.idle();
    });
    expect(said).toMatch(
      /left something over: process <0\.\d+> lobby \(waiting\), which has the name 'lobby' and a timer, started at .*strict\.test\.ts:\d+:\d+\n/,
    );
    expect(said).toMatch(/\nWhat a test starts is stopped with it under a supervisor .* or linked to its process\.$/);
  });

  test("a process that another one started, by whom", async () => {
    const said = await verdict(async (sim) => {
      sim.spawn((self) => void self.spawn(forever, { label: "child" }), { label: "parent" });
      await sim.idle();
    });
    expect(said).toMatch(/process <0\.\d+> child \(waiting\), started by <0\.\d+> at .*strict\.test\.ts/);
  });

  test("a server that was started without a supervisor", async () => {
    const said = await verdict((sim) => start(sim, Idle, { label: "idle" }));
    expect(said).toMatch(/left something over: process <0\.\d+> idle \(waiting\), started at .*strict\.test\.ts/);
  });

  test("a timer of a name, with its message and when it is due", async () => {
    const said = await verdict(async (sim) => {
      sim.spawn((self) => void self.sendAfter("tick", 5000, name("clock")));
      await sim.idle();
    });
    expect(said).toContain("left something over: a timer that sends 'tick' to 'clock', due at 5000 ms\n");
  });
});

test("nothing is left of what a child, a supervisor or a link to the test's process takes along", async () => {
  const ends: string[] = [];
  const said = await verdict(async (sim) => {
    sim.telemetry.on("process.exit", (_, { label, reason }) => void ends.push(`${label.split(" ")[1]} ${reason}`));
    const me = testProcess(sim);
    me.spawnLink(forever, { label: "linked" });
    me.sendAfter("tick", 60_000);
    for (const label of ["first", "second"]) await sim.start(child(Idle, { id: label, label }));
    const tree = {
      init: () => ({ strategy: "oneForOne", children: [child(Idle, { label: "leaf" })] }),
    } satisfies Supervisor;
    await sim.start(supervisor(tree, { id: "tree", label: "tree" }));
    ends.length = 0;
  });
  expect(said).toBe("fine");
  expect(ends.slice(0, 6)).toEqual([
    "test shutdown",
    "linked shutdown",
    "leaf shutdown",
    "tree shutdown",
    "second shutdown",
    "first shutdown",
  ]);
});

test("a test fails whose process was ended by a failure that the test did not hear of", async () => {
  const boom = new Error("boom");
  const failed = await inVirtualTime({ strict: true }, async (sim) => {
    const me = testProcess(sim);
    me.spawnLink(
      () => {
        throw boom;
      },
      { label: "bomb" },
    );
    await sim.idle();
  }).catch((error) => error);
  expect(failed.message).toMatch(
    /^expected the process of the test \(<0\.\d+> test\) to live, got: it has ended with Error: boom, taken along by <0\.\d+> bomb$/,
  );
  expect(failed.cause).toBe(boom);
});

test("a test that has heard of it is not told twice, and a clean end of its process is fine", async () => {
  expect(
    await verdict(async (sim) => {
      const me = testProcess(sim);
      me.spawnLink(() => exit("enough"));
      await expect(assertReceive(me, "never")).rejects.toThrow("to live, got: it has ended with 'enough'");
    }),
  ).toBe("fine");
  expect(
    await verdict((sim) => {
      const me = testProcess(sim);
      me.exit(me.pid, "shutdown");
    }),
  ).toBe("fine");
});

test("what the test itself throws is what fails it, whatever it leaves", () =>
  expect(
    verdict((sim) => {
      sim.spawn(forever);
      throw new Error("mine");
    }),
  ).resolves.toBe("mine"));

test("without strict, the system ends what is left", () =>
  inVirtualTime(async (sim) => {
    sim.spawn(forever);
    await start(sim, Idle);
  }));

test("a slow child gets the time that its shutdown gives it, also in manual time", async () => {
  const Slow = {
    init: (_: number, self) => {
      self.trapExit = true;
      return ok(0);
    },
    terminate: (_, __, self) => self.sleep(4000),
  } satisfies GenServer<number>;
  let time = 0;
  await inVirtualTime({ strict: true, time: "manual" }, async (sim) => {
    await sim.start(child(Slow, 0, { id: "slow" }));
    sim.telemetry.on("process.exit", (_, { label }) => {
      if (label.includes("slow")) time = sim.now();
    });
  });
  expect(time).toBe(4000);
});
