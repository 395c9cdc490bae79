// Names, keys and requests come from outside: whatever they are, they mean themselves and nothing else.
import { name, noreply, ok, type Pid, pg, reply, Table } from "hornbeam";
import { child, GenServer, GenStatem, keepStateAndData, nextState, start } from "hornbeam/genserver";
import {
  Application,
  DynamicSupervisor,
  PartitionSupervisor,
  Registry,
  registry,
  Supervisor,
  supervisor,
  via,
} from "hornbeam/supervisor";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { deaths, inside } from "../runtime/support.ts";

const HUGE = "x".repeat(1_000_000);
const TEXTS = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "then",
  "prototype",
  " ",
  "0",
  "\0",
  "ä/ö",
  HUGE,
];
const VALUES = [
  ...TEXTS,
  "",
  Symbol("key"),
  Symbol.iterator,
  Number.NaN,
  -0,
  1e300,
  Number.POSITIVE_INFINITY,
  10n,
  null,
  undefined,
  true,
  {},
  [],
  Object.create(null),
  () => {},
];
const shown = (value: unknown): string =>
  value === HUGE
    ? "a huge string"
    : String(typeof value === "object" || value === undefined ? JSON.stringify(value) : value);

const Empty = { init: () => ok(0), handleCall: {}, handleCast: {} } satisfies GenServer<number>;

/** Without the types, which know the settings of each application. */
const wild: any = Application;

describe.each(TEXTS.map((text) => [shown(text), text] as const))("%s", (_, text) => {
  test("is a name like any other", () =>
    inVirtualTime(async (sim) => {
      expect(sim.whereis(name(text))).toBeUndefined();
      await expect((sim as any).call(name(text), "get")).rejects.toMatchObject({ reason: "noproc" });
      const pid = await start(sim, Empty, { name: name(text) });
      expect(sim.whereis(name(text))).toBe(pid);
      expect(sim.processInfo(pid)?.name).toBe(text);
    }));

  test("is no request of a server that does not have it, and one of a server that has", () =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      const empty: Pid = await start(sim, Empty);
      await expect((sim as any).call(empty, text)).rejects.toMatchObject({ reason: { name: "Undefined" } });
      const other: Pid = await start(sim, Empty);
      (sim as any).cast(other, text);
      await sim.idle();
      expect(died.get(other)).toMatchObject({ name: "Undefined" });
      const Has = {
        init: () => ok(0),
        handleCall: { [text]: (by: number, n: number) => reply(n + by, n + by) },
        handleCast: { [text]: (by: number, n: number) => noreply(n + by) },
      } satisfies GenServer<number>;
      const has: Pid = await start(sim, Has);
      (sim as any).cast(has, text, 40);
      expect(await (sim as any).call(has, text, 2)).toBe(42);
      const answer = await inside(sim, (self) =>
        GenServer.receiveResponse(self, (GenServer as any).sendRequest(self, has, text, 1)),
      );
      expect(answer).toEqual({ tag: "reply", value: 43 });
    }));

  test("is a state, a timeout and a request of a state machine, or none", () =>
    inVirtualTime(async (sim) => {
      const seen: unknown[] = [];
      const Machine = {
        init: () => nextState(text, 0, { genericTimeout: 10, name: text, content: "late" }),
        states: {
          [text]: {
            handleCall: { [text]: () => keepStateAndData({ reply: "here" }) },
            handleGenericTimeout: {
              [text]: (content: unknown) => {
                seen.push(content);
                return keepStateAndData();
              },
            },
          },
        },
      } satisfies GenStatem<string, number>;
      const machine: Pid = await GenStatem.start(sim, Machine);
      expect(await (sim as any).call(machine, text)).toBe("here");
      await sim.advance(10);
      expect(seen).toEqual(["late"]);
      const Lost = { init: () => nextState(text, 0), states: { other: {} } } satisfies GenStatem<any, number>;
      const lost: Pid = await GenStatem.start(sim, Lost);
      await expect((sim as any).call(lost, "get")).rejects.toMatchObject({ reason: { name: "Undefined" } });
    }));

  test("is a setting of an application, and the name of one", () =>
    inVirtualTime(async (sim) => {
      const App = { name: text, env: { other: 1 } };
      expect(wild.getEnv(sim, App, text)).toBeUndefined();
      expect(() => wild.fetchEnv(sim, App, text)).toThrow("expected a key of the environment");
      wild.putEnv(sim, App, text, 2);
      expect(wild.fetchEnv(sim, App, text)).toBe(2);
      const all = wild.getAllEnv(sim, App) as object;
      expect(Object.entries(all)).toEqual(
        expect.arrayContaining([
          ["other", 1],
          [text, 2],
        ]),
      );
      expect(Object.getPrototypeOf(all)).toBe(Object.prototype);
      await wild.start(sim, App);
      expect((await Application.whichApplications(sim)).map((info) => info.name)).toEqual([text]);
      await wild.stop(sim, App);
    }));

  test("is the id of a child", () =>
    inVirtualTime(async (sim) => {
      const app = await sim.start(supervisor({ init: () => ({ strategy: "oneForOne" as const, children: [] }) }));
      await expect(Supervisor.whichChild(sim, app, text)).rejects.toMatchObject({ reason: "notFound" });
      const pid = await Supervisor.startChild(sim, app, child(Empty, { id: text }));
      expect(await Supervisor.whichChild(sim, app, text)).toEqual({ id: text, pid, type: "worker" });
      const dynamic = await sim.start(DynamicSupervisor.child({ name: name(text) }));
      await DynamicSupervisor.startChild(sim, dynamic, child(Empty, { id: text }));
    }));

  test("is the name of a scope of groups, of a registry, and of a table", () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, Empty);
      pg.scope(text).join(sim, text, pid);
      expect([pg.scope(text).getMembers(sim, text), pg.getMembers(sim, text)]).toEqual([[pid], []]);
      const rooms = registry(text);
      await sim.start(Registry.child({ name: rooms, keys: "unique", meta: { [text]: 1 } }));
      expect([Registry.getMeta(sim, rooms, text), Registry.getMeta(sim, rooms, `${text}!`)]).toEqual([1, undefined]);
      expect(new Table<string, number>(text).set(text, 1).get(text)).toBe(1);
    }));
});

