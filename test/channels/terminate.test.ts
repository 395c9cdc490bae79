import { error, exit, name, noreply, ok, type Pid, reply, stop } from "hornbeam";
import { type Channel, PubSub, type UserSocket } from "hornbeam/channels";
import type { VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths } from "../runtime/support.ts";
import { closed, crashed, inSim, joins, Talk } from "./support.ts";

/** A room whose channels write down why they end. */
function ledger(): { readonly told: unknown[]; readonly Room: Channel<{}, any> } {
  const told: unknown[] = [];
  return {
    told,
    Room: {
      join: (_topic, payload, socket) => {
        if (payload.refuse === true) return error({});
        if (payload.crash === true) throw new Error("oops");
        if (payload.trap === true) socket.self.trapExit = true;
        return ok(socket);
      },
      handleIn: {
        stop: ({ reason }, socket) => stop(reason, socket),
        throw: () => {
          throw new Error("oops");
        },
        exit: ({ reason }) => exit(reason),
      },
      handleInfo: (message, socket) => (message === "stop" ? stop({ shutdown: "told" }, socket) : noreply(socket)),
      terminate: (reason) => void told.push(reason instanceof Error ? reason.message : reason),
    },
  };
}

/** A client in `room:a` whose channel's terminate is told, and what happened to it. */
async function seated(sim: VirtualSystem, join: object = {}) {
  const { told, Room } = ledger();
  const talk = await Talk.open(sim, Room);
  const pid = await talk.enters("room:a", "1", join);
  return { told, talk, pid, ended: deaths(sim) };
}

test.each([
  ["the client leaves", ["phx_leave", {}], { shutdown: "left" }],
  ["it stops as normal", ["stop", { reason: "normal" }], "normal"],
  ["it stops as shutdown", ["stop", { reason: "shutdown" }], "shutdown"],
  ["it stops because of something", ["stop", { reason: { shutdown: "bye" } }], { shutdown: "bye" }],
  ["it stops as a failure", ["stop", { reason: "boom" }], "boom"],
  ["it throws", ["throw", {}], "oops"],
  ["it exits as normal", ["exit", { reason: "normal" }], "normal"],
])("when %s, terminate is told, and the process ends with that", (_, [event, payload], reason) =>
  inSim(async (sim) => {
    const { told, talk, pid, ended } = await seated(sim);
    await talk.says(["1", "2", "room:a", event, payload]);
    expect(told).toEqual([reason]);
    expect(ended.get(pid)).toEqual(reason === "oops" ? expect.objectContaining({ message: "oops" }) : reason);
  }),
);

test("when handleInfo stops, terminate is told", () =>
  inSim(async (sim) => {
    const { told, talk, pid } = await seated(sim);
    sim.send(pid, "stop");
    expect(await talk.hears()).toEqual([closed("1", "room:a")]);
    expect(told).toEqual([{ shutdown: "told" }]);
  }));

test("when the client has gone, terminate is told { shutdown: closed }", () =>
  inSim(async (sim) => {
    const { told, talk, pid, ended } = await seated(sim);
    talk.client.disconnect();
    await sim.idle();
    expect(told).toEqual([{ shutdown: "closed" }]);
    expect(ended.get(pid)).toEqual({ shutdown: "closed" });
    expect(sim.isAlive(talk.client.transport as Pid)).toBe(false);
  }));

test("when the connection is disconnected by its id, terminate is told { shutdown: closed }", () =>
  inSim(async (sim) => {
    const { told, Room } = ledger();
    const Known: UserSocket = {
      connect: (_params, socket) => ok(socket),
      id: () => "user:1",
      channels: { "room:*": Room },
    };
    const talk = await Talk.open(sim, Known);
    await talk.says(joins("room:a", "1"), joins("room:b", "2"));
    PubSub.broadcast(sim, "user:1", "disconnect", {});
    await sim.idle();
    expect(told).toEqual([{ shutdown: "closed" }, { shutdown: "closed" }]);
  }));

test("when the process of the connection is killed, terminate is told that", () =>
  inSim(async (sim) => {
    const { told, talk } = await seated(sim);
    sim.kill(talk.client.transport as Pid);
    await sim.idle();
    expect(told).toEqual(["killed"]);
    expect(talk.client.closedWith).toEqual({ code: 1006, reason: "" });
  }));

