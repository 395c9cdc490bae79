import { noreply, ok, type Pid, type Reason, type Self } from "hornbeam";
import { child, GenServer } from "hornbeam/genserver";
import { Supervisor } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld } from "./support.ts";

describe("a supervisor that stops", () => {
  test("stops its children in reverse order, each awaited before the next", () =>
    inWorld(async (world) => {
      const slow = { trapExit: true, stopTime: 1000 };
      const children = [world.worker("a", slow), world.worker("b"), world.worker("c", slow)];
      const { parent } = await world.startUnder({ children });
      world.sim.send(parent, { end: "shutdown" });
      await world.sim.advance(999);
      expect(world.take()).toEqual(["terminate c#1 shutdown"]);
      await world.sim.advance(1);
      expect(world.take()).toEqual(["down c#1 shutdown", "down b#1 shutdown", "terminate a#1 shutdown"]);
      await world.sim.advance(1000);
      expect(world.take()).toEqual(["down a#1 shutdown", "down top#1 shutdown"]);
    }));

  const reasons: readonly Reason[] = [
    "normal",
    "shutdown",
    { shutdown: "upgrade" },
    "odd",
    new Error("boom"),
    "killed",
  ];
  test.each(reasons.map((reason) => ({ reason })))(
    "at the parent's exit with $reason stops its children as usual, and ends with that reason",
    ({ reason }) =>
      inWorld(async (world) => {
        const ends: unknown[] = [];
        world.sim.telemetry.on("process.exit", (_, { pid, reason }) => ends.push([world.nameOf(pid), reason]));
        const { parent } = await world.startUnder({ children: [world.worker("a", { trapExit: true })] });
        world.sim.send(parent, { end: reason });
        await world.sim.idle();
        expect(world.take().slice(0, 2)).toEqual(["terminate a#1 shutdown", "down a#1 shutdown"]);
        expect(ends.at(-1)).toEqual(["top#1", reason]);
      }),
  );

  test("hears of each end once: no exit message of a child that it stopped is left for it", () =>
    inWorld(async (world) => {
      const slow = { trapExit: true, stopTime: 1000 };
      const children = [world.worker("a", slow), world.worker("b"), world.worker("c", slow)];
      const { top, parent } = await world.startUnder({ children });
      world.sim.send(parent, { end: "shutdown" });
      await world.sim.advance(1500);
      expect(world.take()).toEqual([
        "terminate c#1 shutdown",
        "down c#1 shutdown",
        "down b#1 shutdown",
        "terminate a#1 shutdown",
      ]);
      expect(world.sim.processes().find(({ pid }) => pid === top)).toMatchObject({ messages: 0 });
    }));

  test("ignores exit signals of strangers, silently", () =>
    inWorld(async (world) => {
      const unhandled: unknown[] = [];
      world.sim.telemetry.on("genserver.unhandled", (_, { message }) => unhandled.push(message));
      const top = await world.start({ children: [world.worker("a")] });
      for (const reason of ["normal", "shutdown", new Error("boom")]) world.sim.spawn((self) => self.exit(top, reason));
      world.sim.spawn((self) => void self.link(top));
      await world.sim.idle();
      expect(await world.children(top)).toEqual(["a#1"]);
      expect([unhandled, world.reports]).toEqual([[], []]);
    }));

  test("at GenServer.stop stops its children as usual", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [world.worker("a"), world.worker("b")] });
      await GenServer.stop(world.sim, top);
      expect(world.take()).toEqual(["down b#1 shutdown", "down a#1 shutdown", "down top#1 normal"]);
    }));

  test.each<Reason>(["normal", "shutdown", { shutdown: 1 }, "boom", "killed"])(
    "ends all the same when a child ends by itself with %s just before its turn",
    (reason) =>
      inWorld(async (world) => {
        const children = (["permanent", "transient", "temporary"] as const).map((restart) =>
          world.worker(restart, { restart }),
        );
        const { top, parent } = await world.startUnder({ children });
        world.sim.send(parent, { end: "shutdown" });
        for (const id of ["permanent", "transient", "temporary"]) world.sim.cast(world.pid(id), "end", reason);
        await world.sim.idle();
        expect(world.sim.isAlive(top)).toBe(false);
        expect(world.take().at(-1)).toBe("down top#1 shutdown");
      }),
  );
});

