import { error, noreply, ok, reply } from "hornbeam";
import { type Channel, PubSub, type UserSocket } from "hornbeam/channels";
import { ConnectionRefused, connect } from "hornbeam/channels/test";
import { expect, test } from "vitest";
import { inSim, joins, replied, serving, Talk } from "./support.ts";

/** A channel that answers with its own name. */
const named = (called: string): Channel => ({ join: (_topic, _payload, socket) => reply({ called }, socket) });

test("the first pattern that matches the topic decides, in the order in which they are written", () =>
  inSim(async (sim) => {
    const routes: UserSocket = {
      connect: (_params, socket) => ok(socket),
      channels: {
        "room:vip:*": named("vip"),
        "room:*": named("room"),
        "room:vip:1": named("never"),
        exact: named("exact"),
      },
    };
    const talk = await Talk.open(sim, routes);
    const joined = async (topic: string) => (await talk.says(joins(topic, topic)))[0]?.[4];
    const by = (called: string) => ({ status: "ok", response: { called } });
    const nobody = { status: "error", response: { reason: "unmatched topic" } };
    expect(await joined("room:vip:1")).toEqual(by("vip"));
    expect(await joined("room:a")).toEqual(by("room"));
    expect(await joined("room:")).toEqual(by("room"));
    expect(await joined("room:žluťoučký-🐎")).toEqual(by("room"));
    expect(await joined("exact")).toEqual(by("exact"));
    expect(await joined("exactly")).toEqual(nobody);
    expect(await joined("room")).toEqual(nobody);
    expect(await joined("xroom:a")).toEqual(nobody);
  }));

test("`*` alone matches every topic, and in the middle it is a letter", () =>
  inSim(async (sim) => {
    const routes: UserSocket = {
      connect: (_params, socket) => ok(socket),
      channels: { "a*c": named("letter"), "*": named("all") },
    };
    const talk = await Talk.open(sim, routes);
    expect(await talk.says(joins("abc", "1"))).toEqual([replied("1", "1", "abc", "ok", { called: "all" })]);
    expect(await talk.says(joins("a*c", "2"))).toEqual([replied("2", "2", "a*c", "ok", { called: "letter" })]);
  }));

test("a join that nobody serves is answered without a join_ref, and reported", () =>
  inSim(async (sim) => {
    const unmatched: string[] = [];
    sim.telemetry.on("channels.unmatched", (_, { topic }) => void unmatched.push(topic));
    const talk = await Talk.open(sim, named("room"));
    const refusal = (ref: string, topic: unknown) => [
      replied(null, ref, topic, "error", { reason: "unmatched topic" }),
    ];
    expect(await talk.says(joins("nope", "7"))).toEqual(refusal("7", "nope"));
    expect(await talk.says(["1", "8", "room:a", "echo", {}])).toEqual(refusal("8", "room:a"));
    expect(unmatched).toEqual(["nope"]);
  }));

test.each([[5], [null], [["room:a"]], [{ a: 1 }], ["__proto__"], ["constructor"], ["phoenix"]])(
  "the topic %j is one that nobody serves",
  (topic) =>
    inSim(async (sim) => {
      const talk = await Talk.open(sim, named("room"));
      expect(await talk.says(["1", "1", topic, "phx_join", {}])).toEqual([
        replied(null, "1", topic, "error", { reason: "unmatched topic" }),
      ]);
    }),
);

test("a connection may have maxChannels topics at once; a rejoin and a free place count as such", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, named("room"), { maxChannels: 2 });
    const status = async (topic: string, ref: string) => (await talk.says(joins(topic, ref)))[0]?.[4];
    const fine = { status: "ok", response: { called: "room" } };
    const tooMany = { status: "error", response: { reason: "too many channels joined" } };
    expect(await status("room:1", "1")).toEqual(fine);
    expect(await status("room:2", "2")).toEqual(fine);
    expect(await talk.says(joins("room:3", "3"))).toEqual([replied("3", "3", "room:3", "error", tooMany.response)]);
    expect(await status("room:2", "4")).toEqual(fine);
    await talk.says(["1", "5", "room:1", "phx_leave", {}]);
    expect(await status("room:3", "6")).toEqual(fine);
    expect(await status("room:4", "7")).toEqual(tooMany);
  }));

test("the 101st topic is refused by default, also while the others are being joined", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, named("room"));
    const frames = await talk.says(...Array.from({ length: 101 }, (_, at) => joins(`room:${at}`, String(at))));
    const refused = frames.filter(([, , , , payload]) => (payload as { status: string }).status === "error");
    expect(frames).toHaveLength(101);
    expect(refused).toEqual([replied("100", "100", "room:100", "error", { reason: "too many channels joined" })]);
  }));

