// The workloads on Effect: a process is a fiber that takes from an unbounded queue. Its skynet has no mailboxes at all.

import { type Figure, Finish, main, memory, now, type Workloads } from "../harness.ts";
import { nodesOf, SIZE, sumOf } from "../sizes.ts";
import { load } from "./peer.ts";

const { Effect, Queue, Deferred, Fiber } = await load("effect");

type Effects<T> = Generator<any, T, any>;
const program = (body: () => Effects<Figure | readonly Figure[]>) => (): Promise<Figure | readonly Figure[]> =>
  Effect.runPromise(Effect.gen(body));

const fewer = (count: number): number => Math.max(1, Math.round(count / 3));
/** The lean loop: an effect a message, and no generator. */
const serve = (queue: unknown, handle: (message: any) => unknown): unknown =>
  Effect.forever(Effect.flatMap(Queue.take(queue), handle));
const equal = (got: unknown, expected: unknown): void => {
  if (got !== expected) throw new Error(`expected ${expected}, got: ${got}`);
};

/** Fibers that are children of children overflow the stack when there are many more. */
const CHAIN = Math.min(1000, SIZE.chain);
const TEN = Array.from({ length: 10 }, (_, i) => i);

const skynet = (first: number, leaves: number): unknown =>
  leaves === 1
    ? Effect.succeed(first)
    : Effect.map(
        Effect.forEach(TEN, (i: number) => Effect.suspend(() => skynet(first + (i * leaves) / 10, leaves / 10)), {
          concurrency: "unbounded",
        }),
        (sums: readonly number[]) => sums.reduce((a, b) => a + b, 0),
      );

const workloads: Workloads = {
  pingpong: program(function* () {
    const pings = fewer(SIZE.pings);
    const ping = yield* Queue.unbounded();
    const pong = yield* Queue.unbounded();
    yield* Effect.forkChild(serve(pong, ({ from }) => Queue.offer(from, "pong")));
    const began = now();
    for (let i = 0; i < pings; i++) {
      yield* Queue.offer(pong, { tag: "ping", from: ping });
      equal(yield* Queue.take(ping), "pong");
    }
    return { bench: "pingpong", count: 2 * pings, ms: now() - began };
  }),

  ring: program(function* () {
    const hops = fewer(SIZE.hops);
    const ring: unknown[] = [];
    const end = yield* Deferred.make();
    for (let i = 0; i < SIZE.ring; i++) ring.push(yield* Queue.unbounded());
    for (let i = 0; i < SIZE.ring; i++) {
      const next = ring[(i + 1) % SIZE.ring];
      const hop = (left: number): unknown => (left === 0 ? Deferred.succeed(end, left) : Queue.offer(next, left - 1));
      yield* Effect.forkChild(serve(ring[i], hop));
    }
    yield* Effect.yieldNow;
    const began = now();
    yield* Queue.offer(ring[0], hops);
    equal(yield* Deferred.await(end), 0);
    return { bench: "ring", count: hops, ms: now() - began };
  }),

  counting: program(function* () {
    const queue = yield* Queue.unbounded();
    const end = yield* Deferred.make();
    let count = 0;
    const counter = serve(queue, (message) => {
      if (message !== "inc") return Deferred.succeed(end, count);
      count++;
      return Effect.void;
    });
    yield* Effect.forkChild(counter);
    const began = now();
    const producer = Effect.gen(function* (): Effects<void> {
      for (let i = 0; i < SIZE.increments; i++) yield* Queue.offer(queue, "inc");
      yield* Queue.offer(queue, "get");
    });
    yield* Effect.forkChild(producer);
    equal(yield* Deferred.await(end), SIZE.increments);
    return { bench: "counting", count: SIZE.increments, ms: now() - began };
  }),

  fanout: program(function* () {
    const queues: unknown[] = [];
    const end = yield* Deferred.make();
    let done = 0;
    for (let i = 0; i < SIZE.sinks; i++) {
      const queue = yield* Queue.unbounded();
      queues.push(queue);
      let left = SIZE.each;
      const sink = (): unknown => (--left === 0 && ++done === SIZE.sinks ? Deferred.succeed(end, done) : Effect.void);
      yield* Effect.forkChild(serve(queue, sink));
    }
    yield* Effect.yieldNow;
    const began = now();
    for (let round = 0; round < SIZE.each; round++) for (const queue of queues) yield* Queue.offer(queue, { round });
    equal(yield* Deferred.await(end), SIZE.sinks);
    return { bench: "fanout", count: SIZE.sinks * SIZE.each, ms: now() - began };
  }),

  spawnexit: program(function* () {
    const spawns = fewer(SIZE.spawns);
    const end = yield* Deferred.make();
    let ended = 0;
    const worker = (): unknown => (++ended === spawns ? Deferred.succeed(end, ended) : Effect.void);
    const began = now();
    for (let i = 0; i < spawns; i++) {
      const queue = yield* Queue.unbounded();
      yield* Effect.forkDetach(Effect.flatMap(Queue.take(queue), worker));
      yield* Queue.offer(queue, "go");
    }
    equal(yield* Deferred.await(end), spawns);
    return { bench: "spawnexit", count: spawns, ms: now() - began };
  }),

  skynet: program(function* () {
    const { leaves } = SIZE;
    const began = now();
    equal(yield* skynet(0, leaves) as any, sumOf(leaves));
    return { bench: "skynet", count: nodesOf(leaves), ms: now() - began };
  }),

  gencall: program(function* () {
    const queue = yield* Queue.unbounded();
    yield* Effect.forkChild(serve(queue, ({ request, reply }) => Deferred.succeed(reply, request)));
    const began = now();
    for (let request = 0; request < SIZE.calls; request++) {
      const reply = yield* Deferred.make();
      yield* Queue.offer(queue, { request, reply });
      equal(yield* Deferred.await(reply), request);
    }
    return { bench: "gencall", count: SIZE.calls, ms: now() - began };
  }),

  linkchain: program(function* () {
    const killed = new Finish();
    const up = yield* Deferred.make();
    let ended = 0;
    const count = (): void => {
      if (++ended === CHAIN) killed.reached(ended, CHAIN);
    };
    const chain = (behind: number): unknown =>
      Effect.suspend(() =>
        Effect.onExit(
          Effect.andThen(behind === 0 ? Deferred.succeed(up, true) : Effect.forkChild(chain(behind - 1)), Effect.never),
          () => Effect.sync(count),
        ),
      );
    const began = now();
    const head = yield* Effect.forkDetach(chain(CHAIN - 1));
    equal(yield* Deferred.await(up), true);
    const setup = now() - began;
    const kill = yield* Effect.promise(() => killed.after(() => Effect.runFork(Fiber.interrupt(head))));
    return [
      { bench: "linkchain_setup", count: CHAIN, ms: setup },
      { bench: "linkchain_kill", count: CHAIN, ms: kill },
    ];
  }),

  memory: () =>
    memory("memory", SIZE.idle, (keep) => {
      for (let i = 0; i < SIZE.idle; i++) keep[i] = Effect.runFork(Queue.take(Effect.runSync(Queue.unbounded())));
    }),
};

await main(workloads);
