import { exit, noreply, ok, refuse, reply, stop } from "hornbeam";
import type { Channel } from "hornbeam/channels";
import { expect, test } from "vitest";
import { closed, crashed, inSim, joins, replied, Talk } from "./support.ts";

const hellish: any = "not a result";
const last = (reason: unknown) => [
  "1",
  null,
  "room:a",
  "last",
  { reason: reason instanceof Error ? reason.message : reason },
];

/** Every way in which a handler can end; `terminate` says so to the client. */
const Endings: Channel = {
  join: (_topic, _payload, socket) => ok(socket),
  handleIn: {
    reply: (payload, socket) => reply(payload, socket),
    replyNothing: (_, socket) => reply(undefined, socket),
    refuse: (payload, socket) => refuse(payload, socket),
    noreply: (_, socket) => noreply(socket),
    async: async (payload, socket) => reply(payload, socket),
    stopNormal: (_, socket) => stop("normal", socket),
    stopShutdown: (_, socket) => stop("shutdown", socket),
    stopBecause: (_, socket) => stop({ shutdown: "bye" }, socket),
    stopReply: (payload, socket) => stop("normal", socket, payload),
    stopBoom: (_, socket) => stop("boom", socket),
    stopBoomReply: (payload, socket) => stop("boom", socket, payload),
    throw: () => {
      throw new Error("oops");
    },
    reject: async () => {
      throw new Error("oops");
    },
    exitNormal: () => exit("normal"),
    exitShutdown: () => exit("shutdown"),
    exitBoom: () => exit("boom"),
    bad: () => hellish,
    unencodable: (_, socket) => reply({ n: 1n }, socket),
    pushText: (_, socket) => {
      socket.push("news", hellish);
      return noreply(socket);
    },
  },
  terminate: (reason, socket) => {
    socket.push("last", { reason: reason instanceof Error ? reason.message : reason });
  },
};

const ok2 = (response: unknown) => replied("1", "2", "room:a", "ok", response);
const close = closed("1", "room:a");
const crash = crashed("1", "room:a");

test.each([
  ["reply", [ok2({ a: 1 })]],
  ["replyNothing", [ok2({})]],
  ["refuse", [replied("1", "2", "room:a", "error", { a: 1 })]],
  ["noreply", []],
  ["async", [ok2({ a: 1 })]],
  ["stopNormal", [close, last("normal")]],
  ["stopShutdown", [close, last("shutdown")]],
  ["stopBecause", [close, last({ shutdown: "bye" })]],
  ["stopReply", [ok2({ a: 1 }), close, last("normal")]],
  ["stopBoom", [last("boom"), crash]],
  ["stopBoomReply", [ok2({ a: 1 }), last("boom"), crash]],
  ["throw", [last("oops"), crash]],
  ["reject", [last("oops"), crash]],
  ["exitNormal", [last("normal"), crash]],
  ["exitShutdown", [last("shutdown"), crash]],
  ["exitBoom", [last("boom"), crash]],
])("`%s` gives exactly the frames of Phoenix, in their order", (event, expected) =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Endings);
    await talk.says(joins("room:a", "1"));
    expect(await talk.says(["1", "2", "room:a", event, { a: 1 }])).toEqual(expected);
  }),
);

test.each([
  ["bad", /handleIn\.bad of room:a returned a value.*expected reply, refuse, noreply or stop, got: 'not a result'/],
  ["unencodable", /BigInt/],
  ["pushText", /expected the payload of news to be an object, got: 'not a result'/],
  ["unheardOf", /handleIn of room:a has no 'unheardOf'; it has: reply, /],
  ["constructor", /handleIn of room:a has no 'constructor'/],
  ["phx_close", /handleIn of room:a has no 'phx_close'/],
  [7, /handleIn of room:a has no 7/],
  [null, /handleIn of room:a has no null/],
])("the event %j crashes its channel, with an error that says why", (event, message) =>
  inSim(async (sim) => {
    const reasons: unknown[] = [];
    sim.telemetry.on("process.crash", (_, { reason }) => void reasons.push(reason));
    const talk = await Talk.open(sim, Endings);
    await talk.says(joins("room:a", "1"), joins("room:b", "2"));
    const frames = await talk.says(["1", "3", "room:a", event, {}]);
    expect(frames.at(-1)).toEqual(crash);
    expect(reasons).toEqual([expect.objectContaining({ message: expect.stringMatching(message) })]);
    expect(await talk.says(["2", "4", "room:b", "reply", {}]), "the others go on").toEqual([
      replied("2", "4", "room:b", "ok"),
    ]);
    expect(await talk.says(["1", "5", "room:a", "reply", {}])).toEqual([
      replied(null, "5", "room:a", "error", { reason: "unmatched topic" }),
    ]);
    expect(await talk.says(joins("room:a", "6"))).toEqual([replied("6", "6", "room:a", "ok")]);
  }),
);

