import { exit, NoCatch, type Reason } from "hornbeam";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, forever, puppet } from "./support.ts";

const failures: readonly Reason[] = ["shutdown", { shutdown: "moved" }, "killed", "oops", new Error("oops")];

test("a function that returns ends its process as normal", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const sync = sim.spawn(() => "done");
    const async = sim.spawn(async () => "done");
    await sim.idle();
    expect([died.get(sync), died.get(async)]).toEqual(["normal", "normal"]);
  }));

test("an uncaught Error is the exit reason itself, before and after an await", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const error = new Error("oops");
    const sync = sim.spawn(() => {
      throw error;
    });
    const async = sim.spawn(async (self) => {
      await self.sleep(1);
      throw error;
    });
    await sim.advance(1);
    expect(died.get(sync)).toBe(error);
    expect(died.get(async)).toBe(error);
  }));

test("a thrown value that is not an Error is told apart from an exit", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const thrower = sim.spawn(() => {
      throw "oops";
    });
    const exiter = sim.spawn(() => exit("oops"));
    await sim.idle();
    expect(died.get(thrower)).toBeInstanceOf(NoCatch);
    expect(died.get(thrower)).toMatchObject({ value: "oops" });
    expect(died.get(exiter)).toBe("oops");
  }));

test.each(failures)("the link signal %o kills who does not trap, with the same reason", (reason) =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const peer = puppet(sim);
    await peer.does((self) => self.spawnLink(() => exit(reason)));
    expect(died.get(peer.pid)).toBe(reason);
  }),
);

test.each(failures)("the link signal %o is a message for who traps", (reason) =>
  inVirtualTime(async (sim) => {
    const peer = puppet(sim, { trapExit: true });
    let child: unknown;
    await peer.does((self) => {
      child = self.spawnLink(() => exit(reason));
    });
    expect(peer.inbox).toEqual([{ tag: "exit", pid: child, reason }]);
    expect(peer.inbox[0].reason).toBe(reason);
  }),
);

test("a normal end of a linked process is a message for who traps, and nothing for who does not", () =>
  inVirtualTime(async (sim) => {
    const plain = puppet(sim);
    const trapping = puppet(sim, { trapExit: true });
    await plain.does((self) => self.spawnLink(() => {}));
    await trapping.does((self) => self.spawnLink(() => {}));
    expect(sim.isAlive(plain.pid)).toBe(true);
    expect(plain.inbox).toEqual([]);
    expect(trapping.inbox).toMatchObject([{ tag: "exit", reason: "normal" }]);
  }));

test("exit(pid, normal) ends nobody else", () =>
  inVirtualTime(async (sim) => {
    const plain = puppet(sim);
    const trapping = puppet(sim, { trapExit: true });
    const sender = puppet(sim);
    await sender.does((self) => {
      self.exit(plain.pid, "normal");
      self.exit(trapping.pid, "normal");
    });
    expect([sim.isAlive(plain.pid), sim.isAlive(trapping.pid)]).toEqual([true, true]);
    expect(trapping.inbox).toEqual([{ tag: "exit", pid: sender.pid, reason: "normal" }]);
  }));

test("exit(self, normal) ends a process that does not trap, and is a message for one that does", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const plain = puppet(sim);
    const trapping = puppet(sim, { trapExit: true });
    await plain.does((self) => self.exit(self.pid, "normal"));
    await trapping.does((self) => self.exit(self.pid, "normal"));
    expect(died.get(plain.pid)).toBe("normal");
    expect(trapping.inbox).toEqual([{ tag: "exit", pid: trapping.pid, reason: "normal" }]);
  }));

test("a kill cannot be trapped, and arrives at links as killed", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const victim = puppet(sim, { trapExit: true });
    const plain = puppet(sim);
    const trapping = puppet(sim, { trapExit: true });
    await plain.does((self) => self.link(victim.pid));
    await trapping.does((self) => self.link(victim.pid));
    sim.exit(victim.pid, "kill");
    await sim.idle();
    expect([died.get(victim.pid), died.get(plain.pid)]).toEqual(["killed", "killed"]);
    expect(trapping.inbox).toEqual([{ tag: "exit", pid: victim.pid, reason: "killed" }]);
  }));

test("a process that exits by itself with kill passes on kill, which can be trapped", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const plain = puppet(sim);
    const trapping = puppet(sim, { trapExit: true });
    await plain.does((self) => self.spawnLink(() => exit("kill")));
    await trapping.does((self) => self.spawnLink(() => exit("kill")));
    expect(died.get(plain.pid)).toBe("kill");
    expect(trapping.inbox).toMatchObject([{ tag: "exit", reason: "kill" }]);
  }));

test("a process that kills itself dies of killed, even if it traps", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const peer = puppet(sim, { trapExit: true });
    await peer.does((self) => self.exit(self.pid, "kill"));
    expect(died.get(peer.pid)).toBe("killed");
  }));

test("trapExit counts when the signal arrives", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const peer = puppet(sim, { trapExit: true });
    sim.exit(peer.pid, "first");
    await peer.does((self) => {
      self.trapExit = false;
    });
    sim.exit(peer.pid, "second");
    await sim.idle();
    expect(peer.inbox).toMatchObject([{ tag: "exit", reason: "first" }]);
    expect(died.get(peer.pid)).toBe("second");
  }));

test("an exit signal overtakes the messages of who does not trap, and waits in line for who does", () =>
  inVirtualTime(async (sim) => {
    const plain = puppet(sim);
    const trapping = puppet(sim, { trapExit: true });
    await sim.idle();
    for (const { pid } of [plain, trapping]) {
      sim.send(pid, "before");
      sim.exit(pid, "oops");
      sim.send(pid, "after");
    }
    await sim.idle();
    expect(plain.inbox).toEqual([]);
    expect(trapping.inbox).toMatchObject(["before", { tag: "exit", reason: "oops" }, "after"]);
  }));

test("an exit signal ends a process in the middle of an await", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const sleeper = sim.spawn((self) => self.sleep(1000));
    await sim.idle();
    sim.exit(sleeper, "enough");
    expect(died.get(sleeper)).toBe("enough");
    expect(sim.isAlive(sleeper)).toBe(false);
  }));

test("a process that has not run yet can be ended, and then never runs", () =>
  inVirtualTime(async (sim) => {
    let ran = false;
    const pid = sim.spawn(() => {
      ran = true;
    });
    sim.exit(pid, "oops");
    await sim.idle();
    expect(ran).toBe(false);
  }));

test("a failure goes on from link to link until somebody traps it", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const [a, b, c] = [puppet(sim), puppet(sim), puppet(sim, { trapExit: true })];
    const d = puppet(sim);
    await a.does((self) => self.link(b.pid));
    await b.does((self) => self.link(c.pid));
    await c.does((self) => self.link(d.pid));
    sim.exit(a.pid, "oops");
    await sim.idle();
    expect([died.get(a.pid), died.get(b.pid)]).toEqual(["oops", "oops"]);
    expect(c.inbox).toEqual([{ tag: "exit", pid: b.pid, reason: "oops" }]);
    expect([sim.isAlive(c.pid), sim.isAlive(d.pid)]).toEqual([true, true]);
  }));

test("the first exit reason stays", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const pid = sim.spawn(forever);
    sim.exit(pid, "first");
    sim.exit(pid, "second");
    sim.kill(pid);
    await sim.idle();
    expect(died.get(pid)).toBe("first");
  }));
