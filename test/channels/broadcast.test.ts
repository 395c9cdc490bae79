import { noreply, ok, reply, stop } from "hornbeam";
import { type Channel, PubSub, type Socket } from "hornbeam/channels";
import { expect, test } from "vitest";
import { puppet } from "../runtime/support.ts";
import { closed, crashed, inSim, joins, replied, Talk } from "./support.ts";

const hellish: any = "not an object";

const Room: Channel<{ n?: number }> = {
  join: (_topic, _payload, socket) => ok(socket),
  handleIn: {
    shout: (payload, socket) => {
      socket.broadcast("shout", payload);
      return reply({}, socket);
    },
    others: (payload, socket) => {
      socket.broadcastFrom("shout", payload);
      return reply({}, socket);
    },
    stamped: (payload, socket) => {
      socket.broadcast("stamp", payload);
      return reply({}, socket);
    },
    dropped: (payload, socket) => {
      socket.broadcast("drop", payload);
      return reply({}, socket);
    },
    last: (payload, socket) => {
      socket.broadcast("last", payload);
      return noreply(socket);
    },
    reserved: (payload, socket) => {
      socket.broadcast("phx_close", payload);
      return noreply(socket);
    },
    text: (_, socket) => {
      socket.broadcast("shout", hellish);
      return noreply(socket);
    },
    bigint: (_, socket) => {
      socket.broadcast("shout", { n: 1n });
      return noreply(socket);
    },
  },
  handleOut: {
    stamp: (payload, socket) => {
      const n = (socket.assigns.n ?? 0) + 1;
      socket.push("stamp", { ...payload, n });
      return noreply(socket.assign("n", n));
    },
    drop: (_, socket) => noreply(socket),
    last: (_, socket) => stop("normal", socket),
  },
};

/** Two clients in one room. */
async function two(sim: Parameters<typeof Talk.open>[0]) {
  const [ada, bob] = [await Talk.open(sim, Room), await Talk.open(sim, Room)];
  await ada.says(joins("room:a", "1"));
  await bob.says(joins("room:a", "7"));
  return { ada, bob };
}

test("a broadcast reaches everybody in the topic, who says it too, and carries no refs", () =>
  inSim(async (sim) => {
    const { ada, bob } = await two(sim);
    const elsewhere = await Talk.open(sim, Room);
    await elsewhere.says(joins("room:b", "1"));
    const shout = [null, null, "room:a", "shout", { n: 1 }];
    expect(await ada.says(["1", "2", "room:a", "shout", { n: 1 }])).toEqual([shout, replied("1", "2", "room:a", "ok")]);
    expect(await bob.hears()).toEqual([shout]);
    expect(await elsewhere.hears()).toEqual([]);
  }));

test("broadcastFrom reaches everybody but this channel, also another connection of the same visitor", () =>
  inSim(async (sim) => {
    const { ada, bob } = await two(sim);
    expect(await ada.says(["1", "2", "room:a", "others", { n: 1 }])).toEqual([replied("1", "2", "room:a", "ok")]);
    expect(await bob.hears()).toEqual([[null, null, "room:a", "shout", { n: 1 }]]);
  }));

test("an event that is a key of handleOut comes to each channel, which answers with its own state", () =>
  inSim(async (sim) => {
    const { ada, bob } = await two(sim);
    await ada.says(["1", "2", "room:a", "stamped", { by: "ada" }]);
    await bob.hears();
    await bob.says(joins("room:a", "8"));
    await ada.hears();
    expect(await ada.says(["1", "3", "room:a", "stamped", { by: "ada" }])).toEqual([
      replied("1", "3", "room:a", "ok"),
      ["1", null, "room:a", "stamp", { by: "ada", n: 2 }],
    ]);
    expect(await bob.hears()).toEqual([["8", null, "room:a", "stamp", { by: "ada", n: 1 }]]);
  }));

test("an intercepted event that nothing is done with does not reach the client", () =>
  inSim(async (sim) => {
    const { ada, bob } = await two(sim);
    expect(await ada.says(["1", "2", "room:a", "dropped", {}])).toEqual([replied("1", "2", "room:a", "ok")]);
    expect(await bob.hears()).toEqual([]);
  }));

test("a stop in handleOut ends the channel well", () =>
  inSim(async (sim) => {
    const { ada, bob } = await two(sim);
    expect(await ada.says(["1", "2", "room:a", "last", {}])).toEqual([closed("1", "room:a")]);
    expect(await bob.hears()).toEqual([closed("7", "room:a")]);
  }));

test.each([
  ["a reply", (socket: any) => reply({}, socket)],
  ["nothing", () => undefined],
  [
    "a throw",
    () => {
      throw new Error("oops");
    },
  ],
])("%s in handleOut crashes the channel", (_, answer) =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, {
      ...Room,
      handleOut: { news: (_payload: object, socket: any) => answer(socket) as any },
    });
    await talk.says(joins("room:a", "1"));
    PubSub.broadcast(sim, "room:a", "news", {});
    expect(await talk.hears()).toEqual([crashed("1", "room:a")]);
  }),
);

