// The workloads on nact: each message costs a setImmediate and a promise, so there are fewer of them.

import { Finish, main, memory, type Workloads } from "../harness.ts";
import { nodesOf, SIZE, sumOf } from "../sizes.ts";
import { load } from "./peer.ts";

const { start, spawn, spawnStateless, dispatch, query, stop } = await load("nact");

type Actor = unknown;
type Context = { readonly self: Actor };

const fewer = (count: number): number => Math.max(1, Math.round(count / 10));

let made = 0;
/** Names must be given, or nact draws lots for them. */
const name = (): string => `actor${made++}`;
const stateless = (parent: Actor, handle: (message: any, context: Context) => void): Actor =>
  spawnStateless(parent, handle, name());

/** A workload in a system of its own. */
const inSystem =
  <T>(run: (system: Actor, finish: Finish) => Promise<T>) =>
  async (): Promise<T> => {
    const system = start();
    const figure = await run(system, new Finish());
    stop(system);
    return figure;
  };

interface Node {
  readonly first: number;
  readonly leaves: number;
  readonly parent: Actor;
  sum: number;
  left: number;
}

function grow(under: Actor, first: number, leaves: number, parent: Actor): void {
  const node: Node = { first, leaves, parent, sum: 0, left: 10 };
  dispatch(spawn(under, skynet, name(), { initialState: node }), "go");
}

function skynet(node: Node, message: "go" | number, { self }: Context): Node {
  if (message === "go" && node.leaves > 1) {
    const part = node.leaves / 10;
    for (let i = 0; i < 10; i++) grow(self, node.first + i * part, part, self);
    return node;
  }
  if (message !== "go") {
    node.sum += message;
    if (--node.left > 0) return node;
  }
  dispatch(node.parent, message === "go" ? node.first : node.sum);
  stop(self);
  return node;
}

const workloads: Workloads = {
  pingpong: inSystem(async (system, finish) => {
    const pings = fewer(SIZE.pings);
    let left = pings;
    const pong = stateless(system, ({ from }: { readonly from: Actor }) => dispatch(from, "pong"));
    const ping = stateless(system, (_, { self }) => {
      if (left-- > 0) dispatch(pong, { tag: "ping", from: self });
      else finish.reached(left, -1);
    });
    return { bench: "pingpong", count: 2 * pings, ms: await finish.after(() => dispatch(ping, "go")) };
  }),

  ring: inSystem(async (system, finish) => {
    const hops = fewer(SIZE.hops);
    const ring: Actor[] = Array.from({ length: SIZE.ring }, (_, i) =>
      stateless(system, (left: number) => {
        if (left === 0) finish.reached(left, 0);
        else dispatch(ring[(i + 1) % SIZE.ring], left - 1);
      }),
    );
    return { bench: "ring", count: hops, ms: await finish.after(() => dispatch(ring[0], hops)) };
  }),

  counting: inSystem(async (system, finish) => {
    const increments = fewer(SIZE.increments);
    const counter = spawn(
      system,
      (count: number, message: "inc" | { readonly from: Actor }) => {
        if (message === "inc") return count + 1;
        dispatch(message.from, count);
        return count;
      },
      name(),
      { initialState: 0 },
    );
    const producer = stateless(system, (message: "go" | number, { self }) => {
      if (message !== "go") return finish.reached(message, increments);
      for (let i = 0; i < increments; i++) dispatch(counter, "inc");
      dispatch(counter, { tag: "get", from: self });
    });
    return { bench: "counting", count: increments, ms: await finish.after(() => dispatch(producer, "go")) };
  }),

  fanout: inSystem(async (system, finish) => {
    const each = fewer(SIZE.each);
    let done = 0;
    const collector = stateless(system, () => {
      if (++done === SIZE.sinks) finish.reached(done, SIZE.sinks);
    });
    const sink = (left: number): number => {
      if (left === 1) dispatch(collector, "done");
      return left - 1;
    };
    const sinks = Array.from({ length: SIZE.sinks }, () => spawn(system, sink, name(), { initialState: each }));
    const ms = await finish.after(() => {
      for (let round = 0; round < each; round++) for (const to of sinks) dispatch(to, { round });
    });
    return { bench: "fanout", count: SIZE.sinks * each, ms };
  }),

  spawnexit: inSystem(async (system, finish) => {
    const spawns = fewer(SIZE.spawns);
    let ended = 0;
    const worker = (_: unknown, { self }: Context): void => {
      stop(self);
      if (++ended === spawns) finish.reached(ended, spawns);
    };
    const ms = await finish.after(() => {
      for (let i = 0; i < spawns; i++) dispatch(stateless(system, worker), "go");
    });
    return { bench: "spawnexit", count: spawns, ms };
  }),

  skynet: inSystem(async (system, finish) => {
    const leaves = fewer(SIZE.leaves);
    const parent = stateless(system, (sum: number) => finish.reached(sum, sumOf(leaves)));
    return { bench: "skynet", count: nodesOf(leaves), ms: await finish.after(() => grow(system, 0, leaves, parent)) };
  }),

  /** `await query`. */
  gencall: inSystem(async (system, finish) => {
    const calls = fewer(SIZE.calls);
    const server = stateless(system, ({ from, request }: { readonly from: Actor; readonly request: number }) =>
      dispatch(from, request),
    );
    const ask = async (): Promise<void> => {
      for (let request = 0; request < calls; request++)
        finish.check(await query(server, (from: Actor) => ({ from, request }), 5000), request);
      finish.reached(true, true);
    };
    return { bench: "gencall", count: calls, ms: await finish.after(() => void ask()) };
  }),

  memory: inSystem((system) => {
    const idle = fewer(SIZE.idle);
    return memory("memory", idle, (keep) => {
      for (let i = 0; i < idle; i++) keep[i] = stateless(system, () => {});
    });
  }),
};

await main(workloads);