describe("the shutdown of a child", () => {
  test("in milliseconds is how long it may take: then it is killed, and reported", () =>
    inWorld(async (world) => {
      const stubborn = { trapExit: true, stopTime: "forever", shutdown: 3000 } as const;
      const top = await world.start({ children: [world.worker("a", stubborn)] });
      await Supervisor.terminateChild(world.sim, top, "a");
      expect(world.sim.now()).toBe(3000);
      expect(world.take()).toEqual(["terminate a#1 shutdown", "down a#1 killed"]);
      expect(world.reports).toEqual(["shutdownError a killed"]);
    }));

  test("is 5000 ms for a worker unless said otherwise", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [world.worker("a", { trapExit: true, stopTime: "forever" })] });
      await Supervisor.terminateChild(world.sim, top, "a");
      expect(world.sim.now()).toBe(5000);
    }));

  test("is over as soon as the child is down: nothing waits for its time", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [world.worker("a", { trapExit: true, stopTime: 20 })] });
      await Supervisor.terminateChild(world.sim, top, "a");
      expect(world.sim.now()).toBe(20);
      expect(world.sim.leaks().filter((leak) => leak.includes("timers"))).toEqual([]);
      expect(world.reports).toEqual([]);
    }));

  test("brutalKill kills at once, without a terminate, and is no error", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [world.worker("a", { trapExit: true, shutdown: "brutalKill" })] });
      await Supervisor.terminateChild(world.sim, top, "a");
      expect(world.take()).toEqual(["down a#1 killed"]);
      expect(world.reports).toEqual([]);
    }));

  test("infinity waits as long as it takes", () =>
    inWorld(async (world) => {
      const patient = { trapExit: true, stopTime: 7_200_000, shutdown: "infinity" } as const;
      const top = await world.start({ children: [world.worker("a", patient)] });
      await Supervisor.terminateChild(world.sim, top, "a");
      expect(world.sim.now()).toBe(7_200_000);
      expect(world.take()).toEqual(["terminate a#1 shutdown", "down a#1 shutdown"]);
    }));

  test("of 0 kills a child that does not stop in the same breath", () =>
    inWorld(async (world) => {
      const children = [world.worker("a", { trapExit: true, stopTime: 1, shutdown: 0 })];
      const top = await world.start({ children });
      await Supervisor.terminateChild(world.sim, top, "a");
      expect(world.sim.now()).toBe(0);
      expect(world.take().at(-1)).toBe("down a#1 killed");
    }));

  test("that throws in terminate is reported, and the others are stopped all the same", () =>
    inWorld(async (world) => {
      const clumsy = world.worker("b", { trapExit: true, stopThrows: new Error("boom") });
      const { parent } = await world.startUnder({ children: [world.worker("a"), clumsy] });
      world.sim.send(parent, { end: "shutdown" });
      await world.sim.idle();
      expect(world.take()).toEqual([
        "terminate b#1 shutdown",
        "down b#1 boom",
        "down a#1 shutdown",
        "down top#1 shutdown",
      ]);
      expect(world.reports).toEqual(["shutdownError b boom"]);
    }));

  test("of a supervisor lets its whole tree stop first", () =>
    inWorld(async (world) => {
      const slow = world.worker("a", { trapExit: true, stopTime: 60_000, shutdown: "infinity" });
      const top = await world.start({ children: [world.tree("inner", { children: [slow] })] });
      await Supervisor.terminateChild(world.sim, top, "inner");
      expect(world.sim.now()).toBe(60_000);
      expect(world.take()).toEqual(["terminate a#1 shutdown", "down a#1 shutdown", "down inner#1 shutdown"]);
    }));
});

