import { type Down, type Exit, isDown, name, noreply, ok, type Pid, pg, reply, type Self } from "hornbeam";
import { GenServer, start } from "hornbeam/genserver";
import { exhaustive, type Simulation, simulate } from "hornbeam/simulation";
import { Supervisor } from "hornbeam/supervisor";
import { expect, test } from "vitest";
import { World } from "../supervisor/support.ts";
import { forever, settled, startInOrder, text } from "./scenario.ts";

/** Every interleaving of a small program: how many there are, and how often each outcome occurs. */
async function explore(run: (sim: Simulation) => Promise<string>) {
  const outcomes = new Map<string, number>();
  const { schedules, complete } = await simulate({ strategy: exhaustive(), schedules: 60_000 }, async (sim) => {
    const outcome = await run(sim);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  });
  return { complete, schedules, outcomes: [...outcomes.keys()].sort() };
}

const exits = (exit: Exit) => `exit ${text(exit.reason)}`;
const downs = (down: Down) => `down ${text(down.reason)}`;

test("link and exit: who links hears the reason of the end, or noproc, once, and dies of it unless it traps exits", async () => {
  const found = await explore(async (sim) => {
    const heard: string[] = [];
    let end = "lives";
    sim.telemetry.on("process.exit", (_, { pid, reason }) => {
      if (pid === plain) end = reason instanceof Error ? reason.name : text(reason);
    });
    const target = sim.spawn(forever, { label: "target" });
    sim.spawn(async function trapper(self) {
      self.trapExit = true;
      self.link(target);
      for (;;) heard.push(exits(await self.receive()));
    });
    const plain = sim.spawn(async function plain(self) {
      self.link(target);
      await forever(self);
    });
    sim.spawn(function killer(self) {
      self.exit(target, "boom");
    });
    await sim.idle();
    return `${heard}, ${end}`;
  });
  expect(found).toMatchInlineSnapshot(`
    {
      "complete": true,
      "outcomes": [
        "exit boom, NoProcess",
        "exit boom, boom",
        "exit noproc, NoProcess",
        "exit noproc, boom",
      ],
      "schedules": 28,
    }
  `);
});

test("monitor and exit: each monitor gives one down, and none after a cancel with flush", async () => {
  const found = await explore(async (sim) => {
    const heard: string[] = [];
    const flushed: string[] = [];
    const target = sim.spawn(forever, { label: "target" });
    sim.spawn(async function watcher(self) {
      self.monitor(target);
      for (;;) heard.push(downs(await self.receive()));
    });
    sim.spawn(async function flusher(self) {
      const monitor = self.monitor(target);
      await self.sleep(0);
      const active = monitor.cancel({ flush: true });
      flushed.push(String(active));
      for (;;) flushed.push(downs(await self.receive()));
    });
    sim.spawn(function killer(self) {
      self.exit(target, "boom");
    });
    await sim.idle();
    return `${heard}, ${flushed}`;
  });
  expect(found).toMatchInlineSnapshot(`
    {
      "complete": true,
      "outcomes": [
        "down boom, false",
        "down boom, true",
        "down noproc, false",
        "down noproc, true",
      ],
      "schedules": 238,
    }
  `);
});

/** A server that answers at once, after a time, or crashes. */
const Server = {
  init: () => ok(0),
  handleCall: {
    ask: (_, n) => reply("reply", n + 1),
    slow: async (delay: number, n, self: Self) => {
      await self.sleep(delay);
      return reply("late reply", n + 1);
    },
  },
  handleCast: {
    crash: () => {
      throw new Error("crash");
    },
  },
} satisfies GenServer<number>;

test("call and crash: a caller gets the reply, the reason of the end, or noproc", async () => {
  const found = await explore(async (sim) => {
    const server = await start(sim, Server);
    const answers: string[] = [];
    const clients = ["a", "b"].map((id) =>
      sim.spawn(async (self) => void answers.push(`${id} ${await settled(self.call(server, "ask"))}`), { label: id }),
    );
    sim.spawn(function crasher(self) {
      self.cast(server, "crash");
    });
    await sim.all(clients);
    return answers.sort().join();
  });
  expect(found).toMatchInlineSnapshot(`
    {
      "complete": true,
      "outcomes": [
        "a crash,b crash",
        "a crash,b noproc",
        "a crash,b reply",
        "a noproc,b crash",
        "a noproc,b noproc",
        "a noproc,b reply",
        "a reply,b crash",
        "a reply,b noproc",
        "a reply,b reply",
      ],
      "schedules": 2742,
    }
  `);
});

