import { type Down, type Exit, isDown, name, ok, pg, reply, type Self } from "hornbeam";
import { GenServer, start } from "hornbeam/genserver";
import { expect, test } from "vitest";
import { explore } from "./explore.ts";
import { forever, settled, text } from "./scenario.ts";

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
  expect(found).toEqual({
    complete: true,
    schedules: 28,
    outcomes: ["exit boom, NoProcess", "exit boom, boom", "exit noproc, NoProcess", "exit noproc, boom"],
  });
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
  expect(found).toEqual({
    complete: true,
    schedules: 238,
    outcomes: ["down boom, false", "down boom, true", "down noproc, false", "down noproc, true"],
  });
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
  expect(found).toEqual({
    complete: true,
    schedules: 2742,
    outcomes: [
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
  });
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
  expect(found).toEqual({
    complete: true,
    schedules: 6,
    outcomes: ["late reply, reply, timeout", "timeout, reply, timeout"],
  });
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
  expect(found).toEqual({
    complete: true,
    schedules: 90,
    outcomes: ["a,b,c", "a,c,b", "b,a,c", "b,c,a", "c,a,b", "c,b,a"],
  });
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
  expect(found).toEqual({
    complete: true,
    schedules: 15,
    outcomes: ["cancelled, tock", "too late, tick,tock"],
  });
});

test("join, leave and crash: a watcher hears of each join and one leave, and nobody who has ended is a member", async () => {
  const found = await explore(async (sim) => {
    const heard: string[] = [];
    sim.always("members live", () => pg.getMembers(sim, "room").every((pid) => sim.isAlive(pid)));
    sim.spawn(async function watcher(self) {
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
  expect(found).toEqual({
    complete: true,
    schedules: 167,
    outcomes: ["", "join,leave", "there,leave"],
  });
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
  expect(found).toEqual({
    complete: true,
    schedules: 1218,
    outcomes: [
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
  });
});
