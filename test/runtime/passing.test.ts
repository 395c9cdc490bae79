import { BadArgument, exit, ok, type Passing, reply, system, Task } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { puppet } from "./support.ts";

class Counter {
  count = 0;
}

const Echo = {
  init: () => ok(undefined),
  handleCall: { echo: (value: unknown) => reply(value, undefined), same: (value: Counter) => reply(value, undefined) },
} satisfies GenServer<undefined>;

const data = () => ({
  list: [{ n: 1 }],
  map: new Map([["k", { n: 2 }]]),
  set: new Set([{ n: 3 }]),
  counter: new Counter(),
});

test("share passes the very same object, and it is the default", () =>
  inVirtualTime(async (sim) => {
    const message = data();
    const receiver = puppet(sim);
    sim.send(receiver.pid, message);
    await sim.idle();
    expect(receiver.inbox[0]).toBe(message);
    expect(Object.isFrozen(message)).toBe(false);
  }));

test("freeze lets nobody change what was sent: the change throws where it is made", () =>
  inVirtualTime({ messages: "freeze" }, async (sim) => {
    const message = data();
    const receiver = puppet(sim);
    sim.send(receiver.pid, message);
    await sim.idle();
    expect(receiver.inbox[0]).toBe(message);
    expect(() => message.list.push({ n: 9 })).toThrow(TypeError);
    expect(() => Object.assign(message.list[0] as object, { n: 9 })).toThrow(TypeError);
    expect(() => Object.assign(message.map.get("k") as object, { n: 9 })).toThrow(TypeError);
    expect(() => Object.assign([...message.set][0] as object, { n: 9 })).toThrow(TypeError);
  }));

test("clone gives the receiver its own copy, all the way down", () =>
  inVirtualTime({ messages: "clone" }, async (sim) => {
    const message = data();
    const receiver = puppet(sim);
    sim.send(receiver.pid, message);
    message.list[0] = { n: 100 };
    message.map.set("k", { n: 100 });
    message.set.clear();
    await sim.idle();
    expect(receiver.inbox[0]).toMatchObject({
      list: [{ n: 1 }],
      map: new Map([["k", { n: 2 }]]),
      set: new Set([{ n: 3 }]),
    });
  }));

test.each(["freeze", "clone"] as const)("%s leaves pids, functions and instances of classes as they are", (messages) =>
  inVirtualTime({ messages }, async (sim) => {
    const receiver = puppet(sim);
    const counter = new Counter();
    const greet = () => "hello";
    sim.send(receiver.pid, { counter, pid: receiver.pid, greet });
    counter.count = 5;
    await sim.idle();
    expect(receiver.inbox[0].counter).toBe(counter);
    expect(receiver.inbox[0].pid).toBe(receiver.pid);
    expect(receiver.inbox[0].greet).toBe(greet);
  }),
);

test.each(["freeze", "clone"] as const)("%s holds for requests, replies, casts and timers too", (messages) =>
  inVirtualTime({ messages }, async (sim) => {
    const server = await start(sim, Echo);
    const sent = { n: 1 };
    const got = (await sim.call(server, "echo", sent)) as { n: number };
    expect(messages === "freeze" ? Object.isFrozen(sent) : got !== sent).toBe(true);
    const receiver = puppet(sim);
    const late = { n: 2 };
    await receiver.does((self) => self.sendAfter(late, 10));
    if (messages === "clone") late.n = 3;
    await sim.advance(20);
    expect(receiver.inbox).toEqual([{ n: 2 }]);
  }),
);

test.each(["freeze", "clone"] as const)("%s takes what refers to itself as it is", (messages) =>
  inVirtualTime({ messages }, async (sim) => {
    const ring: { self?: unknown; list: unknown[]; map: Map<string, unknown> } = { list: [], map: new Map() };
    ring.self = ring;
    ring.list.push(ring.list);
    ring.map.set("itself", ring.map);
    const receiver = puppet(sim);
    sim.send(receiver.pid, ring);
    await sim.idle();
    const [got] = receiver.inbox;
    expect(got.self).toBe(got);
    expect(got.list[0]).toBe(got.list);
    expect(got.map.get("itself")).toBe(got.map);
  }),
);