test("call timeout and late reply: a reply or a timeout, and the next call gets its own reply", async () => {
  const found = await explore(async (sim) => {
    const server = await start(sim, Server);
    let outcome = "";
    const client = sim.spawn(async function client(self) {
      outcome = await settled(self.with({ timeout: 5 }).call(server, "slow", 5));
      outcome += `, ${await self.call(server, "ask")}, ${(await self.receive(undefined, 5)).tag}`;
    });
    await sim.all([client]);
    return outcome;
  });
  expect(found).toMatchInlineSnapshot(`
    {
      "complete": true,
      "outcomes": [
        "late reply, reply, timeout",
        "timeout, reply, timeout",
      ],
      "schedules": 6,
    }
  `);
});

test("two registrations of a name: one wins, whoever hears of its end finds it free", async () => {
  const leader = name("leader");
  const found = await explore(async (sim) => {
    const log: string[] = [];
    const candidate = (id: string) =>
      sim.spawn(
        async (self) => {
          try {
            self.register(leader);
            log.push(id);
          } catch {
            self.monitor(leader);
            await self.receive(isDown);
            self.register(leader);
            log.push(`${id} after`);
          }
        },
        { label: id },
      );
    await sim.all([candidate("a"), candidate("b"), candidate("c")]);
    return log.join();
  });
  expect(found).toMatchInlineSnapshot(`
    {
      "complete": true,
      "outcomes": [
        "a,b,c",
        "a,c,b",
        "b,a,c",
        "b,c,a",
        "c,a,b",
        "c,b,a",
      ],
      "schedules": 90,
    }
  `);
});

test("timer cancel: one that was cancelled in time never comes, one that was not comes once", async () => {
  const found = await explore(async (sim) => {
    let outcome = "";
    const owner = sim.spawn(async function owner(self) {
      const timer = self.sendAfter("tick", 5);
      const other = self.sendAfter("tock", 5);
      await self.sleep(5);
      outcome = timer.cancel() ? "cancelled" : "too late";
      const heard: string[] = [];
      for (;;) {
        const message = await self.receive(undefined, 1);
        if (typeof message !== "string") break;
        heard.push(message);
      }
      outcome += `, ${heard.sort()}${other.cancel() ? ", pending" : ""}`;
    });
    await sim.all([owner]);
    return outcome;
  });
  expect(found).toMatchInlineSnapshot(`
    {
      "complete": true,
      "outcomes": [
        "cancelled, tock",
        "too late, tick,tock",
      ],
      "schedules": 15,
    }
  `);
});

/** Kills the latest process of an id, at any moment. */
const killer = (sim: Simulation, world: World, id: string): Pid =>
  sim.spawn((self) => self.exit(world.pid(id), "kill"), { label: `killer of ${id}` });

test("restart at the limit: so many failures as allowed are survived, one more is not, however they fall", async () => {
  const found = await explore(async (sim) => {
    const world = new World(sim);
    const top = await world.start({ maxRestarts: 1, children: [world.worker("a")] });
    killer(sim, world, "a");
    killer(sim, world, "a");
    await sim.idle();
    const failures = world.take().filter((line) => line.startsWith("down a") && line.endsWith("killed")).length;
    return `${failures} failures, ${sim.isAlive(top) ? await world.children(top) : "gave up"}`;
  });
  expect(found).toMatchInlineSnapshot(`
    {
      "complete": true,
      "outcomes": [
        "1 failures, a#2",
        "2 failures, gave up",
      ],
      "schedules": 12,
    }
  `);
});

test("shutdown timeout: a child that is done at the limit stops or is killed, and terminate has run", async () => {
  const found = await explore(async (sim) => {
    const world = new World(sim);
    const edge = world.worker("edge", { trapExit: true, shutdown: 5, stopTime: 5 });
    const top = await world.start({ children: [edge, world.worker("b")] });
    sim.spawn(function stopper(self) {
      return GenServer.stop(self, top, "shutdown");
    });
    sim.spawn(function noise(self) {
      self.exit(world.pid("edge"), "noise");
    });
    await sim.advance(10);
    return world.take().join();
  });
  expect(found).toMatchInlineSnapshot(`
    {
      "complete": true,
      "outcomes": [
        "down b#1 shutdown,heard edge#1 noise,terminate edge#1 shutdown,down edge#1 killed,down top#1 shutdown",
        "down b#1 shutdown,heard edge#1 noise,terminate edge#1 shutdown,down edge#1 shutdown,down top#1 shutdown",
        "down b#1 shutdown,terminate edge#1 shutdown,down edge#1 killed,down top#1 shutdown",
        "down b#1 shutdown,terminate edge#1 shutdown,down edge#1 shutdown,down top#1 shutdown",
        "heard edge#1 noise,down b#1 shutdown,terminate edge#1 shutdown,down edge#1 killed,down top#1 shutdown",
        "heard edge#1 noise,down b#1 shutdown,terminate edge#1 shutdown,down edge#1 shutdown,down top#1 shutdown",
      ],
      "schedules": 270,
    }
  `);
});

