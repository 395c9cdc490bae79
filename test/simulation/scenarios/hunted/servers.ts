import assert from "node:assert/strict";
import { type Alias, noreply, ok, reply, type Self, stop, type Timeout } from "hornbeam";
import { GenServer, start, sys } from "hornbeam/genserver";
import { type Scenario, settled, watchedWorld } from "../../scenario.ts";

const lastReply: Scenario = {
  promise: "the reply of a stop comes when terminate has ended, and before the end is heard of",
  async run(sim) {
    let terminated = 0;
    const Ending = {
      init: () => ok(0),
      handleCall: { stop: (_, n) => stop("normal", n, "bye") },
      terminate: async (_: unknown, __: number, self: Self) => {
        await self.sleep(3);
        terminated++;
      },
    } satisfies GenServer<number>;
    const clients = [1, 2].map(() =>
      sim.spawn(async (self) => {
        const server = await start(self, Ending);
        const before = self.now();
        const ask = async () => `${await settled(self.call(server, "stop"))} at ${self.now() - before}`;
        assert.deepEqual(await Promise.all([ask(), ask()]), ["bye at 3", "normal at 3"]);
      }),
    );
    await sim.all(clients);
    assert.equal(terminated, 2);
  },
};

const stoppedTwice: Scenario = {
  promise: "of those who stop a server one has stopped it; the others hear that it has ended, or is gone",
  async run(sim) {
    const Plain = { init: () => ok(0), terminate: (_: unknown, __: number, self: Self) => self.sleep(1) };
    const server = await start(sim, Plain satisfies GenServer<number>);
    const results: string[] = [];
    const stoppers = [1, 2, 3].map(() =>
      sim.spawn(async (self) => {
        results.push(await settled(GenServer.stop(self, server).then(() => "stopped")));
      }),
    );
    await sim.all(stoppers);
    assert.equal(results.filter((result) => result === "stopped").length, 1, results.join());
    assert.ok(results.every((result) => ["stopped", "normal", "noproc"].includes(result)));
    return results.join();
  },
};

const urgentContinue: Scenario = {
  promise: "a continue comes right after its callback, before what is urgent, too",
  async run(sim) {
    const log: string[] = [];
    let address: Alias | undefined;
    const Steps = {
      init: (_: number, self: Self) => {
        address = self.alias({ priority: true });
        return ok(0);
      },
      handleCast: {
        step: async (_, n, self: Self) => {
          log.push("step");
          await self.sleep(1);
          return noreply(n, { continue: "on" });
        },
      },
      handleContinue: (_, n) => {
        log.push("continue");
        return noreply(n);
      },
      handleInfo: (_: unknown, n: number) => {
        log.push("urgent");
        return noreply(n);
      },
    } satisfies GenServer<number>;
    const steps = await start(sim, Steps, 0);
    sim.cast(steps, "step");
    for (let i = 0; i < 2; i++) sim.spawn((self) => self.send(address as Alias, "now", { priority: true }));
    sim.spawn((self) => self.cast(steps, "step"));
    await sim.advance(10);
    assert.equal(log.length, 6);
    for (const [i, line] of log.entries()) if (line === "step") assert.equal(log[i + 1], "continue", log.join());
    return log.join();
  },
};

const idleRace: Scenario = {
  promise: "of a message and an idle timeout at the same time the timeout is first, or does not come at all",
  async run(sim) {
    const log: string[] = [];
    const Patient = {
      init: (_: number, self: Self) => {
        self.sendAfter("tick", 10);
        return ok(0, { timeout: 10 });
      },
      handleInfo: (message: "tick" | Timeout, n: number) => {
        log.push(typeof message === "string" ? message : "timeout");
        return noreply(n);
      },
    } satisfies GenServer<number>;
    await start(sim, Patient, 0);
    await sim.advance(50);
    assert.ok(["tick", "timeout,tick"].includes(log.join()), log.join());
    return log.join();
  },
};

const suspended: Scenario = {
  promise: "what came while a server was suspended is handled after the resume, before what its senders sent later",
  async run(sim) {
    const log: string[] = [];
    const Log = {
      init: () => ok(0),
      handleCast: {
        note: async (line: string, n, self: Self) => {
          log.push(line);
          if (n % 2 === 0) await self.sleep(1);
          return noreply(n + 1);
        },
      },
      handleCall: { count: (_, n) => reply(n, n) },
    } satisfies GenServer<number>;
    const server = await start(sim, Log);
    const senders = ["a", "b"].map((id) =>
      sim.spawn(
        async (self) => {
          for (let no = 0; no < 6; no++) {
            self.cast(server, "note", `${id}${no}`);
            if (no % 2 === 1) await self.sleep(2);
          }
        },
        { label: id },
      ),
    );
    const holder = sim.spawn(async (self) => {
      await sys.suspend(self, server);
      const before = log.length;
      await self.sleep(3);
      assert.equal(log.length, before);
      await sys.resume(self, server);
    });
    await sim.all([...senders, holder]);
    await sim.advance(50);
    for (const id of "ab")
      assert.equal(log.filter((line) => line.startsWith(id)).join(), [0, 1, 2, 3, 4, 5].map((no) => id + no).join());
    return log.join();
  },
};

const systemStops: Scenario = {
  promise: "a child of the system that does not stop in its time is killed, and the others stop in reverse",
  async run(sim) {
    const world = watchedWorld(sim);
    await sim.start(world.worker("first", { trapExit: true, stopTime: 5 }));
    await sim.start(world.worker("hangs", { trapExit: true, stopTime: "forever", shutdown: 50 }));
    await sim.start(world.worker("last", { trapExit: true, stopTime: 5 }));
    world.take();
    const before = sim.now();
    await sim.stop();
    assert.equal(sim.now(), before + 60);
    assert.deepEqual(
      world.take().filter((line) => line.startsWith("down")),
      ["down last#1 shutdown", "down hangs#1 killed", "down first#1 shutdown"],
    );
  },
};

export const servers = {
  "servers: the last reply": lastReply,
  "servers: stopped twice": stoppedTwice,
  "servers: a continue among urgent messages": urgentContinue,
  "servers: idle at the time of a message": idleRace,
  "servers: suspended": suspended,
  "systems: the stop": systemStops,
} satisfies Record<string, Scenario>;