test("a key called __proto__ stays a key", () =>
  inVirtualTime({ messages: "clone" }, async (sim) => {
    const receiver = puppet(sim);
    sim.send(receiver.pid, JSON.parse('{"__proto__": {"admin": true}}'));
    await sim.idle();
    expect(Object.keys(receiver.inbox[0])).toEqual(["__proto__"]);
    expect(receiver.inbox[0].admin).toBeUndefined();
  }));

test("a policy that does not exist is refused", () => {
  expect(() => system({ messages: "borrow" as Passing })).toThrow(BadArgument);
  expect(() => system({ messages: "borrow" as Passing })).toThrow(/share, freeze or clone, got: 'borrow'/);
});

test.each(["freeze", "clone"] as const)("%s takes a list of 100,000 links, nested one in the other", (messages) =>
  inVirtualTime({ messages }, async (sim) => {
    type List = { readonly next: List } | undefined;
    let list: List;
    for (let i = 0; i < 100_000; i++) list = { next: list as never };
    let length = 0;
    const pid = sim.spawn(async (self) => {
      for (let at = (await self.receive()) as List; at !== undefined; at = at.next) length++;
    });
    sim.send(pid, list);
    await sim.idle();
    expect(length).toBe(100_000);
  }),
);

test.each(["freeze", "clone"] as const)(
  "%s leaves instances of classes that extend Map, Set or Array as they are",
  (messages) =>
    inVirtualTime({ messages }, async (sim) => {
      class Scores extends Map<string, number> {}
      class Names extends Set<string> {}
      class Lines extends Array<string> {}
      const sent = [new Scores(), new Names(), new Lines()];
      let got: readonly unknown[] = [];
      const pid = sim.spawn(async (self) => {
        got = await self.receive();
      });
      sim.send(pid, [...sent]);
      await sim.idle();
      expect(got.map((one, i) => one === sent[i] && !Object.isFrozen(one))).toEqual([true, true, true]);
    }),
);

test("clone keeps the holes of an array", () =>
  inVirtualTime({ messages: "clone" }, async (sim) => {
    const holes = [1, undefined, 3];
    delete holes[1];
    holes.length = 5;
    let got: readonly unknown[] = [];
    const pid = sim.spawn(async (self) => {
      got = await self.receive();
    });
    sim.send(pid, holes);
    await sim.idle();
    expect([got.length, 0 in got, 1 in got, 2 in got, 4 in got]).toEqual([5, true, false, true, false]);
  }));

test("clone gives who awaits a task its own copy of the result, freeze one that nobody can change", async () => {
  for (const messages of ["clone", "freeze"] as const) {
    await inVirtualTime({ messages }, async (sim) => {
      const kept = { list: [1] };
      let got: { list: number[] } = { list: [] };
      sim.spawn(async (self) => {
        got = await Task.await(
          self,
          Task.async(self, () => kept),
        );
      });
      await sim.idle();
      expect(got).toEqual({ list: [1] });
      expect([got === kept, Object.isFrozen(got.list)]).toEqual(messages === "clone" ? [false, false] : [true, true]);
    });
  }
});

test.each(["freeze", "clone"] as const)(
  "with %s, a reply that cannot be passed crashes who gives it, and its caller hears of that",
  (messages) =>
    inVirtualTime({ messages }, async (sim) => {
      const broken = () => Object.defineProperty({}, "broken", { enumerable: true, get: () => exit("no such field") });
      const Server = {
        init: () => ok(0),
        handleCall: { get: (_, n) => reply(broken(), n) },
      } satisfies GenServer<number>;
      const server = await start(sim, Server);
      await expect(sim.call(server, "get")).rejects.toMatchObject({ reason: "no such field" });
      let failed: unknown;
      sim.spawn(async (self) => {
        self.trapExit = true;
        failed = await Task.yield(
          self,
          Task.async(self, () => broken()),
        );
      });
      await sim.idle();
      expect(failed).toEqual({ exit: "no such field" });
    }),
);
