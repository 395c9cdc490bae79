import { error, exit, ok, reply } from "hornbeam";
import type { Channel } from "hornbeam/channels";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { closed, inSim, joins, replied, Talk } from "./support.ts";

const hellish: any = "not a result";

const outcomes = {
  "room:ok": (socket) => ok(socket),
  "room:reply": (socket) => reply({ hello: "ada" }, socket),
  "room:list": (socket) => reply([1, 2], socket),
  "room:error": () => error({ reason: "denied" }),
  "room:empty": () => error(undefined),
  "room:throw": () => {
    throw new Error("oops");
  },
  "room:exit": () => exit("normal"),
  "room:bad": () => hellish,
  "room:undefined": () => undefined as any,
  "room:unencodable": (socket) => reply({ n: 1n }, socket),
  "room:later": async (socket) => reply({ hello: "later" }, socket),
  "room:rejects": async () => {
    throw new Error("oops");
  },
} satisfies Record<string, (socket: any) => any>;

const Any = {
  join: (topic, _payload, socket) => outcomes[topic as keyof typeof outcomes](socket),
  handleIn: { echo: (payload, socket) => reply(payload, socket) },
} satisfies Channel;

test.each([
  ["ok", "room:ok", "ok", {}],
  ["reply", "room:reply", "ok", { hello: "ada" }],
  ["reply with a list", "room:list", "ok", [1, 2]],
  ["a promise of reply", "room:later", "ok", { hello: "later" }],
  ["error", "room:error", "error", { reason: "denied" }],
  ["error without a payload", "room:empty", "error", {}],
  ["throw", "room:throw", "error", { reason: "join crashed" }],
  ["exit as normal", "room:exit", "error", { reason: "join crashed" }],
  ["something else", "room:bad", "error", { reason: "join crashed" }],
  ["nothing", "room:undefined", "error", { reason: "join crashed" }],
  ["a payload that JSON does not have", "room:unencodable", "error", { reason: "join crashed" }],
  ["a promise that rejects", "room:rejects", "error", { reason: "join crashed" }],
])("a join that ends in %s is answered, once", (_, topic, status, response) =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Any);
    expect(await talk.says(joins(topic, "4"))).toEqual([replied("4", "4", topic, status, response)]);
    const after = await talk.says(["4", "5", topic, "echo", { a: 1 }]);
    expect(after).toEqual([
      status === "ok"
        ? replied("4", "5", topic, "ok", { a: 1 })
        : replied(null, "5", topic, "error", { reason: "unmatched topic" }),
    ]);
  }),
);

test("a refused or crashed join leaves no process behind, and may be tried again", () =>
  inSim(async (sim) => {
    let open = false;
    const Door = { join: (_topic, _payload, socket) => (open ? ok(socket) : error({})) } satisfies Channel;
    const talk = await Talk.open(sim, Door);
    const before = sim.processes().length;
    await talk.says(joins("room:a", "1"));
    expect(sim.processes()).toHaveLength(before);
    open = true;
    expect(await talk.says(joins("room:a", "2"))).toEqual([replied("2", "2", "room:a", "ok")]);
  }));

test("a join gets the topic and its payload, whatever JSON value that is", () =>
  inSim(async (sim) => {
    const seen: unknown[] = [];
    const talk = await Talk.open(sim, {
      join: (topic, payload, socket) => {
        seen.push([topic, payload]);
        return ok(socket);
      },
    } satisfies Channel);
    const payloads = [{ a: 1 }, [1], "x", 5, true, null];
    for (const [at, payload] of payloads.entries()) await talk.says(joins(`room:${at}`, String(at), payload));
    expect(seen).toEqual(payloads.map((payload, at) => [`room:${at}`, payload]));
  }));

test("refs of a join come back as they were sent, also when they differ", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Any);
    expect(await talk.says(["15", "16", "room:ok", "phx_join", {}])).toEqual([replied("15", "16", "room:ok", "ok")]);
    expect(await talk.says(["15", "17", "room:ok", "echo", {}])).toEqual([replied("15", "17", "room:ok", "ok")]);
    expect(await talk.says(joins("room:reply", 20))).toEqual([replied(20, 20, "room:reply", "ok", { hello: "ada" })]);
    expect(await talk.says([20, 21, "room:reply", "echo", {}])).toEqual([replied(20, 21, "room:reply", "ok")]);
  }));