describe.each(VALUES.map((value) => [shown(value), value] as const))("as a key, %s", (_, key) => {
  test("finds what was registered under it, and nothing else", () =>
    inVirtualTime(async (sim) => {
      const rooms = registry<any, number>("rooms");
      const many = registry<any, number>("many");
      await sim.start(Registry.child({ name: rooms, keys: "unique" }));
      await sim.start(Registry.child({ name: many, keys: "duplicate", partitions: 3 }));
      await inside(sim, async (self) => {
        for (const other of VALUES) if (!Object.is(other, key)) Registry.register(self, rooms, other, 0);
        expect(Registry.lookup(self, rooms, key)).toEqual([]);
        Registry.register(self, rooms, key, 1);
        Registry.register(self, many, key, 1);
        Registry.register(self, many, key, 2);
        expect(Registry.lookup(self, rooms, key)).toEqual([{ pid: self.pid, value: 1 }]);
        expect(Registry.values(self, many, key, self.pid)).toEqual([1, 2]);
        expect(self.whereis(via(rooms, key))).toBe(self.pid);
        expect(Registry.updateValue(self, rooms, key, (n) => n + 1)).toEqual([2, 1]);
        expect(() => Registry.register(self, rooms, key, 1)).toThrow("expected a key that is free");
        Registry.unregister(self, rooms, key);
        expect(Registry.count(self, rooms)).toBe(VALUES.length - 1);
        expect(await Registry.lock(self, rooms, key, () => "mine")).toBe("mine");
        Registry.putMeta(self, rooms, key, "meta");
        expect(Registry.getMeta(self, rooms, key)).toBe("meta");
      });
    }));

  test("is a group, and belongs to a partition, always the same", () =>
    inVirtualTime(async (sim) => {
      const shards = name("shards");
      await sim.start(PartitionSupervisor.child({ name: shards, childSpec: child(Empty), partitions: 5 }));
      const found = sim.whereis(PartitionSupervisor.name(shards, key));
      expect(found).toBeDefined();
      expect(sim.whereis(PartitionSupervisor.name(shards, key))).toBe(found);
      await inside(sim, async (self) => {
        using watch = pg.monitor(self, key);
        pg.join(self, key, self.pid);
        expect(pg.getMembers(self, key)).toEqual([self.pid]);
        expect(await self.receive()).toMatchObject({ tag: "join", ref: watch.ref, pids: [self.pid] });
        expect(pg.leave(self, key, self.pid)).toBe(true);
        expect(pg.whichGroups(self)).toEqual([]);
      });
    }));
});

test.each([undefined, null, 7, "", Symbol("x"), Number.NaN, {}, "undefined"])("%o is no name", (wrong) =>
  inVirtualTime(async (sim) => {
    const made = name(wrong as never);
    await inside(sim, (self) => {
      expect(() => self.register(made)).toThrow(/expected .*, got: /);
      expect(() => self.spawn(() => {}, { name: made })).toThrow(/expected .*, got: /);
    });
    await expect(start(sim, Empty, { name: made })).rejects.toThrow(/expected .*, got: /);
    expect(sim.processes()).toEqual([]);
  }),
);
