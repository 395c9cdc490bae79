import { type Exit, error, noreply, ok, reply, type Self, stop } from "hornbeam";
import type { Channel, Socket } from "hornbeam/channels";
import { expect, test } from "vitest";
import { deaths } from "../runtime/support.ts";
import { closed, crashed, inSim, joins, replied, Talk } from "./support.ts";

/** It says goodbye, and counts from 0. */
const Room: Channel<{ n?: number }, string> = {
  join: (_topic, payload, socket) => (payload?.refuse === true ? error({ reason: "denied" }) : ok(socket)),
  handleIn: {
    count: (_, socket) => {
      const n = (socket.assigns.n ?? 0) + 1;
      return reply({ n }, socket.assign("n", n));
    },
  },
  handleInfo: (_, socket) => noreply(socket),
  terminate: (reason, socket) => socket.push("goodbye", { reason }),
};

const leave = (joinRef: unknown, ref: string) => [joinRef, ref, "room:a", "phx_leave", {}];
const goodbye = (joinRef: string, reason: unknown) => [joinRef, null, "room:a", "goodbye", { reason }];
const left = { shutdown: "left" };

test("a leave is answered, then the channel is closed, then comes what terminate pushes", () =>
  inSim(async (sim) => {
    const ended = deaths(sim);
    const talk = await Talk.open(sim, Room);
    const pid = await talk.enters("room:a");
    expect(await talk.says(leave("1", "2"))).toEqual([
      replied("1", "2", "room:a", "ok"),
      closed("1", "room:a"),
      goodbye("1", left),
    ]);
    expect(ended.get(pid)).toEqual(left);
  }));

test("to leave what is not joined is fine", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Room);
    expect(await talk.says(leave("4", "5"))).toEqual([replied("4", "5", "room:a", "ok")]);
    expect(await talk.says(["4", "6", "nobody:a", "phx_leave", {}])).toEqual([replied("4", "6", "nobody:a", "ok")]);
  }));

test("two leaves at once are both answered, and the channel is closed once", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Room);
    await talk.says(joins("room:a", "1"));
    expect(await talk.says(leave("1", "2"), leave("1", "3"))).toEqual([
      replied("1", "2", "room:a", "ok"),
      closed("1", "room:a"),
      goodbye("1", left),
      replied("1", "3", "room:a", "ok"),
    ]);
  }));

test("a leave and a join at once are done one after the other", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Room);
    await talk.says(joins("room:a", "1"), ["1", "2", "room:a", "count", {}]);
    expect(await talk.says(leave("1", "3"), joins("room:a", "4"), ["4", "5", "room:a", "count", {}])).toEqual([
      replied("1", "3", "room:a", "ok"),
      closed("1", "room:a"),
      goodbye("1", left),
      replied("4", "4", "room:a", "ok"),
      replied("4", "5", "room:a", "ok", { n: 1 }),
    ]);
  }));

test("the join after a leave does not wait for what the old channel does in terminate", () =>
  inSim(async (sim) => {
    const door = Promise.withResolvers<void>();
    const talk = await Talk.open(sim, { ...Room, terminate: () => door.promise });
    await talk.says(joins("room:a", "1"));
    expect(await talk.says(leave("1", "2"), joins("room:a", "3"))).toEqual([
      replied("1", "2", "room:a", "ok"),
      closed("1", "room:a"),
      replied("3", "3", "room:a", "ok"),
    ]);
    door.resolve();
    expect(await talk.hears()).toEqual([]);
  }));

test("after a leave the topic is unmatched", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Room);
    await talk.says(joins("room:a", "1"));
    const frames = await talk.says(leave("1", "2"), ["1", "3", "room:a", "count", {}]);
    expect(frames.at(-1)).toEqual(replied(null, "3", "room:a", "error", { reason: "unmatched topic" }));
  }));

test("the second join of a topic is answered, then the first channel is closed, then the new one speaks", () =>
  inSim(async (sim) => {
    const ended = deaths(sim);
    const talk = await Talk.open(sim, Room);
    const first = await talk.enters("room:a");
    await talk.says(["1", "2", "room:a", "count", {}]);
    expect(await talk.says(joins("room:a", "3"), ["3", "4", "room:a", "count", {}])).toEqual([
      replied("3", "3", "room:a", "ok"),
      closed("1", "room:a"),
      replied("3", "4", "room:a", "ok", { n: 1 }),
    ]);
    expect(ended.get(first)).toEqual({ shutdown: "duplicate_join" });
    expect(await talk.says(["1", "5", "room:a", "count", {}]), "the old join_ref is stale").toEqual([]);
  }));

test("a second join that is refused ends the first channel all the same", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Room);
    await talk.says(joins("room:a", "1"));
    const frames = await talk.says(joins("room:a", "2", { refuse: true }), ["1", "3", "room:a", "count", {}]);
    expect(frames.filter(([, , , event]) => event !== "goodbye")).toEqual([
      replied("2", "2", "room:a", "error", { reason: "denied" }),
      closed("1", "room:a"),
      replied(null, "3", "room:a", "error", { reason: "unmatched topic" }),
    ]);
  }));

