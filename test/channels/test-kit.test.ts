import { error, noreply, ok, type Pid, refuse, reply } from "hornbeam";
import { type Channel, PubSub, type UserSocket } from "hornbeam/channels";
import { ConnectionRefused, connect } from "hornbeam/channels/test";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { serving } from "./support.ts";

const Room: Channel<{ user?: string }> = {
  join: (topic, payload, socket) =>
    payload.refuse === true ? error({ reason: "denied" }) : reply({ topic, user: socket.assigns.user }, socket),
  handleIn: {
    echo: (payload, socket) => reply(payload, socket),
    refuse: (payload, socket) => refuse(payload, socket),
    later: async (payload, socket) => {
      await socket.self.sleep(3_600_000);
      return reply(payload, socket);
    },
    tell: (payload, socket) => {
      socket.push("told", payload);
      return noreply(socket);
    },
  },
};
const Visitors: UserSocket = {
  connect: ({ user }, socket) => (user === "bad" ? error({ reason: "bad user" }) : ok(socket.assign("user", user))),
  channels: { "room:*": Room },
};

test("a join and a push resolve to their answers", () =>
  inVirtualTime(async (sim) => {
    const client = await connect(sim, Visitors, { params: { user: "ada" } });
    expect(await client.join("room:a")).toEqual({ status: "ok", response: { topic: "room:a", user: "ada" } });
    expect(await client.join("room:b", { refuse: true })).toEqual({ status: "error", response: { reason: "denied" } });
    expect(await client.push("room:a", "echo", { n: 1 })).toEqual({ status: "ok", response: { n: 1 } });
    expect(await client.push("room:a", "refuse", { n: 2 })).toEqual({ status: "error", response: { n: 2 } });
    expect(await client.push("room:b", "echo")).toEqual({ status: "error", response: { reason: "unmatched topic" } });
    expect(await client.heartbeat()).toEqual({ status: "ok", response: {} });
    expect(await client.leave("room:a")).toEqual({ status: "ok", response: {} });
  }));

test("answers find their requests, also when they come in another order, and one that will not come is an error", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const client = await connect(sim, Visitors);
    await client.join("room:a");
    await client.join("room:b");
    const late = client.push("room:a", "later", { n: 1 });
    expect(await client.push("room:b", "echo", { n: 2 })).toMatchObject({ response: { n: 2 } });
    client.disconnect();
    await expect(late).rejects.toThrow("no such frame will come: the connection was closed with 1000");
    await expect(client.next("room:a", "told")).rejects.toThrow("the connection was closed");
  }));

test("next gives each frame once, those that have come before those that will", () =>
  inVirtualTime(async (sim) => {
    const client = await connect(sim, Visitors);
    await client.join("room:a");
    client.cast("room:a", "tell", { n: 1 });
    client.cast("room:a", "tell", { n: 2 });
    await client.push("room:a", "echo");
    const told = async () => (await client.next("room:a", "told")).payload;
    expect([await told(), await told()]).toEqual([{ n: 1 }, { n: 2 }]);
    const future = told();
    PubSub.broadcast(sim, "room:a", "told", { n: 3 });
    expect(await future).toEqual({ n: 3 });
  }));

test("two waiters for one event get one frame each, in their order", () =>
  inVirtualTime(async (sim) => {
    const client = await connect(sim, Visitors);
    await client.join("room:a");
    const both = Promise.all([client.next("room:a", "told"), client.next("room:a", "told")]);
    client.cast("room:a", "tell", { n: 1 });
    client.cast("room:a", "tell", { n: 2 });
    expect((await both).map(({ payload }) => payload)).toEqual([{ n: 1 }, { n: 2 }]);
  }));

test("a join again goes by its new join_ref", () =>
  inVirtualTime(async (sim) => {
    const client = await connect(sim, Visitors);
    await client.join("room:a");
    await client.join("room:a");
    expect(await client.next("room:a", "phx_close")).toMatchObject({ joinRef: "1" });
    expect(await client.push("room:a", "echo", { n: 1 })).toEqual({ status: "ok", response: { n: 1 } });
  }));

test("a refused connection rejects with the reason that connect gave, and leaves no process", () =>
  inVirtualTime(async (sim) => {
    const refused: unknown = await connect(sim, Visitors, { params: { user: "bad" } }).catch((thrown) => thrown);
    expect(refused).toBeInstanceOf(ConnectionRefused);
    expect(refused).toMatchObject({ reason: { reason: "bad user" }, message: expect.stringContaining("refused") });
    expect(sim.processes().map(({ name }) => name)).toEqual(["channels"]);
  }));

test("who disconnects ends the process of the connection, and closedWith says that it was the client", () =>
  inVirtualTime(async (sim) => {
    const client = await connect(sim, Visitors);
    expect(client.closedWith).toBeUndefined();
    client.disconnect();
    await sim.idle();
    expect(client.closedWith).toEqual({ code: 1000, reason: "" });
    expect(sim.isAlive(client.transport as Pid)).toBe(false);
  }));

test("an hour passes at once", () =>
  inVirtualTime(async (sim) => {
    const client = await connect(sim, Visitors, { timeout: 7_200_000 });
    await client.join("room:a");
    expect(await client.push("room:a", "later", { n: 1 })).toEqual({ status: "ok", response: { n: 1 } });
    expect(sim.now()).toBe(3_600_000);
  }));

test("what is no system is refused", async () => {
  await expect(connect({} as never, serving(Room))).rejects.toThrow("connect: expected a system or a simulation");
});
