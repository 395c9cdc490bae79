import { NoProcess, type Pid, type Self } from "hornbeam";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, forever, puppet, REAL } from "./support.ts";

test("two processes have one link, however often it is made", () =>
  inVirtualTime(async (sim) => {
    const a = puppet(sim, { trapExit: true });
    const b = puppet(sim);
    await a.does((self) => self.link(b.pid));
    await a.does((self) => self.link(b.pid));
    await b.does((self) => self.link(a.pid));
    sim.exit(b.pid, "oops");
    await sim.idle();
    expect(a.inbox).toHaveLength(1);
  }));

test("either side can remove a link", () =>
  inVirtualTime(async (sim) => {
    const a = puppet(sim);
    const b = puppet(sim);
    await a.does((self) => self.link(b.pid));
    await b.does((self) => self.unlink(a.pid));
    sim.exit(b.pid, "oops");
    await sim.idle();
    expect(sim.isAlive(a.pid)).toBe(true);
  }));

test("an exit message that has arrived stays after unlink", () =>
  inVirtualTime(async (sim) => {
    const heard: unknown[] = [];
    const victim = sim.spawn(forever);
    sim.spawn(
      async (self) => {
        self.link(victim);
        self.exit(victim, "oops");
        self.unlink(victim);
        heard.push(await self.receive());
      },
      { trapExit: true },
    );
    await sim.idle();
    expect(heard).toEqual([{ tag: "exit", pid: victim, reason: "oops" }]);
  }));

test("unlink, and a receive that does not wait, leave nothing of a link", () =>
  inVirtualTime(async (sim) => {
    const left: unknown[] = [];
    const victims = [sim.spawn(forever), sim.spawn(forever)];
    sim.spawn(
      async (self) => {
        for (const victim of victims) {
          self.link(victim);
          if (victim === victims[0]) self.exit(victim, "before");
          self.unlink(victim);
          await self.receive((message) => message.pid === victim, 0);
          self.exit(victim, "after");
        }
        left.push(await self.receive(undefined, 0));
      },
      { trapExit: true },
    );
    await sim.idle();
    expect(left).toEqual([{ tag: "timeout" }]);
  }));

test("a link to a process that is gone throws NoProcess, and is a noproc message for who traps", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const gone = sim.spawn(() => {});
    const plain = puppet(sim);
    const trapping = puppet(sim, { trapExit: true });
    await sim.idle();
    await plain.does((self) => self.link(gone));
    await trapping.does((self) => self.link(gone));
    expect(died.get(plain.pid)).toBeInstanceOf(NoProcess);
    expect(trapping.inbox).toEqual([{ tag: "exit", pid: gone, reason: "noproc" }]);
  }));

test("a link to oneself is nothing", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const a = puppet(sim);
    await a.does((self) => self.link(self.pid));
    expect(sim.processes().find(({ pid }) => pid === a.pid)?.links).toEqual([]);
    await a.does((self) => self.exit(self.pid, "oops"));
    expect(died.get(a.pid)).toBe("oops");
  }));

test("a normal end takes its link along", () =>
  inVirtualTime(async (sim) => {
    const a = puppet(sim);
    await a.does((self) => self.spawnLink(() => {}));
    expect(sim.processes().find(({ pid }) => pid === a.pid)?.links).toEqual([]);
  }));

test("a ring of links falls once", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const ring = Array.from({ length: 10 }, () => puppet(sim));
    for (const [i, { does }] of ring.entries()) {
      const { pid } = ring[(i + 1) % ring.length] as { pid: Pid };
      await does((self) => self.link(pid));
    }
    sim.exit((ring[3] as { pid: Pid }).pid, "oops");
    await sim.idle();
    expect([...died.values()]).toEqual(Array(10).fill("oops"));
  }));

test(
  "a chain of 100,000 links falls at once, and the stack holds",
  () =>
    inVirtualTime(async (sim) => {
      const length = 100_000;
      let fallen = 0;
      let last: Pid | undefined;
      sim.telemetry.on("process.exit", (_, { reason }) => void (reason === "oops" && fallen++));
      const grow = (left: number) => (self: Self) => {
        if (left > 0) self.spawnLink(grow(left - 1));
        else last = self.pid;
        return forever(self);
      };
      sim.spawn(grow(length - 1));
      await sim.idle();
      expect(sim.processes()).toHaveLength(length);
      sim.exit(last as Pid, "oops");
      expect(fallen).toBe(length);
    }),
  REAL,
);

test("one process with 10,000 links ends them all", () =>
  inVirtualTime(async (sim) => {
    const hub = puppet(sim);
    await hub.does((self) => {
      for (let i = 0; i < 10_000; i++) self.spawnLink(forever);
    });
    sim.exit(hub.pid, "oops");
    expect(sim.processes()).toEqual([]);
  }));

test.each([1, 2, 3, 8, 9, 40])("links of %i processes behave like a set in the order of linking", (count) =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const hub = puppet(sim, { trapExit: true });
    const peers = Array.from({ length: count }, () => sim.spawn(forever));
    const links = () => sim.processInfo(hub.pid)?.links;
    await hub.does((self) => {
      for (const peer of [...peers, ...peers]) self.link(peer);
    });
    expect(links()).toEqual(peers);
    // Every third goes by an unlink, and again, which changes nothing.
    const gone = peers.filter((_, index) => index % 3 === 0);
    await hub.does((self) => {
      for (const peer of [...gone, ...gone]) self.unlink(peer);
    });
    const left = peers.filter((peer) => !gone.includes(peer));
    expect(links()).toEqual(left);
    for (const peer of gone) expect(sim.processInfo(peer)?.links).toEqual([]);
    for (const peer of peers) sim.exit(peer, "oops");
    await sim.idle();
    expect(hub.inbox.map(({ pid }) => pid)).toEqual(left);
    expect(links()).toEqual([]);
  }),
);
