import { error, noreply, ok, refuse, reply, stop } from "hornbeam";
import { type Channel, PubSub, type UserSocket } from "hornbeam/channels";
import { httpInfo } from "hornbeam/http";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { answerTo, inbox, joinedAgain, onClose, withClients } from "./client.ts";
import { REAL, serve } from "./live.ts";

const Room: Channel<{ user: string }> = {
  join: (topic, payload, socket) =>
    payload.refuse === true ? error({ reason: "denied" }) : reply({ topic, user: socket.assigns.user }, socket),
  handleIn: {
    echo: (payload, socket) => reply(payload, socket),
    refuse: (payload, socket) => refuse(payload, socket),
    silent: (_, socket) => noreply(socket),
    say: (payload, socket) => {
      socket.broadcast("said", { ...payload, by: socket.assigns.user });
      return reply({}, socket);
    },
    crash: () => {
      throw new Error("oops");
    },
    stop: (_, socket) => stop("normal", socket),
  },
};
const Visitors: UserSocket = {
  connect: ({ user = "nobody" }, socket) => (user === "bad" ? error("bad") : ok(socket.assign("user", user))),
  id: ({ assigns }) => `user:${assigns.user}`,
  channels: { "room:*": Room },
};

test.each([
  ["of Node", globalThis.WebSocket],
  ["of ws", WebSocket],
])(
  "over the WebSocket %s the client joins, pushes, hears broadcasts and leaves",
  (_, transport) =>
    serve(Visitors, {}, (live) =>
      withClients(live, async (dial) => {
        const channel = dial({ transport: transport as never, params: { user: "ada" } }).channel("room:a", {});
        expect(await answerTo(channel.join())).toEqual(["ok", { topic: "room:a", user: "ada" }]);
        const said = inbox(channel, "said");
        expect(await answerTo(channel.push("say", { text: "žluťoučký 🐎" }))).toEqual(["ok", {}]);
        expect(await said.next()).toEqual({ text: "žluťoučký 🐎", by: "ada" });
        expect(await answerTo(channel.leave())).toEqual(["ok", {}]);
        expect(channel.state).toBe("closed");
      }),
    ),
  REAL,
);

test(
  "a push is answered with ok, with error, or the client gives up waiting",
  () =>
    serve(Visitors, {}, (live) =>
      withClients(live, async (dial) => {
        const channel = dial().channel("room:a", {});
        await answerTo(channel.join());
        expect(await answerTo(channel.push("echo", { a: [1, { b: null }] }))).toEqual(["ok", { a: [1, { b: null }] }]);
        expect(await answerTo(channel.push("refuse", { why: "no" }))).toEqual(["error", { why: "no" }]);
        expect((await answerTo(channel.push("silent", {}, 20)))[0]).toBe("timeout");
      }),
    ),
  REAL,
);

test(
  "a join that is refused, or that nobody serves, is an error for the client",
  () =>
    serve(Visitors, {}, (live) =>
      withClients(live, async (dial) => {
        const socket = dial({ rejoinAfterMs: () => 60_000 });
        const refused = socket.channel("room:a", { refuse: true });
        expect(await answerTo(refused.join())).toEqual(["error", { reason: "denied" }]);
        const nowhere = socket.channel("nowhere", {});
        expect(await answerTo(nowhere.join())).toEqual(["error", { reason: "unmatched topic" }]);
        refused.leave();
        nowhere.leave();
      }),
    ),
  REAL,
);

test(
  "what one client says the other hears, and they leave one by one",
  () =>
    serve(Visitors, {}, (live) =>
      withClients(live, async (dial) => {
        const [ada, bob] = ["ada", "bob"].map((user) => dial({ params: { user } }).channel("room:a", {}));
        if (ada === undefined || bob === undefined) throw new Error("two clients");
        await answerTo(ada.join());
        await answerTo(bob.join());
        const [adas, bobs] = [inbox(ada, "said"), inbox(bob, "said")];
        await answerTo(ada.push("say", { n: 1 }));
        await answerTo(bob.push("say", { n: 2 }));
        expect([await bobs.next(), await bobs.next()]).toEqual([
          { n: 1, by: "ada" },
          { n: 2, by: "bob" },
        ]);
        await answerTo(bob.leave());
        await answerTo(ada.push("say", { n: 3 }));
        expect(adas.all.map(({ n }) => n)).toEqual([1, 2, 3]);
        expect(bobs.all).toHaveLength(2);
      }),
    ),
  REAL,
);

