import { BadArgument, exit, isDown, name, type Pid } from "hornbeam";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, events, forever, puppet } from "./support.ts";

test("a spawned process runs after whoever spawned it gives way", () =>
  inVirtualTime(async (sim) => {
    const order: string[] = [];
    const parent = puppet(sim);
    await parent.does((self) => {
      self.spawn(() => order.push("child"));
      order.push("parent");
    });
    expect(order).toEqual(["parent", "child"]);
  }));

test("processes start in the order in which they were spawned", () =>
  inVirtualTime(async (sim) => {
    const order: number[] = [];
    for (let i = 0; i < 100; i++) sim.spawn(() => order.push(i));
    await sim.idle();
    expect(order).toEqual(Array.from({ length: 100 }, (_, i) => i));
  }));

test("spawn ties nobody: the end of the child is nothing to its parent, nor the other way round", () =>
  inVirtualTime(async (sim) => {
    const parent = puppet(sim);
    let child: any;
    await parent.does((self) => {
      self.spawn(() => exit("oops"));
      child = self.spawn(forever);
    });
    expect(sim.isAlive(parent.pid)).toBe(true);
    sim.kill(parent.pid);
    expect(sim.isAlive(child)).toBe(true);
  }));

test("spawnLink and spawnMonitor leave no gap in which a child could end unnoticed", () =>
  inVirtualTime(async (sim) => {
    const parent = puppet(sim, { trapExit: true });
    await parent.does((self) => {
      self.exit(self.spawnLink(forever), "linked");
      self.exit(self.spawnMonitor(forever).pid, "monitored");
    });
    expect(parent.inbox).toMatchObject([
      { tag: "exit", reason: "linked" },
      { tag: "down", reason: "monitored" },
    ]);
  }));

test("spawnMonitor says which monitor watches which process", () =>
  inVirtualTime(async (sim) => {
    const parent = puppet(sim);
    let made: any;
    await parent.does((self) => {
      made = self.spawnMonitor(() => exit("oops"));
    });
    expect(parent.inbox.filter(isDown)).toMatchObject([{ pid: made.pid, ref: made.monitor.ref, reason: "oops" }]);
  }));

test("a child that is spawned trapping and linked hears its parent end", () =>
  inVirtualTime(async (sim) => {
    const heard: unknown[] = [];
    const parent = puppet(sim);
    await parent.does((self) =>
      self.spawnLink(async (child) => void heard.push(await child.receive()), { trapExit: true }),
    );
    sim.exit(parent.pid, "oops");
    await sim.idle();
    expect(heard).toEqual([{ tag: "exit", pid: parent.pid, reason: "oops" }]);
  }));

test("a process does not trap exits because its parent does", () =>
  inVirtualTime(async (sim) => {
    const traps: boolean[] = [];
    const parent = puppet(sim, { trapExit: true });
    await parent.does((self) => self.spawn((child) => traps.push(child.trapExit)));
    expect(traps).toEqual([false]);
  }));

test("a process has its name before it runs", () =>
  inVirtualTime(async (sim) => {
    const lobby = name("lobby");
    const found: unknown[] = [];
    const pid = sim.spawn((self) => found.push(self.whereis(lobby), self.pid), { name: lobby });
    expect(sim.whereis(lobby)).toBe(pid);
    await sim.idle();
    expect(found).toEqual([pid, pid]);
  }));

test("pids are never used again", () =>
  inVirtualTime(async (sim) => {
    const seen = new Set<number>();
    for (let i = 0; i < 100; i++) {
      const pid = sim.spawn(() => {});
      seen.add(pid.id);
      sim.kill(pid);
    }
    expect(seen.size).toBe(100);
  }));

test("spawn refuses what is not a function, and exit what is not a pid", () =>
  inVirtualTime(async (sim) => {
    const actor = puppet(sim);
    await actor.does((self) => {
      expect(() => self.spawn("task" as any)).toThrow(BadArgument);
      expect(() => self.exit("pid" as any, "oops")).toThrow(BadArgument);
      expect(() => self.link({ id: 1 } as any)).toThrow(BadArgument);
    });
    expect(() => sim.spawn(undefined as any)).toThrow(BadArgument);
  }));

test("start and end are told on the bus, with the parent and the reason", () =>
  inVirtualTime(async (sim) => {
    const started = events(sim, "process.start");
    const ended = events(sim, "process.exit");
    const parent = puppet(sim);
    let child: any;
    await parent.does((self) => {
      child = self.spawn(() => exit("oops"), { label: "a child" });
    });
    expect(started.at(-1)).toEqual({ pid: child, parent: parent.pid });
    expect(ended.at(-1)).toMatchObject({ pid: child, reason: "oops", label: `${child} a child` });
  }));

test("a process is called by its label, else by its name, also in the news of its end", () =>
  inVirtualTime(async (sim) => {
    const ended = events(sim, "process.exit");
    const named = sim.spawn(forever, { name: name("lobby") });
    const labelled = sim.spawn(forever, { name: name("hall"), label: () => "the hall" });
    expect(sim.processes().map(({ label }) => label)).toEqual([`${named} lobby`, `${labelled} the hall`]);
    sim.kill(named);
    sim.kill(labelled);
    expect(ended.map(({ label }) => label)).toEqual([`${named} lobby`, `${labelled} the hall`]);
  }));

test("a label that throws harms nobody", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const label = () => {
      throw new Error("bad label");
    };
    const pid = sim.spawn(forever, { label });
    const other = puppet(sim);
    expect(() => sim.processes()).not.toThrow();
    expect(() => sim.exit(pid, "oops")).not.toThrow();
    await other.does((self) => self.exit(self.pid, "also"));
    expect([died.get(pid), died.get(other.pid)]).toEqual(["oops", "also"]);
  }));

test("a listing shows every living process, oldest first", () =>
  inVirtualTime(async (sim) => {
    const parent = puppet(sim, { label: "parent" });
    let child: any;
    await parent.does((self) => {
      child = self.spawnLink((self) => self.sleep(1000), { name: name("kid") });
    });
    sim.send(child, "one");
    expect(sim.processes()).toEqual([
      {
        pid: parent.pid,
        label: `${parent.pid} parent`,
        name: undefined,
        status: "waiting",
        messages: 0,
        links: [child],
        monitors: [],
        monitoredBy: [],
        parent: undefined,
        ancestors: [],
        trapExit: false,
        timers: 0,
        aliases: 0,
        current: undefined,
        spent: 0,
      },
      {
        pid: child,
        label: `${child} kid`,
        name: "kid",
        status: "busy",
        messages: 1,
        links: [parent.pid],
        monitors: [],
        monitoredBy: [],
        parent: parent.pid,
        ancestors: [parent.pid],
        trapExit: false,
        timers: 1,
        aliases: 0,
        current: undefined,
        spent: 0,
      },
    ]);
  }));

test.each<[string, unknown]>([
  ["a symbol", Symbol("odd")],
  ["an object that has no text", Object.create(null)],
  ["a function that gives a symbol", () => Symbol("odd")],
  [
    "a function that gives what throws",
    () => ({
      toString() {
        throw new Error("no text");
      },
    }),
  ],
])("a label that is %s disturbs no exit: those that are linked end all the same", (_, label) =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const linked: Pid[] = [];
    const pid = sim.spawn((self) => {
      for (let i = 0; i < 3; i++) linked.push(self.spawnLink(forever));
      self.label = label as string;
      return forever(self);
    });
    await sim.idle();
    sim.exit(pid, "oops");
    expect([pid, ...linked].map((one) => died.get(one))).toEqual(["oops", "oops", "oops", "oops"]);
  }),
);
