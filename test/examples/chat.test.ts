import { ok } from "hornbeam";
import { connect } from "hornbeam/channels/test";
import { child, type GenServer } from "hornbeam/genserver";
import { DynamicSupervisor } from "hornbeam/supervisor";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { Visitors } from "../../examples/chat/app.ts";
import { roomName, rooms } from "../../examples/chat/room.ts";
import { answerTo } from "../channels/client.ts";
import { REAL } from "../channels/live.ts";
import { chatting, visit } from "./chat-support.ts";

const line = (from: string, text: string) => ({ from, text, at: expect.any(Number) });

test(
  "two visitors hear each other, and who comes later gets the history",
  () =>
    chatting(async ({ dial }) => {
      const ada = await visit(dial(), "room:lobby", "ada");
      expect([ada.status, ada.welcome]).toEqual(["ok", { history: [], people: ["ada"] }]);
      const bob = await visit(dial(), "room:lobby", "bob");
      expect(await ada.say("  hello  ")).toEqual(["ok", { count: 1 }]);
      expect(await bob.said.next()).toEqual(line("ada", "hello"));
      expect(await ada.said.next()).toEqual(line("ada", "hello"));
      expect(await bob.say("žluťoučký 🐎")).toEqual(["ok", { count: 2 }]);
      expect(await ada.said.next()).toEqual(line("bob", "žluťoučký 🐎"));
      const eve = await visit(dial(), "room:lobby", " eve ");
      expect(eve.welcome).toEqual({
        history: [line("ada", "hello"), line("bob", "žluťoučký 🐎")],
        people: ["ada", "bob", "eve"],
      });
    }),
  REAL,
);

test(
  "rooms do not hear each other",
  () =>
    chatting(async ({ dial }) => {
      const socket = dial();
      const [one, other] = [await visit(socket, "room:one", "ada"), await visit(socket, "room:other", "ada")];
      await one.say("in one");
      await other.say("in the other");
      expect(one.said.all).toEqual([line("ada", "in one")]);
      expect(other.said.all).toEqual([line("ada", "in the other")]);
    }),
  REAL,
);

test.each([
  [""],
  ["   "],
  ["\n\t"],
  [undefined],
  [null],
  [7],
  [["hello"]],
  [{ toString: "hello" }],
  ["x".repeat(2001)],
])(
  "to say %j is refused kindly, and nobody hears it",
  (text) =>
    chatting(async ({ dial }) => {
      const ada = await visit(dial(), "room:lobby", "ada");
      expect(await ada.say(text)).toEqual(["error", { reason: "say something, in at most 2000 characters" }]);
      expect(await ada.say("x".repeat(2000))).toEqual(["ok", { count: 1 }]);
      expect(ada.said.all).toHaveLength(1);
    }),
  REAL,
);

test(
  "everybody sees who comes, who leaves, who goes away and whose conversation crashes",
  () =>
    chatting(async ({ dial }) => {
      const ada = await visit(dial(), "room:lobby", "ada");
      const seen = async () => (await ada.people.next()).people;
      const bobs = dial();
      const bob = await visit(bobs, "room:lobby", "bob");
      expect(await seen()).toEqual(["ada", "bob"]);
      await answerTo(bob.channel.leave());
      expect(await seen()).toEqual(["ada"]);
      await visit(bobs, "room:lobby", "bob again");
      expect(await seen()).toEqual(["ada", "bob again"]);
      bobs.disconnect();
      expect(await seen()).toEqual(["ada"]);
      const eve = await visit(dial({ rejoinAfterMs: () => 60_000 }), "room:lobby", "eve");
      expect(await seen()).toEqual(["ada", "eve"]);
      eve.channel.push("unheardOf", {});
      expect(await seen()).toEqual(["ada"]);
    }),
  REAL,
);

