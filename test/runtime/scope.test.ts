import { BadArgument, name, noreply, ok, system, Table } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, forever, puppet } from "./support.ts";

const Polite = {
  init: (log: string[]) => ok(log),
  handleCast: { noop: (_, log) => noreply(log) },
  terminate: (reason, log) => {
    log.push(`terminate ${String(reason)}`);
  },
} satisfies GenServer<string[]>;

test("a process is stopped at the end of an await using scope, and is gone when the scope is left", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    let pid: ReturnType<typeof sim.spawn>;
    {
      await using child = sim.spawn(forever);
      pid = child;
      expect(sim.isAlive(child)).toBe(true);
    }
    expect(died.get(pid)).toBe("shutdown");
  }));

test("a server is stopped there by its terminate, though nobody is linked to it and it does not trap exits", () =>
  inVirtualTime(async (sim) => {
    const log: string[] = [];
    {
      await using _server = await start(sim, Polite, log);
    }
    expect(log).toEqual(["terminate shutdown"]);
  }));

test("who does not stop within five seconds is killed", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const begin = sim.now();
    let pid: ReturnType<typeof sim.spawn>;
    {
      await using stubborn = sim.spawn(forever, { trapExit: true });
      pid = stubborn;
    }
    expect(sim.now() - begin).toBe(5000);
    expect(died.get(pid)).toBe("killed");
  }));

test("a process that is gone already does not hold up the scope", () =>
  inVirtualTime(async (sim) => {
    await using child = sim.spawn(() => {});
    await sim.idle();
    expect(sim.isAlive(child)).toBe(false);
  }));

test("a name is given back at the end of a using scope, unless another has it by then", () =>
  inVirtualTime(async (sim) => {
    const door = name("door");
    const other = puppet(sim);
    const owner = puppet(sim);
    await owner.does((self) => {
      {
        using held = self.register(door);
        expect(held.pid).toBe(self.pid);
        expect(self.whereis(door)).toBe(self.pid);
      }
      expect(self.whereis(door)).toBeUndefined();
      {
        using _held = self.register(door);
        self.unregister(door);
        self.register(door, other.pid);
      }
      expect(self.whereis(door)).toBe(other.pid);
    });
  }));

test("a monitor ends with its using scope, and takes a Down that waits with it", () =>
  inVirtualTime(async (sim) => {
    const owner = puppet(sim);
    const target = sim.spawn(forever);
    await owner.does((self) => {
      using _monitor = self.monitor(target);
      self.exit(target, "kill");
    });
    expect(owner.inbox).toEqual([]);
  }));

test("a system stops at the end of its scope", async () => {
  let pid: ReturnType<ReturnType<typeof system>["spawn"]>;
  let world: ReturnType<typeof system>;
  {
    await using scoped = system({ reports: false });
    world = scoped;
    pid = scoped.spawn(forever);
  }
  expect(world.isAlive(pid)).toBe(false);
});

test("a table is gone before anyone hears of its owner's end", () =>
  inVirtualTime(async (sim) => {
    const table = new Table<string, number>("scores");
    const seen: unknown[] = [];
    const owner = puppet(sim);
    await owner.does((self) => self.own(table).set("ada", 1));
    const watcher = sim.spawn(async (self) => {
      self.monitor(owner.pid);
      await self.receive();
      try {
        table.get("ada");
      } catch (error) {
        seen.push(error);
      }
    });
    await sim.idle();
    expect(table.get("ada")).toBe(1);
    sim.kill(owner.pid);
    await sim.idle();
    expect(seen).toMatchObject([
      new BadArgument("expected a table that is there, got: 'scores', which is gone with its owner"),
    ]);
    expect(sim.isAlive(watcher)).toBe(false);
  }));

test("a table that is taken back outlives its owner", () =>
  inVirtualTime(async (sim) => {
    const table = new Table<string, number>();
    const owner = puppet(sim);
    await owner.does((self) => {
      self.own(table).set("a", 1);
      self.disown(table);
    });
    sim.kill(owner.pid);
    expect(table.get("a")).toBe(1);
  }));

test("a table is read and written like a Map, and knows insertNew and take", () => {
  const table = new Table<string, number>();
  expect(table.insertNew("a", 1)).toBe(true);
  expect(table.insertNew("a", 2)).toBe(false);
  table.set("b", 3);
  expect([table.size, table.get("a"), table.has("b"), [...table.keys()], [...table.values()]]).toEqual([
    2,
    1,
    true,
    ["a", "b"],
    [1, 3],
  ]);
  expect([...table]).toEqual([
    ["a", 1],
    ["b", 3],
  ]);
  expect([table.take("a"), table.take("a"), table.delete("b"), table.delete("b")]).toEqual([1, undefined, true, false]);
  table.set("c", 4).clear();
  expect(table.size).toBe(0);
});