test("the children of a supervisor whose time is up outlive it: those that trap exits stop in their own time", () =>
  inWorld(async (world) => {
    const slow = { trapExit: true, stopTime: 1000, shutdown: "infinity" } as const;
    const inner = world.tree("inner", {
      children: [world.worker("a", slow), world.worker("b")],
      options: { shutdown: 100 },
    });
    const top = await world.start({ children: [inner] });
    await Supervisor.terminateChild(world.sim, top, "inner");
    expect(world.sim.now()).toBe(100);
    expect(world.sim.isAlive(world.pid("inner"))).toBe(false);
    expect(world.sim.isAlive(world.pid("a"))).toBe(true);
    expect(world.reports).toContain("shutdownError inner killed");
    await world.sim.advance(900);
    expect(world.take().at(-1)).toBe("down a#1 shutdown");
  }));

test("a child is down when it is dead, though its code goes on: the time of its shutdown is that of terminate", () =>
  inWorld(async (world) => {
    const outside = Promise.withResolvers<void>();
    const zombies: unknown[] = [];
    world.sim.telemetry.on("process.zombie", (_, { operation }) => zombies.push(operation));
    const Stubborn = {
      init: () => ok(0),
      handleCast: { work: () => outside.promise.then(() => noreply(0)) },
      terminate: () => outside.promise,
    } satisfies GenServer<number>;
    const trapping = {
      ...Stubborn,
      init: (_: undefined, self: Self) => {
        self.trapExit = true;
        return ok(0);
      },
    };
    const children = [child(Stubborn, { id: "plain" }), child(trapping, undefined, { id: "trapping", shutdown: 300 })];
    const top = await world.start({ children });
    const pids = new Map((await Supervisor.whichChildren(world.sim, top)).map(({ id, pid }) => [id, pid as Pid]));
    world.sim.cast<any, string>(pids.get("plain") as Pid, "work");
    await world.sim.idle();
    await Supervisor.terminateChild(world.sim, top, "plain");
    expect(world.sim.now()).toBe(0);
    await Supervisor.terminateChild(world.sim, top, "trapping");
    expect([world.sim.now(), zombies]).toEqual([300, []]);
    outside.resolve();
    await world.sim.idle();
    expect(zombies).toEqual(["settle", "settle"]);
  }));

describe("a child that was asked to stop and ended with another reason", () => {
  const cases = [
    { reason: "normal", restart: "permanent", reported: true },
    { reason: "normal", restart: "transient", reported: false },
    { reason: "normal", restart: "temporary", reported: false },
    { reason: { shutdown: 1 }, restart: "permanent", reported: true },
    { reason: { shutdown: 1 }, restart: "transient", reported: false },
    { reason: "boom", restart: "transient", reported: true },
    { reason: "boom", restart: "temporary", reported: true },
  ] as const;

  test.each(cases)("$reason, being $restart: reported $reported", ({ reason, restart, reported }) =>
    inWorld(async (world) => {
      const top = await world.start({ children: [world.worker("a", { restart })] });
      // The end is in its mailbox before the supervisor gets to stop it, but is heard of only after.
      world.sim.cast(world.pid("a"), "end", reason);
      await Supervisor.terminateChild(world.sim, top, "a");
      const text = typeof reason === "string" ? reason : JSON.stringify(reason);
      expect(world.take()).toContain(`down a#1 ${text}`);
      expect(world.reports.filter((report) => report.startsWith("shutdownError"))).toEqual(
        reported ? [`shutdownError a ${text}`] : [],
      );
    }),
  );
});

describe("a child that has unlinked itself", () => {
  test("is stopped like any other", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [world.worker("a", { unlinks: true })] });
      await Supervisor.terminateChild(world.sim, top, "a");
      expect(world.take()).toEqual(["down a#1 shutdown"]);
    }));

  test("and is dead does not hang who stops it, and is reported", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [world.worker("a", { unlinks: true })] });
      await world.kill("a");
      await Supervisor.terminateChild(world.sim, top, "a");
      expect(await world.children(top)).toEqual(["a stopped"]);
      expect(world.reports).toEqual(["shutdownError a childProcessUnlinked"]);
    }));

  test("and ignores its orders is killed when its time is up", () =>
    inWorld(async (world) => {
      const rebel = { unlinks: true, trapExit: true, stopTime: "forever", shutdown: 100 } as const;
      const top = await world.start({ children: [world.worker("a", rebel)] });
      await Supervisor.terminateChild(world.sim, top, "a");
      expect(world.take().at(-1)).toBe("down a#1 killed");
    }));
});