test("a channel without handleIn crashes at every event", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, { join: (_topic, _payload, socket) => ok(socket) } satisfies Channel);
    await talk.says(joins("room:a", "1"));
    expect(await talk.says(["1", "2", "room:a", "say", {}])).toEqual([crash]);
  }));

test("what was pushed behind a crash gets no answer", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Endings);
    await talk.says(joins("room:a", "1"));
    const frames = await talk.says(["1", "2", "room:a", "throw", {}], ["1", "3", "room:a", "reply", { lost: true }]);
    expect(frames).toEqual([last("oops"), crash]);
  }));

test("a channel handles one message at a time, also when its handlers are asynchronous", () =>
  inSim(async (sim) => {
    const log: string[] = [];
    const talk = await Talk.open(sim, {
      join: (_topic, _payload, socket) => ok(socket),
      handleIn: {
        work: async ({ n, for: time }, socket) => {
          log.push(`begin ${n}`);
          await socket.self.sleep(time);
          log.push(`end ${n}`);
          return reply({ n }, socket.assign("n", n));
        },
      },
    } satisfies Channel);
    await talk.says(joins("room:a", "1"));
    const work = (n: number, time: number) => ["1", String(n), "room:a", "work", { n, for: time }];
    expect(await talk.says(work(2, 50), work(3, 10), work(4, 0))).toEqual([]);
    await sim.advance(60);
    expect(await talk.hears()).toEqual([2, 3, 4].map((n) => replied("1", String(n), "room:a", "ok", { n })));
    expect(log).toEqual(["begin 2", "end 2", "begin 3", "end 3", "begin 4", "end 4"]);
  }));

test("a slow handler of one topic does not delay another topic", () =>
  inSim(async (sim) => {
    const door = Promise.withResolvers<void>();
    const talk = await Talk.open(sim, {
      join: (_topic, _payload, socket) => ok(socket),
      handleIn: {
        wait: async (_, socket) => {
          await door.promise;
          return reply({}, socket);
        },
        echo: (payload, socket) => reply(payload, socket),
      },
    } satisfies Channel);
    await talk.says(joins("room:a", "1"), joins("room:b", "2"));
    const frames = await talk.says(["1", "3", "room:a", "wait", {}], ["2", "4", "room:b", "echo", {}]);
    expect(frames).toEqual([replied("2", "4", "room:b", "ok")]);
    door.resolve();
    expect(await talk.hears()).toEqual([replied("1", "3", "room:a", "ok")]);
  }));

test("push, broadcast, push and reply of one callback arrive in that order, an intercepted broadcast after them", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, {
      join: (_topic, _payload, socket) => ok(socket),
      handleIn: {
        all: (_, socket) => {
          socket.push("A", {});
          socket.broadcast("intercepted", {});
          socket.broadcast("B", {});
          socket.push("C", {});
          return reply({}, socket);
        },
      },
      handleOut: {
        intercepted: (_, socket) => {
          socket.push("late", {});
          return noreply(socket);
        },
      },
    } satisfies Channel);
    await talk.says(joins("room:a", "1"));
    expect(await talk.says(["1", "2", "room:a", "all", {}])).toEqual([
      ["1", null, "room:a", "A", {}],
      [null, null, "room:a", "B", {}],
      ["1", null, "room:a", "C", {}],
      replied("1", "2", "room:a", "ok"),
      ["1", null, "room:a", "late", {}],
    ]);
  }));

test("a message of another join is dropped silently, one without a join_ref is taken", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Endings);
    await talk.says(joins("room:a", "1"));
    for (const stale of ["0", "", 1, "11", false]) {
      expect(await talk.says([stale, "2", "room:a", "reply", {}]), JSON.stringify(stale)).toEqual([]);
      expect(await talk.says([stale, "3", "room:a", "phx_leave", {}])).toEqual([]);
    }
    expect(await talk.says([null, "4", "room:a", "reply", { a: 1 }])).toEqual([
      replied("1", "4", "room:a", "ok", { a: 1 }),
    ]);
  }));

test("a push without a ref is answered without one", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Endings);
    await talk.says(joins("room:a", "1"));
    expect(await talk.says(["1", null, "room:a", "reply", {}])).toEqual([replied("1", null, "room:a", "ok")]);
  }));

test("a result that is thrown counts as returned, as in a GenServer", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, {
      join: (_topic, _payload, socket) => ok(socket),
      handleIn: {
        give: (_, socket) => {
          throw noreply(socket.assign("given", true));
        },
        asked: (_, socket) => reply({ given: socket.assigns.given }, socket),
      },
    } satisfies Channel<{ given?: boolean }>);
    await talk.says(joins("room:a", "1"));
    const frames = await talk.says(["1", "2", "room:a", "give", {}], ["1", "3", "room:a", "asked", {}]);
    expect(frames).toEqual([replied("1", "3", "room:a", "ok", { given: true })]);
  }));