test(
  "after a crash everybody is told, joins again, finds the room back without its history, and goes on",
  () =>
    chatting(async ({ dial, world }) => {
      const sockets = [dial(), dial()] as const;
      const [ada, bob] = [await visit(sockets[0], "room:lobby", "ada"), await visit(sockets[1], "room:lobby", "bob")];
      await ada.say("before");
      const before = world.whereis(roomName("room:lobby"));
      ada.channel.push("crash", {});
      for (const visitor of [ada, bob]) {
        expect(await visitor.roomDown.next()).toEqual({ reason: "a visitor pressed the red button" });
        await visitor.closed;
        expect(visitor.channel.state).toBe("closed");
      }
      const again = await visit(sockets[0], "room:lobby", "ada");
      const after = world.whereis(roomName("room:lobby"));
      expect(after).toBeDefined();
      expect(after).not.toBe(before);
      expect(again.welcome).toEqual({ history: [], people: ["ada"] });
      const bobAgain = await visit(sockets[1], "room:lobby", "bob");
      expect(await again.say("after")).toEqual(["ok", { count: 1 }]);
      expect(await bobAgain.said.next()).toEqual(line("ada", "after"));
      expect(await bobAgain.say("me too")).toEqual(["ok", { count: 2 }]);
      expect(await again.said.next()).toEqual(line("ada", "after"));
      expect(await again.said.next()).toEqual(line("bob", "me too"));
    }),
  REAL,
);

test(
  "a crash of one room disturbs no other",
  () =>
    chatting(async ({ dial }) => {
      const [one, other] = [await visit(dial(), "room:one", "ada"), await visit(dial(), "room:other", "bob")];
      one.channel.push("crash", {});
      await one.closed;
      expect(await other.say("quiet here")).toEqual(["ok", { count: 1 }]);
      expect(other.roomDown.all).toEqual([]);
    }),
  REAL,
);

test(
  "two visitors at once get the same room, fifty times",
  () =>
    chatting(async ({ dial, world }) => {
      const [adas, bobs] = [dial(), dial()];
      const names = Array.from({ length: 50 }, (_, n) => `room:${n}`);
      const visitors = await Promise.all(names.flatMap((room) => [visit(adas, room, "ada"), visit(bobs, room, "bob")]));
      expect(visitors.map(({ status }) => status)).toEqual(visitors.map(() => "ok"));
      expect(await DynamicSupervisor.countChildren(world, rooms)).toMatchObject({ active: 50, specs: 50 });
      for (let n = 0; n < visitors.length; n += 2) {
        const [ada, bob] = [visitors[n], visitors[n + 1]];
        expect(await ada?.say("hello")).toEqual(["ok", { count: 1 }]);
        expect(await bob?.say("hello yourself")).toEqual(["ok", { count: 2 }]);
      }
    }),
  REAL,
);

test("visitors who all find a room closed open it once, fifty times", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    await sim.start(DynamicSupervisor.child({ name: rooms }));
    const clients = [await connect(sim, Visitors), await connect(sim, Visitors)];
    const door = Promise.withResolvers<void>();
    const Slow = { init: () => door.promise.then(() => ok(0)) } satisfies GenServer<number>;
    const busy = DynamicSupervisor.startChild(sim, rooms, child(Slow));
    const names = Array.from({ length: 50 }, (_, n) => `room:${n}`);
    const joins = names.flatMap((room) => clients.map((client, at) => client.join(room, { user: `visitor ${at}` })));
    await sim.idle();
    door.resolve();
    const answers = await Promise.all(joins);
    expect(answers.map(({ status }) => status)).toEqual(joins.map(() => "ok"));
    expect(answers.filter(({ response }) => response.people.length === 2)).toHaveLength(50);
    expect(await busy).toBeDefined();
    expect(await DynamicSupervisor.countChildren(sim, rooms)).toMatchObject({ active: 51 });
  }));

test(
  "a room remembers the last 200 lines",
  () =>
    chatting(async ({ dial }) => {
      const ada = await visit(dial(), "room:lobby", "ada");
      const answers = await Promise.all(Array.from({ length: 203 }, (_, n) => ada.say(`line ${n}`)));
      expect(answers.at(-1)).toEqual(["ok", { count: 200 }]);
      const { welcome } = await visit(dial(), "room:lobby", "bob");
      expect(welcome.history.map(({ text }: { text: string }) => text)).toEqual(
        Array.from({ length: 200 }, (_, n) => `line ${n + 3}`),
      );
    }),
  REAL,
);