test("a second join that crashes ends the first channel all the same", () =>
  inSim(async (sim) => {
    let joined = 0;
    const talk = await Talk.open(sim, {
      join: (_topic, _payload, socket) => {
        if (++joined === 2) throw new Error("oops");
        return ok(socket);
      },
    } satisfies Channel);
    await talk.says(joins("room:a", "1"));
    expect(await talk.says(joins("room:a", "2"))).toEqual([
      replied("2", "2", "room:a", "error", { reason: "join crashed" }),
      closed("1", "room:a"),
    ]);
  }));

test("two joins at once are both answered, in order", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Room);
    expect(await talk.says(joins("room:a", "1"), joins("room:a", "2"), joins("room:a", "3"))).toEqual([
      replied("1", "1", "room:a", "ok"),
      replied("2", "2", "room:a", "ok"),
      closed("1", "room:a"),
      replied("3", "3", "room:a", "ok"),
      closed("2", "room:a"),
    ]);
  }));

test("a channel that traps exits and does not end is killed five seconds after the second join, and only its topic waits", () =>
  inSim(async (sim) => {
    const ended = deaths(sim);
    const talk = await Talk.open(sim, {
      ...Room,
      join: (_topic, _payload, socket) => {
        socket.self.trapExit = true;
        return ok(socket);
      },
    });
    const first = await talk.enters("room:a");
    const other = joins("room:b", "9");
    expect(await talk.says(joins("room:a", "2"), other)).toEqual([replied("9", "9", "room:b", "ok")]);
    await sim.advance(4999);
    expect(await talk.says([null, "10", "phoenix", "heartbeat", {}])).toEqual([replied(null, "10", "phoenix", "ok")]);
    expect(ended.has(first)).toBe(false);
    await sim.advance(1);
    expect(await talk.hears()).toEqual([replied("2", "2", "room:a", "ok"), closed("1", "room:a")]);
    expect(ended.get(first)).toBe("killed");
  }));

test("a channel that traps exits and ends in time leaves no timer behind", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, {
      ...Room,
      join: (_topic, _payload, socket) => {
        socket.self.trapExit = true;
        return ok(socket);
      },
      handleInfo: (exit: Exit, socket: Socket<any>) => stop(exit.reason, socket),
    });
    await talk.says(joins("room:a", "1"));
    const timers = () => sim.leaks().filter((leak) => leak.endsWith("timers"));
    const before = timers();
    expect(await talk.says(joins("room:a", "2"))).toContainEqual(replied("2", "2", "room:a", "ok"));
    expect(timers()).toEqual(before);
  }));

test("a channel that has closed itself when the second join comes is closed once", () =>
  inSim(async (sim) => {
    const Leaving = {
      ...Room,
      handleInfo: (_: string, socket: Socket<any>) => stop("normal", socket),
      terminate: () => {},
    };
    const talk = await Talk.open(sim, Leaving);
    const pid = await talk.enters("room:a");
    sim.send(pid, "end yourself");
    const frames = await talk.says(joins("room:a", "2"));
    expect(frames.filter(([, , , event]) => event === "phx_close")).toEqual([closed("1", "room:a")]);
    expect(frames).toContainEqual(replied("2", "2", "room:a", "ok"));
  }));

test("a channel that crashed when the second join comes is told of once", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, {
      ...Room,
      handleInfo: () => {
        throw new Error("oops");
      },
      terminate: () => {},
    });
    const pid = await talk.enters("room:a");
    sim.send(pid, "crash");
    const frames = await talk.says(joins("room:a", "2"));
    expect(frames).toContainEqual(replied("2", "2", "room:a", "ok"));
    const ends = frames.filter(([, , , event]) => event === "phx_close" || event === "phx_error");
    expect([[closed("1", "room:a")], [crashed("1", "room:a")]]).toContainEqual(ends);
  }));

test("a replaced channel that is waiting in a callback never continues", () =>
  inSim(async (sim) => {
    const door = Promise.withResolvers<void>();
    const zombies: string[] = [];
    sim.telemetry.on("process.zombie", (_, { operation }) => void zombies.push(operation));
    const talk = await Talk.open(sim, {
      join: (_topic, _payload, socket) => ok(socket),
      handleIn: {
        wait: async (_, socket) => {
          await door.promise;
          socket.push("fromTheDead", {});
          socket.broadcast("fromTheDead", {});
          (socket.self as Self).send(socket.transportPid, "boo");
          return reply({}, socket);
        },
      },
    } satisfies Channel);
    await talk.says(joins("room:a", "1"), ["1", "2", "room:a", "wait", {}]);
    await talk.says(joins("room:a", "3"));
    door.resolve();
    expect(await talk.hears()).toEqual([]);
    expect(zombies).toEqual(expect.arrayContaining(["push", "broadcast", "send"]));
  }));
