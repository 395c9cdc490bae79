import { name, noreply, ok, reply, stop } from "hornbeam";
import { start } from "hornbeam/genserver";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths } from "../runtime/support.ts";
import { type Act, type Log, logOf, Scripted, WAYS, ways } from "./support.ts";

const launch = (sim: VirtualSystem) => start(sim, Scripted, {});

for (const way of WAYS) {
  test(`a continue of init, ${way}, runs before any message, also one that is waiting`, () =>
    inVirtualTime(async (sim) => {
      const lobby = name<typeof Scripted>("lobby");
      const init = () => ways[way](() => ok([], { continue: "continue" }));
      const starting = start(sim, Scripted, { init }, { name: lobby });
      sim.send(lobby, "message");
      expect(await logOf(sim, await starting)).toEqual(["continue", "message"]);
    }));

  test(`a continue of a call, a cast or a message, ${way}, runs before what waits in the mailbox`, () =>
    inVirtualTime(async (sim) => {
      const pid = await launch(sim);
      const act = (label: string) => (log: Log) => ways[way](() => noreply([...log, label], { continue: `${label}+` }));
      sim.cast(pid, "act", act("cast"));
      sim.send(pid, act("info"));
      const answered = sim.call(pid, "act", (log) => ways[way](() => reply("answer", log, { continue: "call+" })));
      sim.send(pid, "last");
      expect(await answered).toBe("answer");
      expect(await logOf(sim, pid)).toEqual(["cast", "cast+", "info", "info+", "call+", "last"]);
    }));
}

test("the start is over before the continue of init is", () =>
  inVirtualTime(async (sim) => {
    const order: string[] = [];
    const slow: Act = async (log, self) => {
      await self.sleep(1000);
      order.push("continued");
      return noreply(log);
    };
    const pid = await start(sim, Scripted, { init: () => ok([], { continue: slow }) });
    order.push("started");
    await logOf(sim, pid);
    expect(order).toEqual(["started", "continued"]);
  }));

test("a continue may continue, and may stop", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const count =
      (left: number): Act =>
      (log) =>
        left === 0 ? stop("counted", log) : noreply([...log, left], { continue: count(left - 1) });
    const pid = await launch(sim);
    sim.send(pid, count(3));
    sim.send(pid, () => expect.unreachable("a message came between"));
    await sim.idle();
    expect(died.get(pid)).toBe("counted");
  }));

test("hibernate is accepted, and changes nothing", () =>
  inVirtualTime(async (sim) => {
    const pid = await launch(sim);
    sim.send(pid, (log: Log) => noreply([...log, "slept"], { hibernate: true }));
    sim.send(pid, "awake");
    expect(await logOf(sim, pid)).toEqual(["slept", "awake"]);
  }));
