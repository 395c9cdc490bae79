import assert from "node:assert/strict";
import { name, noreply, ok, type Reason, reply, type Self, StartError, stop, type Timeout } from "hornbeam";
import { GenServer, start } from "hornbeam/genserver";
import { endsOf, keeping, type Scenario, settled, text } from "../scenario.ts";

const continued: Scenario = {
  promise: "a continue runs right after the callback that asked for it, before any message",
  async run(sim) {
    const log: string[] = [];
    const Steps = {
      init: async (id: string, self: Self) => {
        await self.sleep(1);
        return ok(id, { continue: "init" });
      },
      handleContinue: (token: string, id) => {
        log.push(`continue ${token}`);
        return noreply(id, token === "init" ? { continue: "init 2" } : undefined);
      },
      handleCall: {
        ask: (who: string, id) => {
          log.push(`ask ${who}`);
          return reply(who, id, { continue: `ask ${who}` });
        },
      },
      handleCast: {
        tell: async (who: string, id, self: Self) => {
          log.push(`tell ${who}`);
          await self.sleep(1);
          return noreply(id, { continue: `tell ${who}` });
        },
      },
    } satisfies GenServer<string>;
    const steps = name<typeof Steps>("steps");
    const starter = sim.spawn((self) => start(self, Steps, "s", { name: steps }));
    for (const who of ["x", "y"]) {
      sim.spawn(async (self) => {
        while (self.whereis(steps) === undefined) await self.sleep(1);
        self.cast(steps, "tell", who);
        assert.equal(await self.call(steps, "ask", who), who);
      });
    }
    await sim.all([starter]);
    await sim.advance(10);
    assert.deepEqual(log.slice(0, 2), ["continue init", "continue init 2"]);
    for (const [i, line] of log.entries()) {
      if (line.startsWith("ask") || line.startsWith("tell")) assert.equal(log[i + 1], `continue ${line}`);
    }
    assert.equal(log.length, 10);
    return log.join();
  },
};

const stopped: Scenario = {
  promise:
    "terminate runs once, with the reason of the end, when the server stops by itself, crashes, or is told by its parent; never at a kill",
  async run(sim) {
    const ends = endsOf(sim);
    const terminated: Reason[] = [];
    const Ending = {
      init: (_: number, self: Self) => {
        self.trapExit = true;
        return ok(0);
      },
      handleCall: { stop: (_, n) => stop("asked", n, "bye") },
      handleCast: {
        crash: (_, _n) => {
          throw new Error("crash");
        },
      },
      handleInfo: (_: unknown, n: number) => noreply(n + 1),
      terminate: async (reason: Reason, _: number, self: Self) => {
        terminated.push(reason);
        await self.sleep(2);
      },
    } satisfies GenServer<number>;
    const answers: string[] = [];
    const server = await start(sim, Ending, 0);
    sim.spawn(async (self) => void answers.push(await settled(self.call(server, "stop"))));
    sim.spawn((self) => self.cast(server, "crash"));
    sim.spawn(
      async (self) => void answers.push(await settled(GenServer.stop(self, server, "shutdown").then(() => "stopped"))),
    );
    sim.spawn((self) => self.exit(server, "noise"));
    const hit = sim.random() < 0.3;
    if (hit) sim.spawn((self) => self.exit(server, "kill"));
    await sim.advance(10);
    const end = ends.get(server);
    assert.ok(["asked", "crash", "shutdown", "killed"].includes(text(end)), text(end));
    assert.ok(hit || end !== "killed");
    assert.ok(terminated.length <= 1, "terminate twice");
    if (end !== "killed") assert.deepEqual(terminated, [end]);
    assert.equal(answers.length, 2);
    // Who asked is answered after terminate, so not when a kill came before.
    assert.equal(answers.includes("bye"), end === "asked");
    assert.equal(answers.includes("stopped"), end === "shutdown");
    assert.deepEqual(sim.leaks(), []);
    return `${text(end)} ${terminated.map(text)} ${answers}`;
  },
};