test("each channel starts with what was assigned at connect, and what it assigns stays its own", () =>
  inSim(async (sim) => {
    const Counter: Channel<{ n: number }> = {
      join: (_topic, _payload, socket) => reply({ n: socket.assigns.n }, socket.assign("n", socket.assigns.n + 1)),
      handleIn: { add: (_, socket) => reply({ n: socket.assigns.n }, socket.assign("n", socket.assigns.n + 1)) },
    };
    const talk = await Talk.open(
      sim,
      {
        connect: ({ from }, socket) => ok(socket.assign("n", Number(from))),
        channels: { "room:*": Counter },
      },
      { params: { from: "10" } },
    );
    expect(await talk.says(joins("room:a", "1"))).toEqual([replied("1", "1", "room:a", "ok", { n: 10 })]);
    expect(await talk.says(["1", "2", "room:a", "add", {}])).toEqual([replied("1", "2", "room:a", "ok", { n: 11 })]);
    expect(await talk.says(["1", "3", "room:a", "add", {}])).toEqual([replied("1", "3", "room:a", "ok", { n: 12 })]);
    expect(await talk.says(joins("room:b", "4"))).toEqual([replied("4", "4", "room:b", "ok", { n: 10 })]);
    expect(await talk.says(joins("room:a", "5")), "a rejoin starts anew").toContainEqual(
      replied("5", "5", "room:a", "ok", { n: 10 }),
    );
  }));

test("the answer is the first frame of a join, whatever the channel sends itself in it", () =>
  inSim(async (sim) => {
    const Eager: Channel<{}, string> = {
      join: (_topic, _payload, socket) => {
        socket.self.send(socket.self.pid, "afterJoin");
        return reply({ first: true }, socket);
      },
      handleInfo: (message, socket) => {
        socket.push(message, {});
        socket.broadcast(`${message}All`, {});
        return noreply(socket);
      },
    };
    const talk = await Talk.open(sim, Eager);
    expect(await talk.says(joins("room:a", "1"))).toEqual([
      replied("1", "1", "room:a", "ok", { first: true }),
      ["1", null, "room:a", "afterJoin", {}],
      [null, null, "room:a", "afterJoinAll", {}],
    ]);
  }));

test.each(["push", "broadcast", "broadcastFrom"] as const)(
  "%s in join crashes it, and the error says what to do instead",
  (what) =>
    inSim(async (sim) => {
      const crashes: unknown[] = [];
      sim.telemetry.on("process.crash", (_, { reason }) => void crashes.push(reason));
      const talk = await Talk.open(sim, {
        join: (_topic, _payload, socket) => {
          socket[what]("news", {});
          return ok(socket);
        },
      } satisfies Channel);
      expect(await talk.says(joins("room:a", "1"))).toEqual([
        replied("1", "1", "room:a", "error", { reason: "join crashed" }),
      ]);
      expect(crashes).toMatchObject([
        { message: expect.stringMatching(/^\w+: room:a is not joined yet; send yourself a message in join/) },
      ]);
    }),
);

test("a broadcast that somebody makes while the join is pending does not reach who joins", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, {
      join: (topic, _payload, socket) => {
        PubSub.broadcast(socket.self, topic, "news", {});
        return ok(socket);
      },
    } satisfies Channel);
    expect(await talk.says(joins("room:a", "1"))).toEqual([replied("1", "1", "room:a", "ok")]);
  }));

test("a join runs in the process of its channel", () =>
  inSim(async (sim) => {
    const seen: string[] = [];
    const talk = await Talk.open(sim, {
      join: (_topic, _payload, socket) => {
        seen.push(String(socket.self.pid), String(socket.transportPid));
        return ok(socket);
      },
    } satisfies Channel);
    const pid = await talk.enters("room:a");
    expect(seen).toEqual([String(pid), String(talk.client.transport)]);
  }));

test("the test kit rejects with the reason that connect gave", () =>
  inSim(async (sim) => {
    const Closed: UserSocket = { ...serving(named("room")), connect: () => error({ reason: "bad token" }) };
    const refused: unknown = await connect(sim, Closed).catch((thrown: unknown) => thrown);
    expect(refused).toBeInstanceOf(ConnectionRefused);
    expect(refused).toMatchObject({ reason: { reason: "bad token" } });
  }));