test("a broadcast does not wake the channels: one that waits in a handler passes it on all the same", () =>
  inSim(async (sim) => {
    const door = Promise.withResolvers<void>();
    const talk = await Talk.open(sim, {
      ...Room,
      handleIn: {
        wait: async (_: object, socket: Socket<any>) => {
          await door.promise;
          return reply({}, socket);
        },
      },
    });
    const pid = await talk.enters("room:a");
    await talk.says(["1", "2", "room:a", "wait", {}]);
    const waiting = () => sim.processes().find((info) => info.pid === pid)?.messages;
    for (let n = 0; n < 3; n++) PubSub.broadcast(sim, "room:a", "news", { n });
    const news = (n: number) => [null, null, "room:a", "news", { n }];
    expect(waiting()).toBe(0);
    expect(await talk.hears()).toEqual([news(0), news(1), news(2)]);
    PubSub.broadcast(sim, "room:a", "stamp", {});
    expect(waiting(), "an intercepted one waits for the channel").toBe(1);
    expect(await talk.hears()).toEqual([]);
    door.resolve();
    expect(await talk.hears()).toEqual([replied("1", "2", "room:a", "ok"), ["1", null, "room:a", "stamp", { n: 1 }]]);
  }));

test("a broadcast is encoded once, however many clients it has", () =>
  inSim(async (sim) => {
    const talks = await Promise.all([1, 2, 3, 4].map(() => Talk.open(sim, Room)));
    for (const talk of talks) await talk.says(joins("room:a", "1"));
    let encoded = 0;
    PubSub.broadcast(sim, "room:a", "news", { toJSON: () => ({ n: ++encoded }) });
    for (const talk of talks) expect(await talk.hears()).toEqual([[null, null, "room:a", "news", { n: 1 }]]);
  }));

test.each(["text", "bigint", "reserved"])(
  "a broadcast that cannot be encoded (%s) crashes who makes it, and nobody else",
  (event) =>
    inSim(async (sim) => {
      const { ada, bob } = await two(sim);
      expect(await ada.says(["1", "2", "room:a", event, {}])).toEqual([crashed("1", "room:a")]);
      expect(await bob.says(["7", "8", "room:a", "shout", {}])).toEqual([
        [null, null, "room:a", "shout", {}],
        replied("7", "8", "room:a", "ok"),
      ]);
    }),
);

test("after its end a channel gets no broadcasts", () =>
  inSim(async (sim) => {
    const { ada, bob } = await two(sim);
    await ada.says(["1", "2", "room:a", "phx_leave", {}]);
    await bob.says(["7", "8", "room:a", "shout", {}]);
    expect(await ada.hears()).toEqual([]);
    bob.client.disconnect();
    await sim.idle();
    expect(PubSub.subscribers(sim, "room:a")).toBe(0);
  }));

test("broadcasts of other topics that a channel subscribes to arrive in handleInfo, and are not passed on", () =>
  inSim(async (sim) => {
    const heard: unknown[] = [];
    const Curious: Channel = {
      join: (_topic, _payload, socket) => {
        PubSub.subscribe(socket.self, "news");
        return ok(socket);
      },
      handleInfo: (message, socket) => {
        heard.push(message);
        return noreply(socket);
      },
    };
    const talk = await Talk.open(sim, Curious);
    await talk.says(joins("room:a", "1"));
    PubSub.broadcast(sim, "news", "flash", { n: 1 });
    expect(await talk.hears()).toEqual([]);
    expect(heard).toEqual([{ tag: "broadcast", topic: "news", event: "flash", payload: { n: 1 } }]);
  }));

test("a message to a channel without handleInfo is dropped, and reported", () =>
  inSim(async (sim) => {
    const unhandled: unknown[] = [];
    sim.telemetry.on("genserver.unhandled", (_, { message }) => void unhandled.push(message));
    const talk = await Talk.open(sim, Room);
    const pid = await talk.enters("room:a");
    for (const message of ["hello", null, undefined, 7]) sim.send(pid, message);
    expect(await talk.hears()).toEqual([]);
    expect(unhandled).toEqual(["hello", null, undefined, 7]);
    expect(await talk.says(["1", "2", "room:a", "dropped", {}])).toEqual([replied("1", "2", "room:a", "ok")]);
  }));

test("a process that is no channel gets broadcasts of a channel as messages", () =>
  inSim(async (sim) => {
    const listener = puppet(sim);
    await listener.does((self) => PubSub.subscribe(self, "room:a"));
    const { ada } = await two(sim);
    await ada.says(["1", "2", "room:a", "shout", { n: 1 }], ["1", "3", "room:a", "stamped", { n: 2 }]);
    expect(listener.inbox).toEqual([
      { tag: "broadcast", topic: "room:a", event: "shout", payload: { n: 1 } },
      { tag: "broadcast", topic: "room:a", event: "stamp", payload: { n: 2 } },
    ]);
  }));
