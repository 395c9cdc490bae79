import assert from "node:assert/strict";
import { name, type Self, type TimerRef } from "hornbeam";
import { forever, keeping, type Scenario } from "../scenario.ts";

const never: Scenario = {
  promise: "a timer is never early, comes once, and says how long it still takes",
  async run(sim) {
    const late: number[] = [];
    const heard: number[] = [];
    const sleeper = (delay: number, no: number) => async (self: Self) => {
      const began = self.now();
      const timer = self.sendAfter(`after ${delay}`, delay);
      assert.equal(timer.read(), delay);
      await self.sleep(delay / 2);
      assert.ok(self.now() - began >= delay / 2, "the sleep was short");
      const message = await self.receive();
      heard.push(no);
      assert.equal(message, `after ${delay}`);
      assert.ok(self.now() - began >= delay, "early");
      assert.equal(timer.read(), undefined);
      assert.equal(timer.cancel(), false);
      assert.deepEqual(await self.receive(undefined, 20), { tag: "timeout" });
      late.push(self.now() - began);
    };
    await sim.all([2, 4, 4, 10].map((delay, no) => sim.spawn(sleeper(delay, no))));
    assert.deepEqual(
      [...late].sort((a, b) => a - b),
      [22, 24, 24, 30],
    );
    assert.deepEqual(sim.leaks(), []);
    return heard.join();
  },
};

const cancelled: Scenario = {
  promise: "a timer that was cancelled in time says so and never comes; one that was not has come, or comes once",
  async run(sim) {
    const outcomes: string[] = [];
    const owner = async (self: Self) => {
      const timers: TimerRef[] = [
        self.sendAfter("sent", 5),
        self.startTimer("started", 5),
        self.sendAt("at", self.now() + 5),
      ];
      await self.sleep(5);
      const inTime = timers.map((timer) => timer.cancel());
      const messages: unknown[] = [];
      for (;;) {
        const message = await self.receive(undefined, 10);
        if (message?.tag === "timeout") break;
        messages.push(message?.tag === "timer" ? message.message : message);
      }
      const expected = ["sent", "started", "at"].filter((_, i) => !inTime[i]);
      assert.deepEqual([...messages].sort(), [...expected].sort());
      outcomes.push(inTime.join());
    };
    await sim.all([sim.spawn(owner), sim.spawn(owner)]);
    assert.deepEqual(sim.leaks(), []);
    return outcomes.join(" ");
  },
};

const receivers: Scenario = {
  promise:
    "a timer is gone with its receiver, not with who set it; one to a name finds who holds the name when it fires",
  async run(sim) {
    const heir = name("heir");
    const heard: unknown[][] = [[], []];
    const [first, second] = heard.map((into) => sim.spawn(keeping(into)));
    if (first === undefined || second === undefined) throw new Error("unreachable");
    const setter = sim.spawn(async (self) => {
      self.sendAfter("direct", 5, first);
      self.sendAfter("named", 5, heir);
      await forever(self);
    });
    sim.spawn(async (self) => {
      self.register(heir, first);
      await self.sleep(5);
      if (self.isAlive(first)) self.unregister(heir);
      self.register(heir, second);
    });
    sim.spawn(async (self) => {
      await self.sleep(5);
      self.exit(first, "boom");
    });
    await sim.advance(1);
    sim.kill(setter);
    await sim.advance(20);
    const [toFirst = [], toSecond = []] = heard;
    assert.ok(toFirst.filter((message) => message === "direct").length <= 1);
    assert.ok(toSecond.every((message) => message === "named"));
    const named = [...toFirst, ...toSecond].filter((message) => message === "named").length;
    assert.ok(named <= 1);
    if (toSecond.length === 0 && !toFirst.includes("named")) assert.ok(!sim.isAlive(first));
    sim.kill(second);
    assert.deepEqual(sim.leaks(), []);
    return `${toFirst}; ${toSecond}`;
  },
};

const timeUp: Scenario = {
  promise: "a receive with a time limit takes a message that was there in time, or times out; none is lost between two",
  async run(sim) {
    const results: unknown[] = [];
    const receiver = sim.spawn(async function receiver(self) {
      const began = self.now();
      for (let got = 0; got < 2; ) {
        const message = await self.receive((each) => each === "late" || each === "early", 10);
        results.push(message.tag ?? message);
        if (message.tag === "timeout") assert.ok(self.now() - began >= 10, "too early");
        else got++;
      }
    });
    sim.spawn(async (self) => {
      self.send(receiver, "noise");
      self.send(receiver, "early");
      await self.sleep(10);
      self.send(receiver, "late");
    });
    await sim.all([receiver]);
    assert.deepEqual(
      results.filter((each) => each !== "timeout"),
      ["early", "late"],
    );
    return results.join();
  },
};

export const timers = {
  "timers: never early": never,
  "timers: cancelled": cancelled,
  "timers: receivers": receivers,
  "timers: time is up": timeUp,
} satisfies Record<string, Scenario>;