test(
  "after a crash the client joins again by itself, and finds a new channel",
  () =>
    serve(Visitors, {}, (live) =>
      withClients(live, async (dial) => {
        const socket = dial();
        const [channel, other] = [socket.channel("room:a", {}), socket.channel("room:b", {})];
        const join = channel.join();
        await answerTo(join);
        await answerTo(other.join());
        const errors: unknown[] = [];
        channel.onError((reason) => void errors.push(reason));
        for (let n = 2; n < 5; n++) {
          const again = joinedAgain(join, 2);
          channel.push("crash", {});
          await again;
          expect(await answerTo(channel.push("echo", { n }))).toEqual(["ok", { n }]);
        }
        expect(errors).toEqual([1, 2, 3].map(() => ({ reason: "channel_crash" })));
        expect(await answerTo(other.push("echo", { a: 1 }))).toEqual(["ok", { a: 1 }]);
      }),
    ),
  REAL,
);

test(
  "after a channel has ended well the client does not join again",
  () =>
    serve(Visitors, {}, (live) =>
      withClients(live, async (dial) => {
        const channel = dial().channel("room:a", {});
        await answerTo(channel.join());
        const closed = new Promise((resolve) => channel.onClose(resolve));
        channel.push("stop", {});
        await closed;
        expect(channel.state).toBe("closed");
        expect(PubSub.subscribers(live.sim, "room:a")).toBe(0);
      }),
    ),
  REAL,
);

test(
  "a new channel of the same topic takes the place of the old one",
  () =>
    serve(Visitors, {}, (live) =>
      withClients(live, async (dial) => {
        const socket = dial();
        const first = socket.channel("room:a", {});
        await answerTo(first.join());
        const second = socket.channel("room:a", {});
        expect(await answerTo(second.join())).toEqual(["ok", { topic: "room:a", user: "nobody" }]);
        expect(await answerTo(second.push("echo", { a: 1 }))).toEqual(["ok", { a: 1 }]);
        expect([first.state, second.state]).toEqual(["closed", "joined"]);
        expect(PubSub.subscribers(live.sim, "room:a")).toBe(1);
      }),
    ),
  REAL,
);

test(
  "a client that is disconnected by its id comes back, and joins again",
  () =>
    serve(Visitors, {}, (live) =>
      withClients(live, async (dial) => {
        const socket = dial({ params: { user: "ada" } });
        const channel = socket.channel("room:a", {});
        const join = channel.join();
        await answerTo(join);
        const [closed, back] = [onClose(socket), joinedAgain(join, 2)];
        PubSub.broadcast(live.sim, "user:ada", "disconnect", {});
        expect((await closed).code).toBe(1001);
        await back;
        expect(await answerTo(channel.push("echo", { a: 1 }))).toEqual(["ok", { a: 1 }]);
      }),
    ),
  REAL,
);

test(
  "three sockets in five rooms each are all closed when the server stops",
  () =>
    serve(Visitors, {}, (live) =>
      withClients(live, async (dial) => {
        const sockets = [1, 2, 3].map(() => dial({ reconnectAfterMs: () => 60_000 }));
        const channels = sockets.flatMap((socket) => [1, 2, 3, 4, 5].map((n) => socket.channel(`room:${n}`, {})));
        const joined = await Promise.all(channels.map((channel) => answerTo(channel.join())));
        expect(joined.map(([status]) => status)).toEqual(channels.map(() => "ok"));
        const said = channels.filter(({ topic }) => topic === "room:3").map((channel) => inbox(channel, "said"));
        await answerTo((channels[2] as (typeof channels)[0]).push("say", { n: 1 }));
        for (const box of said) expect(await box.next()).toEqual({ n: 1, by: "nobody" });
        expect(await httpInfo(live.sim)).toMatchObject({ sockets: 3 });
        const closes = sockets.map(onClose);
        const stopped = live.sim.stop();
        for (const close of closes) expect((await close).code).toBe(1012);
        await stopped;
        expect(live.sim.leaks()).toEqual([]);
      }),
    ),
  REAL,
);

test(
  "a client that connect refuses gets no connection",
  () =>
    serve(Visitors, {}, (live) =>
      withClients(live, async (dial) => {
        const socket = dial({ params: { user: "bad" }, reconnectAfterMs: () => 60_000 });
        expect((await onClose(socket)).code).toBe(1006);
        expect(await httpInfo(live.sim)).toMatchObject({ sockets: 0 });
      }),
    ),
  REAL,
);
