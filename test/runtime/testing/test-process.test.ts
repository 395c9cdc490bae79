import { noreply, ok, reply, system } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { assertExit, assertReceive, inVirtualTime, testProcess } from "hornbeam/test";
import { expect, test } from "vitest";
import { forever, REAL } from "../support.ts";

const Echo = {
  init: () => ok(0),
  handleCall: { echo: (text: string, n) => reply(text, n) },
  handleInfo: (_: unknown, n) => noreply(n),
} satisfies GenServer<number>;

test("it receives, calls, sleeps and monitors, and the test is its code", () =>
  inVirtualTime(async (sim) => {
    const me = testProcess(sim);
    const echo = await start(sim, Echo);
    expect(await me.call(echo, "echo", "hello")).toBe("hello");
    const { ref } = me.monitor(echo);
    await me.sleep(1000);
    sim.kill(echo);
    expect(await me.receive()).toEqual({ tag: "down", ref, pid: echo, name: undefined, reason: "killed" });
    expect(sim.now()).toBe(1000);
  }));

test("messages wait until the test asks for them, and it may ask for a younger one first", () =>
  inVirtualTime(async (sim) => {
    const me = testProcess(sim);
    for (const n of [1, 2, 3]) sim.send(me.pid, n);
    await sim.idle();
    expect(sim.processInfo(me.pid)?.messages).toBe(3);
    expect(await me.receive((n) => n === 2)).toBe(2);
    expect([await me.receive(), await me.receive()]).toEqual([1, 3]);
  }));

test("it is called as the test says, and test unless it does", () =>
  inVirtualTime((sim) => {
    const processes = [testProcess(sim), testProcess(sim, { label: "client" })];
    expect(processes.map(({ pid }) => sim.processInfo(pid)?.label)).toEqual([
      `${processes[0]?.pid} test`,
      `${processes[1]?.pid} client`,
    ]);
  }));

test("it dies with what it is linked to, unless it traps exits", () =>
  inVirtualTime(async (sim) => {
    const [mortal, trapping] = [testProcess(sim), testProcess(sim, { trapExit: true })];
    const bomb = sim.spawn(forever);
    for (const me of [mortal, trapping]) me.link(bomb);
    sim.kill(bomb);
    expect([mortal, trapping].map(({ pid }) => sim.isAlive(pid))).toEqual([false, true]);
    expect(await trapping.receive()).toEqual({ tag: "exit", pid: bomb, reason: "killed" });
  }));

test("who waits in an assertion when it dies is told at once what with, and by whom", () =>
  inVirtualTime(async (sim) => {
    const me = testProcess(sim);
    const boom = new Error("boom");
    const thrown = assertReceive(me, "never", { timeout: 60_000 }).catch((error) => error);
    const bomb = me.spawnLink(
      () => {
        throw boom;
      },
      { label: "bomb" },
    );
    const { name, message, cause } = await thrown;
    expect([name, message]).toEqual([
      "AssertionError",
      `expected the process of the test (${me.pid} test) to live, got: it has ended with Error: boom, taken along by ${bomb} bomb`,
    ]);
    expect(cause).toBe(boom);
    expect(sim.now()).toBe(0);
    await expect(assertReceive(me, "never")).rejects.toThrow(message);
  }));

test("options that are none are refused", () =>
  inVirtualTime((sim) => {
    expect(() => testProcess(sim, 7 as never)).toThrow("testProcess: expected options (an object), got: 7");
    expect(() => testProcess({} as never)).toThrow("expected a process (self) or a system, got: {}");
  }));

test("it works in a system of production, too, in real time", async () => {
  await using world = system({ reports: false });
  const me = testProcess(world, { trapExit: true });
  const pid = me.spawnLink((self) => self.send(me.pid, "hello"));
  await assertReceive(me, "hello", { timeout: REAL });
  await assertExit(me, pid, "normal", { timeout: REAL });
});