test("a join without a join_ref is answered without one, and goes by its ref from then on", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Any);
    expect(await talk.says([null, "18", "room:ok", "phx_join", {}])).toEqual([replied(null, "18", "room:ok", "ok")]);
    expect(await talk.says([null, "19", "room:ok", "echo", {}])).toEqual([replied("18", "19", "room:ok", "ok")]);
    expect(await talk.says([null, "20", "room:ok", "phx_leave", {}])).toEqual([
      replied("18", "20", "room:ok", "ok"),
      closed("18", "room:ok"),
    ]);
  }));

test("a join that takes long blocks neither heartbeats nor other topics", () =>
  inSim(async (sim) => {
    const door = Promise.withResolvers<void>();
    const Slow = {
      join: async (topic, _payload, socket) => {
        if (topic === "room:slow") await door.promise;
        return reply({ topic }, socket);
      },
    } satisfies Channel;
    const talk = await Talk.open(sim, Slow);
    const frames = await talk.says(
      joins("room:slow", "1"),
      [null, "2", "phoenix", "heartbeat", {}],
      joins("room:quick", "3"),
    );
    expect(frames).toEqual([
      replied(null, "2", "phoenix", "ok"),
      replied("3", "3", "room:quick", "ok", { topic: "room:quick" }),
    ]);
    door.resolve();
    expect(await talk.hears()).toEqual([replied("1", "1", "room:slow", "ok", { topic: "room:slow" })]);
  }));

test("what is sent while the join is pending is answered after it, in order", () =>
  inSim(async (sim) => {
    const door = Promise.withResolvers<void>();
    const talk = await Talk.open(sim, {
      join: (_topic, _payload, socket) => door.promise.then(() => ok(socket)),
      handleIn: { echo: (payload, socket) => reply(payload, socket) },
    } satisfies Channel);
    const echo = (ref: string) => ["1", ref, "room:a", "echo", { ref }];
    const frames = [joins("room:a", "1"), echo("2"), echo("3"), ["1", "4", "room:a", "phx_leave", {}], echo("5")];
    expect(await talk.says(...frames)).toEqual([]);
    door.resolve();
    expect(await talk.hears()).toEqual([
      replied("1", "1", "room:a", "ok"),
      replied("1", "2", "room:a", "ok", { ref: "2" }),
      replied("1", "3", "room:a", "ok", { ref: "3" }),
      replied("1", "4", "room:a", "ok"),
      closed("1", "room:a"),
      replied(null, "5", "room:a", "error", { reason: "unmatched topic" }),
    ]);
  }));

test("what is sent while the join is pending has an unmatched topic if the join is refused, and a leave is ok", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, { join: async () => error({ reason: "full" }) } satisfies Channel);
    const frames = [joins("room:a", "1"), ["1", "2", "room:a", "echo", {}], ["1", "3", "room:a", "phx_leave", {}]];
    expect(await talk.says(...frames)).toEqual([
      replied("1", "1", "room:a", "error", { reason: "full" }),
      replied(null, "2", "room:a", "error", { reason: "unmatched topic" }),
      replied("1", "3", "room:a", "ok"),
    ]);
  }));

test("no more than 1,000 messages wait for a join: a client that sends more is closed with 1008", () =>
  inSim(async (sim) => {
    const door = Promise.withResolvers<void>();
    const talk = await Talk.open(sim, {
      join: async (_topic, _payload, socket) => {
        await door.promise;
        return ok(socket);
      },
      handleIn: { echo: (payload, socket) => reply(payload, socket) },
    });
    await talk.says(joins("room:a", "1"));
    const echo = (n: number) => ["1", String(n), "room:a", "echo", {}] as const;
    await talk.says(...Array.from({ length: 1000 }, (_, n) => echo(n)));
    expect(talk.client.closedWith).toBeUndefined();
    await talk.says(echo(1000));
    expect(talk.client.closedWith).toMatchObject({ code: 1008 });
    door.resolve();
    await sim.idle();
  }));

test.each(["freeze", "clone"] as const)("with messages passed by %s, clients join, push and are answered", (messages) =>
  inVirtualTime({ messages, time: "manual" }, async (sim) => {
    const talk = await Talk.open(sim, Any);
    expect(await talk.says(joins("room:ok", "1"))).toEqual([replied("1", "1", "room:ok", "ok")]);
    const frame = ["1", "2", "room:ok", "echo", { text: "hello" }];
    expect(await talk.says(frame)).toEqual([replied("1", "2", "room:ok", "ok", { text: "hello" })]);
  }),
);
