import { noreply, ok, reply } from "hornbeam";
import { type Channel, PubSub, type UserSocket } from "hornbeam/channels";
import { connect } from "hornbeam/channels/test";
import type { Conn } from "hornbeam/http";
import { request } from "hornbeam/http/test";
import { foundBy, type SimulateOptions, type Simulation, simulate } from "hornbeam/simulation";
import { expect, test } from "vitest";

const Room: Channel<object> = {
  join: (_topic, _payload, socket) => reply({}, socket),
  handleIn: {
    echo: (payload, socket) => reply(payload, socket),
    say: (payload, socket) => {
      PubSub.broadcast(socket.self, socket.topic, "said", payload);
      return noreply(socket);
    },
  },
};
const Visitors: UserSocket = { connect: (_, socket) => ok(socket), channels: { "room:*": Room } };

/** What became of a test in all runs of a search, in words. */
async function outcomes(options: SimulateOptions, run: (sim: Simulation) => Promise<string>): Promise<string[]> {
  const seen = new Set<string>();
  await simulate({ seed: 1, schedules: 200, ...options }, async (sim) => {
    seen.add(await run(sim));
  });
  return [...seen].toSorted();
}

const echo = async (sim: Simulation): Promise<string> => {
  const client = await connect(sim, Visitors);
  const told = await client
    .join("room:a")
    .then(() => client.push("room:a", "echo", { n: 1 }))
    .then(
      ({ status }) => status,
      (error: Error) => error.message,
    );
  return `${told}, closed with ${client.closedWith?.code}, after ${sim.now()} ms`;
};

test("what two clients say arrives in either order, and what one says in its own", async () => {
  const seen = new Set<string>();
  await simulate({ seed: 1, schedules: 400 }, async (sim) => {
    const [a, b] = [await connect(sim, Visitors), await connect(sim, Visitors)];
    await a.join("room:x");
    await b.join("room:x");
    for (const n of [1, 2]) {
      a.cast("room:x", "say", { from: "a", n });
      b.cast("room:x", "say", { from: "b", n });
    }
    await sim.idle();
    const heard = a.frames
      .filter(({ event }) => event === "said")
      .map(({ payload }) => payload as { from: string; n: number });
    for (const who of ["a", "b"]) expect(heard.filter(({ from }) => from === who).map(({ n }) => n)).toEqual([1, 2]);
    seen.add(heard.map(({ from }) => from).join(""));
  });
  expect([...seen].toSorted()).toEqual(["aabb", "abab", "abba", "baab", "baba", "bbaa"]);
});

test("a frame that is lost breaks the connection: who waits for an answer hears of it, and nothing is left", async () => {
  const seen = await outcomes({ faults: { drop: "any" } }, echo);
  expect(seen).toEqual([
    "no such frame will come: the connection was closed with 1006 , closed with 1006, after 0 ms",
    "ok, closed with undefined, after 0 ms",
  ]);
});

test("a frame that is delayed comes later, and what follows it on its wire, behind it", async () => {
  expect(await outcomes({ faults: { delay: "any", delayedFor: 70 } }, echo)).toEqual([
    "ok, closed with undefined, after 0 ms",
    "ok, closed with undefined, after 70 ms",
  ]);
});

test("victims of drop and delay are wires", async () => {
  const faults = { delay: "server→client", delayedFor: 70, drop: /^nobody/ } as const;
  expect(await outcomes({ faults }, echo)).toEqual([
    "ok, closed with undefined, after 0 ms",
    "ok, closed with undefined, after 70 ms",
  ]);
});

const hello = (conn: Conn) => conn.text("hello");
const get = async (sim: Simulation): Promise<string> => {
  const answer = await request(sim, hello, "GET", "/x").then(
    ({ status }) => String(status),
    (error: Error) => error.message,
  );
  return `${answer} after ${sim.now()} ms`;
};

test("a request or its response may be lost, or late", async () => {
  expect(await outcomes({ faults: { drop: "any" } }, get)).toEqual([
    "200 after 0 ms",
    "the connection was lost: GET_/x did not arrive after 0 ms",
  ]);
  expect(await outcomes({ faults: { delay: "any", delayedFor: 5 } }, get)).toEqual([
    "200 after 0 ms",
    "200 after 5 ms",
  ]);
});

test("a failure that needs a lost frame shrinks to it, and is replayed", async () => {
  const fragile = async (sim: Simulation) => expect(await echo(sim)).toMatch(/^ok/);
  const failure = async (options: SimulateOptions) => foundBy(await simulate(options, fragile).catch((error) => error));
  const found = await failure({ seed: 1, faults: { drop: "any", max: 4 } });
  expect(found).toMatchObject({ orders: 0, faults: 1 });
  expect(found?.replay).toMatch(/^drop (client→server|server→client)\.\w+$/);
  expect(await failure({ seed: found?.seed as number, replay: found?.replay as string })).toBeDefined();
});
