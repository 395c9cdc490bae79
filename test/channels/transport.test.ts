import { error, name, ok, type Pid, reply } from "hornbeam";
import { type Channel, PubSub, type UserSocket } from "hornbeam/channels";
import { connect, type TestConnectOptions } from "hornbeam/channels/test";
import { DynamicSupervisor } from "hornbeam/supervisor";
import type { VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { crashed, inSim, joins, replied, Talk } from "./support.ts";

const Echo: Channel = {
  join: (_topic, _payload, socket) => ok(socket),
  handleIn: { echo: (payload, socket) => reply(payload, socket) },
};

const isOpen = (sim: VirtualSystem, { client }: Talk) =>
  client.closedWith === undefined && sim.isAlive(client.transport as Pid);

test("a heartbeat is answered on a connection without channels, without a join_ref", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Echo);
    expect(await talk.says([null, "1", "phoenix", "heartbeat", {}])).toEqual([replied(null, "1", "phoenix", "ok")]);
    expect(await talk.says(["9", "2", "phoenix", "heartbeat", "x"])).toEqual([replied(null, "2", "phoenix", "ok")]);
    expect(await talk.says([null, null, "phoenix", "heartbeat", {}])).toEqual([replied(null, null, "phoenix", "ok")]);
    expect(await talk.says([null, 7, "phoenix", "heartbeat", {}])).toEqual([replied(null, 7, "phoenix", "ok")]);
  }));

test("another event of the topic phoenix is one of a topic that is not joined", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Echo);
    expect(await talk.says([null, "4", "phoenix", "other", {}])).toEqual([
      replied(null, "4", "phoenix", "error", { reason: "unmatched topic" }),
    ]);
  }));

test("a heartbeat event of another topic is an event like others", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Echo);
    await talk.says(joins("room:a", "1"));
    expect(await talk.says(["1", "2", "room:a", "heartbeat", {}])).toEqual([crashed("1", "room:a")]);
  }));

test("a connection that is silent for 60 seconds is closed with 1002", () =>
  inSim(async (sim) => {
    const dropped: string[] = [];
    sim.telemetry.on("channels.socket.dropped", (_, { reason }) => void dropped.push(reason));
    const talk = await Talk.open(sim, Echo);
    await sim.advance(59_999);
    expect(isOpen(sim, talk)).toBe(true);
    await sim.advance(1);
    expect(talk.client.closedWith).toMatchObject({ code: 1002 });
    expect(sim.isAlive(talk.client.transport as Pid)).toBe(false);
    expect(dropped).toEqual(["nothing was received for 60000 ms"]);
  }));

test("whatever a client sends counts against its silence, what it is sent does not", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Echo, { timeout: 1000 });
    await talk.says(joins("room:a", "1"));
    for (let beat = 0; beat < 5; beat++) {
      await sim.advance(900);
      await talk.says([null, "1", "phoenix", "heartbeat", {}]);
    }
    expect(isOpen(sim, talk)).toBe(true);
    await sim.advance(600);
    PubSub.broadcast(sim, "room:a", "news", {});
    await sim.advance(399);
    expect(isOpen(sim, talk)).toBe(true);
    await sim.advance(1);
    expect(talk.client.closedWith).toMatchObject({ code: 1002 });
  }));

test.each(["hello{", "", "{}", "[]", '["1","1","room:a","phx_join"]'])("%j closes the connection with 1011", (text) =>
  inSim(async (sim) => {
    const [talk, other] = [await Talk.open(sim, Echo), await Talk.open(sim, Echo)];
    await other.says(joins("room:a", "1"));
    talk.client.sendRaw(text);
    await sim.idle();
    expect(talk.client.closedWith).toMatchObject({ code: 1011 });
    expect(sim.isAlive(talk.client.transport as Pid)).toBe(false);
    expect(await other.says(["1", "2", "room:a", "echo", {}])).toEqual([replied("1", "2", "room:a", "ok")]);
  }),
);