test.each(["kill", "shutdown", "boom"])(
  "at the exit signal %s terminate is not run, and the client hears of a crash",
  (signal) =>
    inSim(async (sim) => {
      const { told, talk, pid } = await seated(sim);
      sim.exit(pid, signal);
      expect(await talk.hears()).toEqual([crashed("1", "room:a")]);
      expect(told).toEqual([]);
      expect(sim.isAlive(pid)).toBe(false);
    }),
);

test("a crash of a linked process ends the channel without terminate", () =>
  inSim(async (sim) => {
    const { told, Room } = ledger();
    const talk = await Talk.open(sim, {
      ...Room,
      join: (_topic, _payload, socket) => {
        socket.self.spawnLink(async (self) => {
          await self.sleep(10);
          throw new Error("oops");
        });
        socket.self.spawnLink((self) => self.sleep(5));
        return ok(socket);
      },
    });
    await talk.says(joins("room:a", "1"));
    await sim.advance(5);
    expect(await talk.hears(), "a normal end is nothing").toEqual([]);
    await sim.advance(5);
    expect(await talk.hears()).toEqual([crashed("1", "room:a")]);
    expect(told).toEqual([]);
  }));

test("when the supervisor of the channels stops, terminate is run for those that trap exits only", () =>
  inSim(async (sim) => {
    const { told, Room } = ledger();
    const talk = await Talk.open(sim, Room);
    await talk.says(joins("room:trapping", "1", { trap: true }), joins("room:plain", "2"));
    sim.exit(sim.whereis(name("channels")) as Pid, "shutdown");
    const frames = await talk.hears();
    expect(frames).toHaveLength(2);
    expect(frames).toEqual(expect.arrayContaining([crashed("1", "room:trapping"), crashed("2", "room:plain")]));
    expect(told).toEqual(["shutdown"]);
  }));

test("a refused join is told shutdown in terminate, a crashed one is told nothing", () =>
  inSim(async (sim) => {
    const { told, Room } = ledger();
    const talk = await Talk.open(sim, Room);
    await talk.says(joins("room:a", "1", { refuse: true }));
    expect(told).toEqual(["shutdown"]);
    await talk.says(joins("room:b", "2", { crash: true }));
    expect(told).toEqual(["shutdown"]);
  }));

test("a channel whose client went while it was being joined ends as soon as it is", () =>
  inSim(async (sim) => {
    const { told, Room } = ledger();
    const door = Promise.withResolvers<void>();
    const talk = await Talk.open(sim, {
      ...Room,
      join: async (_topic, _payload, socket) => {
        await door.promise;
        return ok(socket);
      },
    });
    const pid = await talk.enters("room:a");
    talk.client.disconnect();
    await sim.idle();
    door.resolve();
    await sim.idle();
    expect(sim.isAlive(pid)).toBe(false);
    expect(told).toEqual([{ shutdown: "closed" }]);
    expect(PubSub.subscribers(sim, "room:a")).toBe(0);
  }));

test("a join that never ends is given up five seconds after its client has gone", () =>
  inSim(async (sim) => {
    const { Room } = ledger();
    const talk = await Talk.open(sim, { ...Room, join: () => new Promise<never>(() => {}) });
    const pid = await talk.enters("room:a");
    talk.client.disconnect();
    await sim.advance(4999);
    expect(sim.isAlive(pid)).toBe(true);
    await sim.advance(1);
    expect(sim.isAlive(pid)).toBe(false);
  }));

test("the code of a channel that was killed goes on, and is not obeyed", () =>
  inSim(async (sim) => {
    const door = Promise.withResolvers<void>();
    const zombies: string[] = [];
    sim.telemetry.on("process.zombie", (_, { operation }) => void zombies.push(operation));
    const talk = await Talk.open(sim, {
      join: (_topic, _payload, socket) => ok(socket),
      handleIn: {
        wait: async (_, socket) => {
          await door.promise;
          for (const what of ["push", "broadcast", "broadcastFrom"] as const) socket[what]("fromTheDead", {});
          return reply({}, socket);
        },
      },
    } satisfies Channel);
    const bystander = await Talk.open(sim, { join: (_topic, _payload, socket) => ok(socket) } satisfies Channel);
    await bystander.says(joins("room:a", "1"));
    const pid = await talk.enters("room:a");
    await talk.says(["1", "2", "room:a", "wait", {}]);
    sim.kill(pid);
    expect(await talk.hears()).toEqual([crashed("1", "room:a")]);
    door.resolve();
    expect(await talk.hears()).toEqual([]);
    expect(await bystander.hears()).toEqual([]);
    expect(zombies.slice(0, 3)).toEqual(["push", "broadcast", "broadcast"]);
  }));
