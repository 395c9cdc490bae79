import {
  BadArgument,
  type GroupEvent,
  type GroupMonitor,
  isGroupEvent,
  type Pid,
  pg,
  type ScopeMonitor,
} from "hornbeam";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { forever, puppet } from "./support.ts";

const spawn = (sim: VirtualSystem): Pid => sim.spawn(forever);

/** The events that came, without their reference. */
const told = (inbox: readonly GroupEvent[]) => inbox.map(({ tag, group, pids }) => [tag, group, pids]);

test("who joins is a member, until it leaves; a group is there as long as it has members", () =>
  inVirtualTime((sim) => {
    const ada = spawn(sim);
    expect(pg.getMembers(sim, "group")).toEqual([]);
    pg.join(sim, "group", ada);
    expect(pg.getMembers(sim, "group")).toEqual([ada]);
    expect(pg.getLocalMembers(sim, "group")).toEqual([ada]);
    expect(pg.whichGroups(sim)).toEqual(["group"]);
    expect(pg.whichLocalGroups(sim)).toEqual(["group"]);
    expect(pg.leave(sim, "group", ada)).toBe(true);
    expect(pg.getMembers(sim, "group")).toEqual([]);
    expect(pg.whichGroups(sim)).toEqual([]);
    expect(pg.whichLocalGroups(sim)).toEqual([]);
  }));

test("a process that joined three times is three members, and leaves three times", () =>
  inVirtualTime((sim) => {
    const ada = spawn(sim);
    pg.join(sim, "group", ada);
    pg.join(sim, "group", [ada, ada]);
    expect(pg.getMembers(sim, "group")).toEqual([ada, ada, ada]);
    expect(pg.leave(sim, "group", [ada, ada])).toBe(true);
    expect(pg.getMembers(sim, "group")).toEqual([ada]);
    expect(pg.leave(sim, "group", ada)).toBe(true);
    expect(pg.leave(sim, "group", ada)).toBe(false);
    expect(pg.whichGroups(sim)).toEqual([]);
  }));

test("of sixteen joins, twelve are left when four were taken back", () =>
  inVirtualTime((sim) => {
    const ada = spawn(sim);
    pg.join(sim, "two", Array(16).fill(ada));
    pg.leave(sim, "two", Array(4).fill(ada));
    expect(pg.getMembers(sim, "two")).toEqual(Array(12).fill(ada));
    sim.kill(ada);
    expect(pg.getMembers(sim, "two")).toEqual([]);
  }));

test("leaving says whether anybody was in the group", () =>
  inVirtualTime((sim) => {
    const [ada, bob] = [spawn(sim), spawn(sim)];
    pg.join(sim, "one", ada);
    expect(pg.leave(sim, "missing", ada)).toBe(false);
    expect(pg.leave(sim, "one", bob)).toBe(false);
    expect(pg.leave(sim, "one", [])).toBe(false);
    expect(pg.leave(sim, "one", [bob, ada])).toBe(true);
    expect(pg.getMembers(sim, "one")).toEqual([]);
  }));

test("who ends has left before links and monitors hear of it, and the others stay", () =>
  inVirtualTime(async (sim) => {
    const [ada, bob] = [spawn(sim), spawn(sim)];
    pg.join(sim, "group", [ada, bob, ada]);
    pg.join(sim, "other", ada);
    const found: unknown[] = [];
    sim.spawn(
      async (self) => {
        self.link(ada);
        self.monitor(ada);
        for (let i = 0; i < 2; i++) {
          await self.receive();
          found.push(pg.getMembers(self, "group"), pg.whichGroups(self));
        }
      },
      { trapExit: true },
    );
    await sim.idle();
    sim.exit(ada, "boom");
    await sim.idle();
    expect(found).toEqual([[bob], ["group"], [bob], ["group"]]);
  }));

test("whoever is dead neither joins nor leaves, and is told to nobody", () =>
  inVirtualTime(async (sim) => {
    const watcher = puppet(sim);
    await watcher.does((self) => pg.monitor(self, "group"));
    for (let i = 0; i < 100; i++) {
      const gone = sim.spawn(() => {});
      if (i % 2 === 0) sim.kill(gone);
      await sim.idle();
      pg.join(sim, "group", gone);
      expect(pg.leave(sim, "group", gone)).toBe(false);
    }
    expect(pg.getMembers(sim, "group")).toEqual([]);
    expect(watcher.inbox).toEqual([]);
  }));