test("what came instead of a frame is told to the client in the 123 bytes that a close reason has", () =>
  inSim(async (sim) => {
    for (const text of ["x".repeat(1000), "日本語".repeat(100), "\u{1F40E}".repeat(100)]) {
      const talk = await Talk.open(sim, Echo);
      talk.client.sendRaw(text);
      await sim.idle();
      const { code, reason = "" } = talk.client.closedWith ?? {};
      expect(code).toBe(1011);
      expect(reason).toMatch(/^expected a JSON array, got: '/);
      expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
    }
  }));

test("what follows a malformed frame is not obeyed", () =>
  inSim(async (sim) => {
    const joined: string[] = [];
    const Counting: Channel = {
      ...Echo,
      join: (topic, _payload, socket) => {
        joined.push(topic);
        return ok(socket);
      },
    };
    const talk = await Talk.open(sim, Counting);
    talk.client.sendRaw("hello{");
    expect(await talk.says(joins("room:a", "1"), [null, "2", "phoenix", "heartbeat", {}])).toEqual([]);
    expect(joined).toEqual([]);
  }));

const Known: UserSocket = {
  connect: ({ user }, socket) => ok(socket.assign("user", user)),
  id: ({ assigns }) => (assigns.user === undefined ? undefined : `user:${assigns.user}`),
  channels: { "room:*": Echo },
};
const as = (user: string): TestConnectOptions => ({ params: { user } });

test("a disconnect on the id of a socket closes all its connections with 1001, and no others", () =>
  inSim(async (sim) => {
    const talks = [await Talk.open(sim, Known, as("1")), await Talk.open(sim, Known, as("1"))];
    const others = [await Talk.open(sim, Known, as("2")), await Talk.open(sim, Known)];
    PubSub.broadcast(sim, "user:1", "disconnect", {});
    await sim.idle();
    for (const { client } of talks) expect(client.closedWith).toMatchObject({ code: 1001 });
    for (const talk of others) expect(isOpen(sim, talk)).toBe(true);
    expect(PubSub.subscribers(sim, "user:1")).toBe(0);
  }));

test("other events on the id of a socket do nothing, and reach no client", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Known, as("1"));
    PubSub.broadcast(sim, "user:1", "connect", {});
    expect(await talk.hears()).toEqual([]);
    expect(isOpen(sim, talk)).toBe(true);
  }));

test.each([[7], [null], [["user:1"]]])("an id that is %j refuses the connection", (id) =>
  inSim(async (sim) => {
    const odd: UserSocket = { ...Known, id: () => id as unknown as string };
    await expect(connect(sim, odd)).rejects.toThrow(/^id returned a value.*expected a string or undefined/);
  }),
);

test("a connection that is to drain is closed with 1012, also one without channels", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Echo);
    sim.send(talk.client.transport as Pid, { tag: "drain" });
    await sim.idle();
    expect(talk.client.closedWith).toEqual({ code: 1012, reason: "the server restarts" });
  }));

test("a connection whose process is told to stop is closed with 1001", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Echo);
    sim.exit(talk.client.transport as Pid, "shutdown");
    await sim.idle();
    expect(talk.client.closedWith).toMatchObject({ code: 1001 });
  }));

test("when the supervisor of the channels is killed, its clients hear of a crash, and join again", () =>
  inSim(async (sim) => {
    const { start } = DynamicSupervisor.child({ name: name("channels") });
    const keeper = sim.spawn(async (self) => {
      self.trapExit = true;
      for (;;) {
        await start(self);
        await self.receive();
      }
    });
    await sim.idle();
    const [ada, bob] = [await Talk.open(sim, Echo), await Talk.open(sim, Echo)];
    await ada.says(joins("room:a", "1"), joins("room:b", "2"));
    await bob.says(joins("room:a", "1"));
    sim.kill(sim.whereis(name("channels")) as Pid);
    expect(await ada.hears()).toEqual(expect.arrayContaining([crashed("1", "room:a"), crashed("2", "room:b")]));
    expect(await bob.hears()).toEqual([crashed("1", "room:a")]);
    expect(await ada.says(joins("room:a", "3"), ["3", "4", "room:a", "echo", { a: 1 }])).toEqual([
      replied("3", "3", "room:a", "ok"),
      replied("3", "4", "room:a", "ok", { a: 1 }),
    ]);
    sim.kill(keeper);
    await sim.idle();
    expect(await ada.says(joins("room:b", "5")), "there is none").toContainEqual(
      replied("5", "5", "room:b", "error", { reason: "join crashed" }),
    );
    expect(isOpen(sim, ada)).toBe(true);
  }));

test("messages that are not for a connection do nothing to it", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Echo);
    for (const message of [
      null,
      undefined,
      7,
      {},
      { tag: "other" },
      { tag: "down", ref: -1 },
      { tag: "channel", join: {} },
    ]) {
      sim.send(talk.client.transport as Pid, message);
    }
    expect(await talk.says([null, "1", "phoenix", "heartbeat", {}])).toEqual([replied(null, "1", "phoenix", "ok")]);
  }));

test("joins and refusals are told to the telemetry bus, and so are crashes of channels", () =>
  inSim(async (sim) => {
    const told: unknown[] = [];
    sim.telemetry.on("channels.join", (_, { topic, outcome }) => void told.push([topic, outcome]));
    sim.telemetry.on("channels.crash", (_, { topic, reason }) => void told.push([topic, (reason as Error).name]));
    const Picky: Channel = {
      ...Echo,
      join: (topic, _payload, socket) => (topic === "room:no" ? error({}) : ok(socket)),
    };
    const talk = await Talk.open(sim, Picky);
    await talk.says(joins("room:yes", "1"), joins("room:no", "2"), ["1", "3", "room:yes", "unheardOf", {}]);
    expect(told).toHaveLength(3);
    expect(told).toEqual(
      expect.arrayContaining([
        ["room:yes", "joined"],
        ["room:no", "refused"],
        ["room:yes", "Undefined"],
      ]),
    );
  }));
