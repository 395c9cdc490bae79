// How long messages hold up requests. One Node has an HTTP server and, half of the time, 100,000 messages a second between
// other processes; a client in another Node asks at an even pace, and takes the time of each answer.
//
//   node --conditions=hornbeam-source bench/http-latency.ts [--quick]
//
// Prints one JSON line: the 99th percentile without messages divided by that with them (1: no difference; 0.5: twice as
// long), each the median of its rounds, so that a stall of the machine spoils its round only; and what was measured, in
// microseconds. Idle and busy take turns, a second each.

import { fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { noreply, ok, type Pid, type Self, system } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { http, httpInfo, router } from "hornbeam/http";

const MESSAGES_A_SECOND = 100_000;
const REQUESTS_A_SECOND = 500;
const CONNECTIONS = 16;
const PAIRS = 10;
const ROUNDS = process.argv.includes("--quick") ? 4 : 20;
const ROUND_MS = 1000;
const GOAL = 0.5;

/** What goes to and fro between two processes until none is `left`. */
interface Ball {
  readonly from: Pid;
  readonly left: number;
}

let received = 0;

const Player = {
  init: () => ok(0),
  handleInfo: ({ from, left }: Ball, count: number, self) => {
    received++;
    if (left > 0) self.send(from, { from: self.pid, left: left - 1 });
    return noreply(count + 1);
  },
} satisfies GenServer<number>;

interface Traffic {
  readonly pairs: readonly (readonly [Pid, Pid])[];
  /** Since when messages are sent, and how many were; undefined while none are. */
  readonly sent: { readonly since: number; readonly count: number } | undefined;
}

/** Each millisecond gives the pairs as many messages to exchange as are due. */
const Pacer = {
  init: (pairs: Traffic["pairs"]) => ok<Traffic>({ pairs, sent: undefined }),
  handleCast: {
    begin: (_, { pairs }, self) => {
      self.sendAfter("tick", 1);
      return noreply({ pairs, sent: { since: self.now(), count: 0 } });
    },
    end: (_, { pairs }) => noreply({ pairs, sent: undefined }),
  },
  handleInfo: (_: "tick", { pairs, sent }, self: Self<"tick">) => {
    if (sent === undefined) return noreply({ pairs, sent });
    self.sendAfter("tick", 1);
    const due = ((self.now() - sent.since) * MESSAGES_A_SECOND) / 1000 - sent.count;
    const each = Math.floor(due / pairs.length);
    if (each > 0) for (const [one, other] of pairs) self.send(one, { from: other, left: each - 1 });
    return noreply({ pairs, sent: { since: sent.since, count: sent.count + each * pairs.length } });
  },
} satisfies GenServer<Traffic, "tick">;

/** The server and the traffic; the client is asked for the times of a round. */
async function measure(): Promise<void> {
  const world = system({ reports: "warning" });
  await world.start(http({ port: 0, plug: router().get("/hello", (conn) => conn.text("hello")).plug }));
  const pairs: (readonly [Pid, Pid])[] = [];
  while (pairs.length < PAIRS) pairs.push([await start(world, Player), await start(world, Player)]);
  const pacer = await start(world, Pacer, pairs);

  const { port } = await httpInfo(world);
  const client = fork(fileURLToPath(import.meta.url), [String(port)]);
  const round = async (): Promise<readonly number[]> => {
    client.send("round");
    const [times] = await once(client, "message");
    return times;
  };
  const busyRound = async (): Promise<readonly number[]> => {
    world.cast(pacer, "begin");
    const times = await round();
    world.cast(pacer, "end");
    return times;
  };

  await busyRound();
  await round();
  const idle: (readonly number[])[] = [];
  const busy: (readonly number[])[] = [];
  received = 0;
  for (let n = 0; n < ROUNDS; n++) {
    idle.push(await round());
    busy.push(await busyRound());
  }
  client.disconnect();
  await world.stop();

  console.log(
    JSON.stringify({
      bench: "HTTP p99 under 100,000 messages/s",
      against: "idle",
      ratio: figure(typical(0.99, idle) / typical(0.99, busy)),
      goal: GOAL,
      idle: { p50: figure(typical(0.5, idle)), p99: figure(typical(0.99, idle)) },
      busy: { p50: figure(typical(0.5, busy)), p99: figure(typical(0.99, busy)) },
      requests: idle.flat().length + busy.flat().length,
      messagesPerSecond: Math.round((received * 1000) / (ROUNDS * ROUND_MS)),
    }),
  );
}

const at = (part: number, values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(part * values.length) - 1] as number;

/** A percentile in microseconds: the median of the rounds. */
const typical = (part: number, rounds: readonly (readonly number[])[]): number =>
  1000 *
  at(
    0.5,
    rounds.map((times) => at(part, times)),
  );

const figure = (value: number): number => Number(value.toPrecision(3));

/** Asks at an even pace, whatever the answers take, and tells how long each of a round's answers took. */
async function client(port: number): Promise<void> {
  const sockets = Array.from({ length: CONNECTIONS }, () => connect({ port, host: "127.0.0.1", noDelay: true }));
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  process.on("message", async () => process.send?.(await times(sockets)));
}

async function times(sockets: readonly Socket[]): Promise<readonly number[]> {
  const count = (REQUESTS_A_SECOND * ROUND_MS) / 1000;
  const began = performance.now();
  const free = [...sockets];
  const waiting: (() => void)[] = [];
  const asked = Array.from({ length: count }, async (_, n) => {
    const due = began + (n * 1000) / REQUESTS_A_SECOND + Math.random();
    await sleep(Math.max(0, due - performance.now()));
    // Without a free connection it waits: that is part of its time.
    const from = performance.now();
    while (free.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    const socket = free.shift() as Socket;
    socket.write(`GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    const [answer] = await once(socket, "data");
    const time = performance.now() - from;
    if (!/^HTTP\/1\.1 200 [\s\S]*hello$/.test(answer)) throw new Error(`expected hello, got: ${answer}`);
    free.push(socket);
    waiting.shift()?.();
    return time;
  });
  return Promise.all(asked);
}

await (process.send === undefined ? measure() : client(Number(process.argv[2])));