test("a member that is dead is not shown and does not join, even before its exit has come to its memberships", () =>
  inVirtualTime(async (sim) => {
    const [ada, bob] = [puppet(sim), spawn(sim)];
    pg.join(sim, "group", bob);
    const seen: unknown[] = [];
    await ada.does((self) => {
      self.link(bob);
      self.signal.addEventListener("abort", () => {
        seen.push(sim.isAlive(bob), pg.getMembers(sim, "group"));
        pg.join(sim, "other", bob);
        seen.push(pg.leave(sim, "group", bob));
      });
    });
    sim.exit(ada.pid, "boom");
    expect(seen).toEqual([false, [], false]);
    expect(pg.whichGroups(sim)).toEqual([]);
  }));

test("only pids of the same system join or leave; what else is given changes nothing", () =>
  inVirtualTime((sim) =>
    inVirtualTime((other) => {
      const [ada, foreign] = [spawn(sim), spawn(other)];
      for (const bad of [undefined, [undefined], [ada, "bob"], foreign, [ada, foreign], { id: 1 }]) {
        expect(() => pg.join(sim, "group", bad as Pid)).toThrow(BadArgument);
        expect(() => pg.leave(sim, "group", bad as Pid)).toThrow(BadArgument);
      }
      expect(() => pg.join(sim, "group", foreign)).toThrow(/expected pids of this system, got: /);
      expect(pg.getMembers(sim, "group")).toEqual([]);
      pg.join(other, "group", foreign);
      expect(pg.whichGroups(sim)).toEqual([]);
    }),
  ));

test("a group is any value, compared with ===", () =>
  inVirtualTime((sim) => {
    const ada = spawn(sim);
    const object = { id: 1 };
    const groups = [1, "1", object, null, undefined, "__proto__", Symbol("group")];
    for (const group of groups) pg.join(sim, group, ada);
    expect(pg.whichGroups(sim)).toEqual(groups);
    expect(pg.getMembers(sim, { id: 1 })).toEqual([]);
    for (const group of groups) expect(pg.leave(sim, group, ada)).toBe(true);
    pg.join(sim, Number.NaN, ada);
    expect(pg.leave(sim, Number.NaN, ada)).toBe(true);
    expect(pg.whichGroups(sim)).toEqual([]);
  }));

test("scopes share nothing, and one is always there", () =>
  inVirtualTime(async (sim) => {
    const [ada, bob] = [spawn(sim), spawn(sim)];
    const chat = pg.scope("chat");
    const watcher = puppet(sim);
    await watcher.does((self) => chat.monitorScope(self));
    pg.join(sim, "group", ada);
    chat.join(sim, "group", bob);
    expect(pg.getMembers(sim, "group")).toEqual([ada]);
    expect(pg.scope("chat").getMembers(sim, "group")).toEqual([bob]);
    expect(chat.scope("pg").getMembers(sim, "group")).toEqual([ada]);
    expect(chat.leave(sim, "group", ada)).toBe(false);
    sim.kill(ada);
    await sim.idle();
    expect(told(watcher.inbox)).toEqual([["join", "group", [bob]]]);
    for (const bad of ["", undefined, 1]) expect(() => pg.scope(bad as string)).toThrow(BadArgument);
  }));