test("oneForAll during a restart: a failure while the others stop or start is part of it, or one more", async () => {
  const found = await explore(async (sim) => {
    const world = new World(sim);
    const ids = ["a", "b"];
    const top = await world.start({ strategy: "oneForAll", children: ids.map((id) => world.worker(id)) });
    killer(sim, world, "a");
    killer(sim, world, "b");
    await sim.idle();
    startInOrder(world.take(), ids);
    return (await world.children(top)).join();
  });
  expect(found).toMatchInlineSnapshot(`
    {
      "complete": true,
      "outcomes": [
        "b#2,a#2",
        "b#3,a#3",
      ],
      "schedules": 16,
    }
  `);
});

test("restForOne with a failing sibling: the restart is tried again, until all run or the limit is reached", async () => {
  const found = await explore(async (sim) => {
    const world = new World(sim);
    const ids = ["a", "b"];
    const children = [world.worker("a"), world.worker("b", { starts: [{}, { fail: "no" }] })];
    const top = await world.start({ strategy: "restForOne", maxRestarts: 2, children });
    killer(sim, world, "a");
    killer(sim, world, "b");
    await sim.idle();
    startInOrder(world.take(), ids);
    return sim.isAlive(top) ? (await world.children(top)).join() : "gave up";
  });
  expect(found).toMatchInlineSnapshot(`
    {
      "complete": true,
      "outcomes": [
        "b#3,a#2",
        "gave up",
      ],
      "schedules": 34,
    }
  `);
});

test("join, leave and crash: a watcher hears of each join and one leave, and nobody who has ended is a member", async () => {
  const found = await explore(async (sim) => {
    const heard: string[] = [];
    sim.always("members live", () => pg.getMembers(sim, "room").every((pid) => sim.isAlive(pid)));
    const watcher = sim.spawn(async function watcher(self) {
      const { members } = pg.monitor(self, "room");
      if (members.length > 0) heard.push("there");
      for (;;) heard.push((await self.receive()).tag);
    });
    const member = sim.spawn(async function member(self) {
      pg.join(self, "room", self.pid);
      await self.receive();
      pg.leave(self, "room", self.pid);
      await forever(self);
    });
    sim.spawn(function teller(self) {
      self.send(member, "leave");
    });
    sim.spawn(function killer(self) {
      self.exit(member, "boom");
    });
    await sim.idle();
    return heard.join();
  });
  expect(found).toMatchInlineSnapshot(`
    {
      "complete": true,
      "outcomes": [
        "",
        "join,leave",
        "leave,join",
        "there,leave",
      ],
      "schedules": 178,
    }
  `);
});

test("stop and call: who is told that a server has stopped is told once, and a call is answered before, or not at all", async () => {
  const found = await explore(async (sim) => {
    const server = await start(sim, Server);
    const answers: string[] = [];
    const clients = [
      sim.spawn(async function caller(self) {
        answers.push(`call ${await settled(self.call(server, "ask"))}`);
      }),
      sim.spawn(async function stopper(self) {
        answers.push(`stop ${await settled(GenServer.stop(self, server).then(() => "done"))}`);
      }),
      sim.spawn(async function killer(self) {
        self.exit(server, "boom");
      }),
    ];
    await sim.all(clients);
    return answers.sort().join();
  });
  expect(found).toMatchInlineSnapshot(`
    {
      "complete": true,
      "outcomes": [
        "call boom,stop boom",
        "call boom,stop noproc",
        "call noproc,stop boom",
        "call noproc,stop done",
        "call noproc,stop noproc",
        "call normal,stop done",
        "call reply,stop boom",
        "call reply,stop done",
        "call reply,stop noproc",
      ],
      "schedules": 1218,
    }
  `);
});

test("terminateChild and crash: the child is stopped and stays so, whichever comes first", async () => {
  const found = await explore(async (sim) => {
    const world = new World(sim);
    const top = await world.start({ children: [world.worker("a")] });
    const stopper = sim.spawn(async function stopper(self) {
      await Supervisor.terminateChild(self, top, "a");
    });
    killer(sim, world, "a");
    await sim.all([stopper]);
    await sim.idle();
    return `${world.take()}: ${await world.children(top)}`;
  });
  expect(found).toMatchInlineSnapshot(`
    {
      "complete": true,
      "outcomes": [
        "down a#1 killed,start a#2,down a#2 shutdown: a stopped",
        "down a#1 killed: a stopped",
        "down a#1 shutdown: a stopped",
      ],
      "schedules": 11,
    }
  `);
});
