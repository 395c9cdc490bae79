import assert from "node:assert/strict";
import { ok, reply } from "hornbeam";
import { type Channel, PubSub, type UserSocket } from "hornbeam/channels";
import { connect } from "hornbeam/channels/test";
import { keeping, type Scenario, settled } from "../scenario.ts";

const published: Scenario = {
  promise: "a broadcast reaches each who is subscribed and lives, once, and those of one sender in their order",
  async run(sim) {
    const heard = new Map<string, { topic: string; payload: { no: string } }[]>();
    const subscribers = ["a", "b", "c"].map((id) => {
      const into: { topic: string; payload: { no: string } }[] = [];
      heard.set(id, into);
      return sim.spawn(
        async (self) => {
          PubSub.subscribe(self, "news");
          await keeping(into)(self);
        },
        { label: id },
      );
    });
    await sim.idle();
    for (const id of ["x", "y"]) {
      sim.spawn((self) => {
        for (const no of [1, 2]) PubSub.broadcast(self, "news", "item", { no: `${id}${no}` });
      });
    }
    sim.spawn((self) => self.exit(subscribers[2] as (typeof subscribers)[number], "boom"));
    await sim.idle();
    const of = (id: string) => (heard.get(id) ?? []).map(({ payload }) => payload.no);
    for (const id of ["a", "b"]) {
      assert.equal(of(id).length, 4);
      for (const sender of ["x", "y"]) {
        assert.deepEqual(
          of(id).filter((no) => no.startsWith(sender)),
          [`${sender}1`, `${sender}2`],
        );
      }
    }
    assert.equal(PubSub.subscribers(sim, "news"), 2);
    return `${of("a")} ${of("c")}`;
  },
};

const joined: Scenario = {
  promise: "a join is answered once, a push by its own reply, and a channel that has ended hears no broadcast",
  async run(sim) {
    const Room = {
      join: async (_topic, _payload, socket) => {
        await socket.self.sleep(1);
        return ok(socket);
      },
      handleIn: {
        echo: (payload, socket) => reply(payload, socket),
        crash: () => {
          throw new Error("crash");
        },
      },
    } satisfies Channel;
    const Users = { connect: (_params, socket) => ok(socket), channels: { "room:*": Room } } satisfies UserSocket;
    const client = await connect(sim, Users);
    const other = await connect(sim, Users);
    const [first, second] = await Promise.all([client.join("room:a"), other.join("room:a")]);
    assert.deepEqual([first.status, second.status], ["ok", "ok"]);
    const echo = client.push("room:a", "echo", { no: 1 });
    client.cast("room:a", "crash");
    sim.spawn((self) => PubSub.broadcast(self, "room:a", "item", {}));
    const left = settled(other.leave("room:a"));
    assert.deepEqual(await echo, { status: "ok", response: { no: 1 } });
    assert.equal(((await left) as { status: string }).status, "ok");
    await sim.idle();
    assert.equal(PubSub.subscribers(sim, "room:a"), 0);
    const events = (frames: typeof client.frames) => frames.map(({ event }) => event).join();
    for (const { frames } of [client, other]) {
      const at = frames.findIndex(({ event }) => event === "phx_close" || event === "phx_error");
      assert.ok(at > 0 && !frames.slice(at).some(({ event }) => event === "item"), events(frames));
      assert.ok(frames.filter(({ event }) => event === "item").length <= 1);
    }
    return `${events(client.frames)} ${events(other.frames)}`;
  },
};

export const channels = {
  "channels: published": published,
  "channels: joined": joined,
} satisfies Record<string, Scenario>;
