import { noreply, ok, reply } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { exhaustive, type Simulation, simulate } from "hornbeam/simulation";
import { assertDown, assertExit, assertReceive, flushMailbox, refuteReceive, testProcess } from "hornbeam/test";
import { expect, test } from "vitest";

// The kit in simulated systems: the same functions, under every schedule there is.

const all = (run: (sim: Simulation) => unknown) => simulate({ strategy: exhaustive(), schedules: 2000 }, run);

const Log = {
  init: () => ok<readonly string[]>([]),
  handleCall: { said: (_, lines) => reply(lines, lines) },
  handleCast: { say: (line: string, lines) => noreply([...lines, line]) },
  handleInfo: (line: string, lines) => noreply([...lines, line]),
} satisfies GenServer<readonly string[]>;

test("what a test process sends keeps its order, whatever the test has waited for in between", async () => {
  const { complete, schedules } = await all(async (sim) => {
    const me = testProcess(sim);
    const log = await start(sim, Log);
    me.send(log, "a");
    await me.sleep(0);
    me.cast(log, "say", "b");
    await sim.call(log, "said");
    me.send(log, "c");
    expect(await me.call(log, "said")).toEqual(["a", "b", "c"]);
  });
  expect(complete).toBe(true);
  expect(schedules).toBeGreaterThan(1);
});

test("what two processes send to it comes in either order, and making it is no choice of its own", async () => {
  const orders: string[] = [];
  const explored = await all(async (sim) => {
    const me = testProcess(sim);
    for (const who of ["one", "two"]) sim.spawn((self) => self.send(me.pid, who));
    await sim.idle();
    orders.push(flushMailbox(me).join());
  });
  expect([explored.complete, explored.schedules]).toEqual([true, 2]);
  expect([...new Set(orders)].toSorted()).toEqual(["one,two", "two,one"]);
});

test("assertions hold under every schedule, or fail with what the mailbox holds and the order that breaks them", async () => {
  const { complete } = await all(async (sim) => {
    const me = testProcess(sim, { trapExit: true });
    const pid = me.spawnLink((self) => self.send(me.pid, "hello"));
    await assertReceive(me, "hello");
    await assertExit(me, pid, "normal");
    expect(await assertDown(me, pid)).toBe("normal");
    await refuteReceive(me, () => true);
  });
  expect(complete).toBe(true);
  const failed = all(async (sim) => {
    const me = testProcess(sim);
    for (const who of ["one", "two"]) sim.spawn((self) => self.send(me.pid, who), { label: who });
    const first = await assertReceive(me, () => true);
    await assertReceive(me, { tag: first === "one" ? "never" : undefined }, { timeout: 10 });
  });
  await expect(failed).rejects.toThrow(
    /assertReceive: expected a message that matches \{ tag: .*\} within 10 ms, got: none\nthe mailbox of <0\.\d+> test, got:\n {2}'two'/,
  );
});