const idle: Scenario = {
  promise:
    "an idle timeout comes when no message has come for so long, and is put off by any; it never comes beside one",
  async run(sim) {
    const log: string[] = [];
    let last = 0;
    const Patient = {
      init: () => ok(0, { timeout: 10 }),
      handleCast: {
        work: (no: number, n, self: Self) => {
          last = self.now();
          log.push(`work ${no}`);
          return noreply(n + 1, { timeout: 10 });
        },
      },
      handleInfo: (message: Timeout, n: number, self: Self) => {
        assert.equal(message.tag, "timeout");
        assert.equal(self.now(), last + 10);
        log.push("timeout");
        return stop("normal", n);
      },
    } satisfies GenServer<number, Timeout>;
    const server = await start(sim, Patient);
    for (const no of [1, 2]) {
      sim.spawn(async (self) => {
        await self.sleep(no * 5);
        self.cast(server, "work", no);
      });
    }
    sim.spawn(async (self) => {
      await self.sleep(20);
      self.cast(server, "work", 3);
    });
    await sim.advance(60);
    assert.ok(!sim.isAlive(server));
    assert.equal(log.at(-1), "timeout");
    assert.ok(log.length === 3 || log.length === 4, log.join());
    assert.deepEqual(sim.leaks(), []);
    return log.join();
  },
};

const oneAtATime: Scenario = {
  promise:
    "an asynchronous callback is alone: no other begins until it has ended, and state is never lost between them",
  async run(sim) {
    let inside = 0;
    const Account = {
      init: () => ok(0),
      handleCall: {
        add: async (by: number, sum, self: Self) => {
          assert.equal(inside++, 0, "two at once");
          await self.sleep(by);
          await self.call(bank, "tick");
          inside--;
          return reply(sum + by, sum + by);
        },
      },
      handleInfo: (by: number, sum: number) => {
        assert.equal(inside, 0, "a message in the middle");
        return noreply(sum + by);
      },
    } satisfies GenServer<number, number>;
    const Bank = {
      init: () => ok(0),
      handleCall: { tick: (_, n) => reply(n + 1, n + 1) },
    } satisfies GenServer<number>;
    const bank = await start(sim, Bank);
    const account = await start(sim, Account);
    const sums: number[] = [];
    const clients = [1, 2, 3].map((by) =>
      sim.spawn(async (self) => {
        self.send(account, 10);
        sums.push(await self.call(account, "add", by));
      }),
    );
    await sim.all(clients);
    await sim.idle();
    assert.equal(await sim.call(account, "add", 0), 36);
    assert.deepEqual(
      [...sums].sort((a, b) => a - b),
      sums,
    );
    return sums.join();
  },
};

const starting: Scenario = {
  promise:
    "a start that fails, hangs or loses its starter leaves no process and no name, and who waits hears the reason",
  async run(sim) {
    const Start = {
      init: async (how: string, self: Self) => {
        if (how === "hangs") await self.sleep(1000);
        await self.sleep(5);
        if (how === "fails") return stop("no", undefined);
        if (how === "throws") throw new Error("oops");
        return ok(how);
      },
    } satisfies GenServer<string>;
    const service = name<typeof Start>("service");
    const reasons: string[] = [];
    const stray: unknown[] = [];
    const starter = (how: string) => async (self: Self) => {
      // A start that takes too long is not the end of who waits for it, whether it traps exits or not.
      self.trapExit = how !== "hangs";
      const result = await GenServer.startLink(self, Start, how, { name: service, timeout: 5 }).then(
        (pid) => {
          assert.equal(self.whereis(service), pid);
          return "up";
        },
        (error: unknown) => {
          assert.ok(error instanceof StartError, String(error));
          return error.name === "AlreadyStarted" ? "taken" : text(error.reason);
        },
      );
      reasons.push(`${how} ${result}`);
      await keeping(stray)(self);
    };
    const starters = ["works", "fails", "throws", "hangs"].map((how) => sim.spawn(starter(how)));
    const victim = starters[Math.floor(sim.random() * 4)] as (typeof starters)[number];
    const killer = sim.spawn(async (self) => {
      await self.sleep(5);
      self.exit(victim, "kill");
    });
    await sim.all([killer]);
    await sim.advance(20);
    const legal = [
      "works up",
      "works timeout",
      "fails no",
      "fails timeout",
      "throws oops",
      "throws timeout",
      "hangs timeout",
    ];
    for (const reason of reasons) assert.ok(legal.includes(reason) || reason.endsWith("taken"), reason);
    assert.ok(reasons.filter((reason) => reason.endsWith("taken")).length <= 3);
    assert.deepEqual(stray, []);
    assert.ok(starters.every((pid) => pid === victim || sim.isAlive(pid)));
    const up = reasons.includes("works up") && sim.whereis(service) !== undefined;
    if (!up) assert.equal(sim.whereis(service), undefined);
    for (const pid of starters) sim.kill(pid);
    await sim.idle();
    assert.deepEqual(sim.leaks(), []);
    return reasons.join();
  },
};

export const servers = {
  "servers: continue": continued,
  "servers: the end": stopped,
  "servers: idle": idle,
  "servers: one at a time": oneAtATime,
  "servers: starting": starting,
} satisfies Record<string, Scenario>;
