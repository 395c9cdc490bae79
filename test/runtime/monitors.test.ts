import { isDown, type MonitorRef, name } from "hornbeam";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { forever, puppet } from "./support.ts";

const lobby = name("lobby");

test("a monitor tells the end of its target once, and the watcher lives on", () =>
  inVirtualTime(async (sim) => {
    const target = sim.spawn(forever);
    const watcher = puppet(sim);
    let ref: number | undefined;
    await watcher.does((self) => {
      ref = self.monitor(target).ref;
    });
    sim.exit(target, "oops");
    await sim.idle();
    expect(watcher.inbox).toEqual([{ tag: "down", ref, pid: target, name: undefined, reason: "oops" }]);
    expect(watcher.inbox.every(isDown)).toBe(true);
  }));

test("monitors stack: each tells for itself", () =>
  inVirtualTime(async (sim) => {
    const target = sim.spawn(forever);
    const watcher = puppet(sim);
    const refs: number[] = [];
    await watcher.does((self) => {
      for (let i = 0; i < 3; i++) refs.push(self.monitor(target).ref);
    });
    sim.kill(target);
    await sim.idle();
    expect(new Set(watcher.inbox.map(({ ref }) => ref))).toEqual(new Set(refs));
    expect(new Set(refs).size).toBe(3);
    expect(watcher.inbox.map(({ reason }) => reason)).toEqual(["killed", "killed", "killed"]);
  }));

test("a monitor of a process that is gone says noproc", () =>
  inVirtualTime(async (sim) => {
    const gone = sim.spawn(() => {});
    const watcher = puppet(sim);
    await sim.idle();
    await watcher.does((self) => self.monitor(gone));
    expect(watcher.inbox).toMatchObject([{ tag: "down", pid: gone, reason: "noproc" }]);
  }));

test("a monitor by name says the name, and stays with the process that had it", () =>
  inVirtualTime(async (sim) => {
    const first = sim.spawn(forever, { name: lobby });
    const watcher = puppet(sim);
    await watcher.does((self) => {
      self.monitor(lobby);
      self.unregister(lobby);
      self.register(lobby);
    });
    sim.exit(first, "oops");
    await sim.idle();
    expect(watcher.inbox).toMatchObject([{ tag: "down", pid: first, name: lobby, reason: "oops" }]);
  }));

test("a monitor by a name that nobody holds says noproc", () =>
  inVirtualTime(async (sim) => {
    const watcher = puppet(sim);
    await watcher.does((self) => self.monitor(lobby));
    expect(watcher.inbox).toMatchObject([{ tag: "down", name: lobby, reason: "noproc" }]);
  }));

test("a monitor that was cancelled says nothing, and its cancel was true once", () =>
  inVirtualTime(async (sim) => {
    const target = sim.spawn(forever);
    const watcher = puppet(sim);
    const cancelled: boolean[] = [];
    await watcher.does((self) => {
      const monitor = self.monitor(target);
      cancelled.push(monitor.cancel(), monitor.cancel());
    });
    sim.kill(target);
    await sim.idle();
    expect(cancelled).toEqual([true, false]);
    expect(watcher.inbox).toEqual([]);
  }));

test("cancelling one of several monitors of a process leaves the others", () =>
  inVirtualTime(async (sim) => {
    const target = sim.spawn(forever);
    const [one, two] = [puppet(sim), puppet(sim)];
    const made: MonitorRef[] = [];
    for (const { does } of [one, two, one]) await does((self) => void made.push(self.monitor(target)));
    made[1]?.cancel();
    sim.kill(target);
    await sim.idle();
    expect(new Set(one.inbox.map(({ ref }) => ref))).toEqual(new Set([made[0]?.ref, made[2]?.ref]));
    expect(two.inbox).toEqual([]);
  }));

test("a Down that has arrived stays after a cancel, and goes with flush", () =>
  inVirtualTime(async (sim) => {
    const target = sim.spawn(forever);
    const watcher = puppet(sim);
    const cancelled: boolean[] = [];
    let kept: MonitorRef | undefined;
    await watcher.does((self) => {
      kept = self.monitor(target);
      const flushed = self.monitor(target);
      self.send(self.pid, "before");
      self.exit(target, "oops");
      self.send(self.pid, "after");
      cancelled.push(kept.cancel(), flushed.cancel({ flush: true }));
    });
    expect(cancelled).toEqual([false, false]);
    expect(watcher.inbox).toMatchObject(["before", { tag: "down", ref: kept?.ref }, "after"]);
  }));

test("flush also finds a Down that a selective receive has passed over", () =>
  inVirtualTime(async (sim) => {
    const target = sim.spawn(forever);
    const watcher = sim.spawn(async (self) => {
      const monitor = self.monitor(target);
      await self.receive((message) => message === "go");
      monitor.cancel({ flush: true });
      return self.receive();
    });
    await sim.idle();
    sim.kill(target);
    sim.send(watcher, "go");
    await sim.idle();
    expect(sim.isAlive(watcher)).toBe(true);
    sim.send(watcher, "end");
    await sim.idle();
    expect(sim.isAlive(watcher)).toBe(false);
  }));

test("a monitor can be held with `using`: at the end of the block nothing is left of it", () =>
  inVirtualTime(async (sim) => {
    const target = sim.spawn(forever);
    const watcher = puppet(sim);
    await watcher.does((self) => {
      using _monitor = self.monitor(target);
      self.exit(target, "oops");
    });
    expect(watcher.inbox).toEqual([]);
  }));

test("a monitor of oneself never tells", () =>
  inVirtualTime(async (sim) => {
    const watcher = puppet(sim);
    await watcher.does((self) => expect(self.monitor(self.pid).cancel()).toBe(false));
    await watcher.does((self) => self.monitor(self.pid));
    expect(watcher.inbox).toEqual([]);
    sim.kill(watcher.pid);
    await sim.idle();
    expect(sim.isAlive(watcher.pid)).toBe(false);
  }));

test("the monitors of a process end with it", () =>
  inVirtualTime(async (sim) => {
    const target = sim.spawn(forever);
    const watcher = puppet(sim);
    const other = puppet(sim);
    await watcher.does((self) => self.monitor(target));
    await other.does((self) => self.monitor(target));
    sim.kill(watcher.pid);
    sim.kill(target);
    await sim.idle();
    expect(watcher.inbox).toEqual([]);
    expect(other.inbox).toHaveLength(1);
  }));

test("what a process sent before it ended arrives before the news of its end", () =>
  inVirtualTime(async (sim) => {
    const watcher = puppet(sim, { trapExit: true });
    await watcher.does((self) => {
      self.monitor(self.spawnLink((child) => child.send(watcher.pid, "last words")));
    });
    expect(watcher.inbox[0]).toBe("last words");
    expect(watcher.inbox.map((message) => message.tag).sort()).toEqual(["down", "exit", undefined]);
  }));
