import assert from "node:assert/strict";
import { AlreadyStarted, isDown, name, noreply, ok, type Pid, reply, type Self, stop } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { forever, type Scenario, settled } from "../scenario.ts";

const leader = name("leader");

const oneHolder: Scenario = {
  promise: "a name has one holder at a time, and is free when the end of the one is heard of",
  async run(sim) {
    const terms: number[] = [];
    let holding = 0;
    const candidate = (no: number) =>
      async function candidate(self: Self) {
        for (;;) {
          try {
            self.register(leader);
            break;
          } catch {
            const holder = self.whereis(leader);
            assert.ok(holder !== undefined, "taken by nobody");
            self.monitor(holder);
            await self.receive(isDown);
            assert.notEqual(self.whereis(leader), holder);
          }
        }
        assert.equal(++holding, 1);
        terms.push(no);
        self.own({ [Symbol.dispose]: () => void holding-- });
        assert.equal(self.whereis(leader), self.pid);
        guard = self.spawnLink(forever, { label: `guard ${no}` });
        await self.receive();
      };
    let guard: Pid | undefined;
    const candidates = [0, 1, 2].map((no) => sim.spawn(candidate(no)));
    sim.always("who holds the name lives", () => {
      const holder = sim.whereis(leader);
      return holder === undefined || sim.isAlive(holder);
    });
    let ghosts = 0;
    sim.telemetry.on("process.exit", () => {
      const holder = sim.whereis(leader);
      if (holder !== undefined && !sim.isAlive(holder)) ghosts++;
    });
    for (let i = 0; i < 3; i++) {
      await sim.idle();
      const holder = sim.whereis(leader) as Pid;
      assert.equal(holder, candidates[terms.at(-1) as number]);
      if (i === 0) sim.kill(holder);
      else if (i === 1) sim.kill(guard as Pid);
      else sim.send(holder, "resign");
    }
    await sim.all(candidates);
    assert.equal(ghosts, 0);
    sim.kill(guard as Pid);
    assert.equal(new Set(terms).size, 3);
    assert.deepEqual(sim.leaks(), []);
    return terms.join();
  },
};

const started: Scenario = {
  promise: "of servers that start under one name one is up; the others hear which, and a start after its end succeeds",
  async run(sim) {
    let running = 0;
    const Service = {
      init: async (_: number, self: Self) => {
        assert.equal(++running, 1, "two of one name");
        self.own({ [Symbol.dispose]: () => void running-- });
        await self.sleep(1);
        return ok(undefined);
      },
      handleCast: { end: (_, state) => stop("normal", state) },
      handleInfo: (_: unknown, state: undefined) => noreply(state),
    } satisfies GenServer<undefined>;
    const service = name<typeof Service>("service");
    const order: number[] = [];
    const starter = (no: number) => async (self: Self) => {
      for (let up = false; !up; ) {
        const holder: Pid = await start(self, Service, 0, { name: service }).then(
          (pid) => {
            up = true;
            order.push(no);
            // Somebody may have told it to end before this is heard.
            assert.equal(self.whereis(service) === pid, self.isAlive(pid));
            return pid;
          },
          (error) => {
            assert.ok(error instanceof AlreadyStarted, String(error));
            return error.pid;
          },
        );
        self.monitor(holder);
        self.cast(holder, "end");
        await self.receive(isDown);
        assert.notEqual(self.whereis(service), holder);
      }
    };
    await sim.all([1, 2, 3].map((no) => sim.spawn(starter(no))));
    assert.equal(running, 0);
    assert.deepEqual([...order].sort(), [1, 2, 3]);
    assert.deepEqual(sim.leaks(), []);
    return order.join();
  },
};

const handover: Scenario = {
  promise: "a call by name reaches who holds the name then, or nobody: never who has given it up",
  async run(sim) {
    const Holder = {
      init: (no: number) => ok(no),
      handleCall: {
        hold: (_, no, self) => {
          self.register(leader);
          return reply(no, no);
        },
        giveUp: (_, no, self) => {
          self.unregister(leader);
          return reply(no, no);
        },
        who: (_, no) => reply(no, no),
      },
    } satisfies GenServer<number>;
    const first = await start(sim, Holder, 1);
    const second = await start(sim, Holder, 2);
    await sim.call(first, "hold");
    const answers: unknown[] = [];
    const clients = [1, 2, 3].map(() =>
      sim.spawn(async (self) => {
        const holder = self.whereis(leader);
        const expected = holder === first ? 1 : holder === second ? 2 : "noproc";
        const answer = await settled(self.call(leader as typeof leader & Pid, "who"));
        assert.equal(answer, expected);
        answers.push(answer);
      }),
    );
    sim.spawn(async (self) => {
      await self.call(first, "giveUp");
      await self.call(second, "hold");
    });
    await sim.all(clients);
    await sim.idle();
    assert.equal(sim.whereis(leader), second);
    return answers.join();
  },
};

const raced: Scenario = {
  promise: "of two that register a name, or two names of one process, exactly one wins, and the loser hears of it",
  async run(sim) {
    const a = sim.spawn(forever, { label: "a" });
    const b = sim.spawn(forever, { label: "b" });
    const other = name("other");
    const wins: string[] = [];
    const attempt = (what: string, act: (self: Self) => void) =>
      sim.spawn(
        (self) => {
          try {
            act(self);
            wins.push(what);
          } catch (error) {
            assert.equal((error as Error).name, "BadArgument");
          }
        },
        { label: what },
      );
    attempt("a leads", (self) => self.register(leader, a));
    attempt("b leads", (self) => self.register(leader, b));
    attempt("a is other", (self) => self.register(other, a));
    sim.spawn((self) => self.exit(b, "kill"));
    await sim.idle();
    const [holder, held] = [sim.whereis(leader), sim.whereis(other)];
    assert.equal(held, wins.includes("a is other") ? a : undefined);
    assert.ok(wins.includes("a leads") !== wins.includes("a is other"), "one process, two names, or none");
    if (wins.includes("a leads")) assert.equal(holder, a);
    else assert.equal(holder, undefined);
    sim.kill(a);
    assert.equal(sim.whereis(leader), undefined);
    assert.deepEqual(sim.leaks(), []);
    return wins.join();
  },
};

export const names = {
  "names: one holder": oneHolder,
  "names: starts": started,
  "names: handed over": handover,
  "names: raced for": raced,
} satisfies Record<string, Scenario>;