describe("a monitor", () => {
  test("of a group tells who was in it, and from then on who joins, leaves and ends", () =>
    inVirtualTime(async (sim) => {
      const [ada, bob] = [spawn(sim), spawn(sim)];
      const watcher = puppet(sim);
      pg.join(sim, "group", ada);
      let monitor: GroupMonitor | undefined;
      await watcher.does((self) => {
        monitor = pg.monitor(self, "group");
      });
      expect(monitor?.members).toEqual([ada]);
      pg.join(sim, "group", [bob, bob]);
      pg.join(sim, "other", bob);
      pg.leave(sim, "group", [bob, ada]);
      sim.kill(bob);
      await sim.idle();
      expect(told(watcher.inbox)).toEqual([
        ["join", "group", [bob, bob]],
        ["leave", "group", [bob, ada]],
        ["leave", "group", [bob]],
      ]);
      expect(watcher.inbox.every(({ ref }) => ref === monitor?.ref)).toBe(true);
    }));

  test("of a scope tells which groups there were, and from then on of all of them", () =>
    inVirtualTime(async (sim) => {
      const [ada, bob] = [spawn(sim), spawn(sim)];
      const watcher = puppet(sim);
      pg.join(sim, "one", [ada, bob]);
      pg.join(sim, "two", ada);
      let monitor: ScopeMonitor | undefined;
      await watcher.does((self) => {
        monitor = pg.monitorScope(self);
      });
      expect(monitor?.groups).toEqual(
        new Map([
          ["one", [ada, bob]],
          ["two", [ada]],
        ]),
      );
      pg.join(sim, "three", bob);
      sim.kill(ada);
      await sim.idle();
      expect(told(watcher.inbox)).toEqual([
        ["join", "three", [bob]],
        ["leave", "one", [ada]],
        ["leave", "two", [ada]],
      ]);
    }));

  test("tells of a leave before anybody hears of the death", () =>
    inVirtualTime(async (sim) => {
      const ada = spawn(sim);
      const watcher = puppet(sim);
      pg.join(sim, "group", ada);
      await watcher.does((self) => {
        self.monitor(ada);
        pg.monitor(self, "group");
      });
      sim.exit(ada, "boom");
      await sim.idle();
      expect(watcher.inbox.map(({ tag }) => tag)).toEqual(["leave", "down"]);
    }));

  test("is one of many: each has its own reference, and a process may have several", () =>
    inVirtualTime(async (sim) => {
      const ada = spawn(sim);
      const watcher = puppet(sim);
      const refs: number[] = [];
      await watcher.does((self) => {
        refs.push(pg.monitor(self, "group").ref, pg.monitor(self, "group").ref, pg.monitorScope(self).ref);
      });
      pg.join(sim, "group", ada);
      await sim.idle();
      expect(new Set(refs).size).toBe(3);
      expect(watcher.inbox.map(({ ref }) => ref).toSorted()).toEqual(refs.toSorted());
    }));

  test("tells who watches of itself, too, when it joins", () =>
    inVirtualTime(async (sim) => {
      const watcher = puppet(sim);
      await watcher.does((self) => {
        pg.monitor(self, "group");
        pg.join(self, "group", self.pid);
      });
      expect(told(watcher.inbox)).toEqual([["join", "group", [watcher.pid]]]);
    }));

  test("that is cancelled tells nothing more, and what it told is taken back, wherever it waits", () =>
    inVirtualTime(async (sim) => {
      const ada = spawn(sim);
      const results: unknown[] = [];
      const watcher = sim.spawn(async (self) => {
        const monitor = pg.monitor(self, "group");
        const other = pg.monitor(self, "group");
        // Some are passed over by a selective receive, and some have not been looked at.
        pg.join(self, "group", ada);
        pg.join(self, "group", ada);
        self.send(self.pid, "look");
        results.push(await self.receive((message) => message === "look"));
        pg.join(self, "group", ada);
        results.push(monitor.cancel(), monitor.cancel());
        pg.join(self, "group", ada);
        for (let i = 0; i < 4; i++) results.push((await self.receive(isGroupEvent)).ref === other.ref);
        results.push(await self.receive(undefined, 0));
      });
      await sim.idle();
      expect(results).toEqual(["look", true, false, true, true, true, true, { tag: "timeout" }]);
      expect(sim.isAlive(watcher)).toBe(false);
    }));

  test("ends with its block when it is declared with using", () =>
    inVirtualTime(async (sim) => {
      const watcher = puppet(sim);
      const ada = spawn(sim);
      await watcher.does((self) => {
        using monitor = pg.monitor(self, "group");
        expect(monitor.members).toEqual([]);
        pg.join(self, "group", ada);
      });
      pg.leave(sim, "group", ada);
      await sim.idle();
      expect(watcher.inbox).toEqual([]);
    }));

  test("is gone with the process that watches", () =>
    inVirtualTime(async (sim) => {
      const watcher = puppet(sim);
      let monitor: GroupMonitor | undefined;
      await watcher.does((self) => {
        monitor = pg.monitor(self, "group");
      });
      sim.kill(watcher.pid);
      pg.join(sim, "group", spawn(sim));
      expect(monitor?.cancel()).toBe(false);
    }));
});

test("what a dead process asks for is not done, and told as a zombie's", () =>
  inVirtualTime(async (sim) => {
    const zombies: string[] = [];
    sim.telemetry.on("process.zombie", (_, { operation }) => void zombies.push(operation));
    const [ada, bob] = [spawn(sim), spawn(sim)];
    pg.join(sim, "group", bob);
    const cancelled: boolean[] = [];
    sim.spawn((self) => {
      self.exit(self.pid, "kill");
      pg.join(self, "group", ada);
      pg.leave(self, "group", bob);
      cancelled.push(pg.monitor(self, "group").cancel());
      pg.monitorScope(self);
    });
    await sim.idle();
    expect(zombies).toEqual(["join", "leave", "monitor", "monitor"]);
    expect(cancelled).toEqual([false]);
    expect(pg.getMembers(sim, "group")).toEqual([bob]);
  }));

test("ten thousand groups of one process are left at once when it ends", () =>
  inVirtualTime((sim) => {
    const ada = spawn(sim);
    for (let i = 0; i < 10_000; i++) pg.join(sim, i, ada);
    expect(pg.whichGroups(sim)).toHaveLength(10_000);
    sim.kill(ada);
    expect(pg.whichGroups(sim)).toEqual([]);
  }));
