import assert from "node:assert/strict";
import { noreply, ok, type Pid, type Ref, reply, type Self, timeout } from "hornbeam";
import { GenServer, start, startLink } from "hornbeam/genserver";
import { forever, type Scenario, settled } from "../../scenario.ts";

const exact: Scenario = {
  promise: "a sleep ends at its time, not before and not after, however many others there are, near and far",
  async run(sim) {
    const delays = [0.5, 1, 1.25, 10, 300, 260, 259.5, 70_000, 66_000, 17_000_000, 20_000_000, 16_777_300];
    const order: number[] = [];
    const sleepers = delays.map((delay) =>
      sim.spawn(async (self) => {
        const until = self.now() + delay;
        const cancelled = [1, 2, 3].map(() => self.sendAfter("never", delay));
        cancelled[1]?.cancel();
        await self.sleep(delay);
        assert.equal(self.now(), until);
        order.push(delay);
        for (const timer of cancelled) timer.cancel();
      }),
    );
    await sim.all(sleepers);
    assert.deepEqual(
      order,
      [...delays].sort((a, b) => a - b),
    );
    assert.deepEqual(sim.leaks(), []);
  },
};

const timersGo: Scenario = {
  promise: "all timers of a process go with it, in whatever order they were cancelled or fired",
  async run(sim) {
    const owner = sim.spawn(async function owner(self) {
      const timers = [30, 5, 40, 20, 50].map((delay) => self.sendAfter(delay, delay));
      timers[1]?.cancel();
      timers[3]?.cancel();
      assert.equal(await self.receive(), 30);
      await forever(self);
    });
    await sim.advance(35);
    sim.kill(owner);
    await sim.idle();
    assert.deepEqual(sim.leaks(), []);
  },
};

/** Answers after a time, or never. */
const Slow = {
  init: () => ok(undefined),
  handleCall: {
    after: async (delay: number, state, self) => {
      await self.sleep(delay);
      return reply(delay, state);
    },
    never: (_, state) => noreply(state),
    note: (_, state) => reply("noted", state),
  },
} satisfies GenServer<undefined>;

interface Errand {
  readonly delay: number;
  /** How long the server would wait itself. */
  readonly patience?: number;
  readonly tell: (result: unknown) => void;
}

/** Asks a slow server for others, and tells what came of it. */
const Front = {
  init: (back: Ref<typeof Slow>) => ok(back),
  handleCall: {
    ask: async ({ delay, patience = Infinity, tell }: Errand, back, self) => {
      tell(await settled(self.with({ deadline: self.now() + patience }).call(back, "after", delay)));
      return reply("done", back);
    },
    note: (_, back) => reply("noted", back),
  },
  handleCast: {
    ask: async ({ delay, tell }: Errand, back, self: Self) => {
      tell(await settled(self.call(back, "after", delay)));
      return noreply(back);
    },
  },
} satisfies GenServer<Ref<typeof Slow>>;

const limits: Scenario = {
  promise: "a call waits until its timeout or its deadline, whichever is first, and no longer",
  async run(sim) {
    const slow = await start(sim, Slow);
    const waits = async (options: object, at: number) => {
      const client = sim.spawn(async (self: Self) => {
        const until = self.now() + at;
        const { deadline, ...others } = options as { deadline?: number };
        const terms = deadline === undefined ? others : { ...others, deadline: self.now() + deadline };
        assert.equal(await settled(self.with(terms).call(slow, "never")), "timeout");
        assert.equal(self.now(), until);
      });
      await sim.all([client]);
    };
    await Promise.all([
      waits({}, 5000),
      waits({ timeout: 70 }, 70),
      waits({ timeout: 10, deadline: 100 }, 10),
      waits({ timeout: 100, deadline: 10 }, 10),
      waits({ deadline: 7000 }, 7000),
    ]);
  },
};

const passedOn: Scenario = {
  promise: "a deadline is that of the call it came with: the server has none before and none after",
  async run(sim) {
    const slow = await start(sim, Slow);
    const front = await start(sim, Front, slow);
    const told: unknown[] = [];
    const errand = (delay: number): Errand => ({ delay, tell: (result) => void told.push(result) });
    const quick = sim.spawn((self) => self.with({ deadline: self.now() + 5 }).call(front, "note"));
    await sim.all([quick]);
    const caller = sim.spawn((self) => self.cast(front, "ask", errand(20)));
    await sim.all([caller]);
    await sim.advance(50);
    assert.deepEqual(told, [20]);
    const hasty = sim.spawn(async (self) => {
      const near = self.with({ deadline: self.now() + 10 });
      const answer = await settled(near.call(front, "ask", { ...errand(30), patience: 1000 }));
      // The server hears of the end of the time in the same instant, and may be the first.
      assert.ok(answer === "timeout" || answer === "done", answer);
      assert.equal(await self.call(front, "note"), "noted");
      assert.equal(self.now(), 60);
    });
    await sim.all([hasty]);
    await sim.advance(50);
    assert.deepEqual(told, [20, "timeout"]);
  },
};

const abandoned: Scenario = {
  promise: "the answer of a request that was given up reaches nobody, and that of another comes once",
  async run(sim) {
    const client = sim.spawn(async function client(self) {
      const slow = await start(self, Slow);
      const late = GenServer.sendRequest(self, slow, "after", 20);
      const first = await GenServer.receiveResponse(self, late, 20);
      assert.ok(first === timeout || (first.tag === "reply" && first.value === 20));
      const second = GenServer.sendRequest(self, slow, "note");
      await self.sleep(100);
      assert.deepEqual(await GenServer.receiveResponse(self, second, 0), { tag: "reply", value: "noted" });
      assert.ok((await self.receive(undefined, 50)) === timeout, "a stray answer");
    });
    await sim.all([client]);
  },
};

const startTimes: Scenario = {
  promise: "the time limit of a start ends with it: who was up in time lives on, whoever waited is not hurt",
  async run(sim) {
    const Starts = {
      init: async (delay: number, self: Self) => {
        await self.sleep(delay);
        return ok(delay);
      },
    } satisfies GenServer<number>;
    let up = 0;
    const starter = async (self: Self) => {
      const quick = await startLink(self, Starts, 5, { timeout: 10 });
      assert.equal(await settled(startLink(self, Starts, 30, { timeout: 20 })), "timeout");
      const close = await settled(startLink(self, Starts, 20, { timeout: 20 }).then(() => "up"));
      assert.ok(close === "up" || close === "timeout", close);
      await self.sleep(100);
      assert.ok(self.isAlive(quick));
      up++;
    };
    await sim.all([sim.spawn(starter), sim.spawn(starter)]);
    assert.equal(up, 2);
    const victim = sim.spawn(async (self) => {
      let pid: Pid | undefined;
      const Hangs = {
        init: async (_: number, child: Self) => {
          pid = child.pid;
          await child.sleep(1000);
          return ok(0);
        },
      } satisfies GenServer<number>;
      const starting = settled(start(self, Hangs, 0));
      await self.sleep(10);
      self.exit(pid as Pid, "kill");
      assert.equal(await starting, "killed");
    });
    await sim.all([victim]);
  },
};

export const waiting = {
  "timers: exact": exact,
  "timers: their owner ends": timersGo,
  "calls: limits": limits,
  "calls: deadlines passed on": passedOn,
  "requests: abandoned": abandoned,
  "starts: time limits": startTimes,
} satisfies Record<string, Scenario>;
