// The workloads on XState: the lightest actor logic that it has. It delivers on the sender's stack: no scheduler, no
// fairness, no turns for I/O. Its calls never leave that stack, so they are a comparison with a function call.

import { Finish, main, memory, type Workloads } from "../harness.ts";
import { nodesOf, SIZE, sumOf } from "../sizes.ts";
import { load } from "./peer.ts";

const { createActor, fromTransition } = await load("xstate");

interface Actor {
  send(event: object): void;
  stop(): void;
}
type Transition<S> = (state: S, event: any, context: { readonly self: Actor }) => S;

const fewer = (count: number): number => Math.max(1, Math.round(count / 3));

function actor<S>(transition: Transition<S>, state: S, parent?: Actor): Actor {
  const made = createActor(fromTransition(transition, state), parent === undefined ? undefined : { parent });
  made.start();
  return made;
}
const system = (): Actor => actor((state) => state, 0);

interface Node {
  readonly first: number;
  readonly leaves: number;
  readonly parent: Actor;
  sum: number;
  left: number;
}

const skynet: Transition<Node> = (node, event, { self }) => {
  if (event.type === "go" && node.leaves > 1) {
    const part = node.leaves / 10;
    for (let i = 0; i < 10; i++) grow(self, node.first + i * part, part);
    return node;
  }
  if (event.type === "go") node.parent.send({ type: "sum", sum: node.first });
  else {
    node.sum += event.sum;
    if (--node.left === 0) node.parent.send({ type: "sum", sum: node.sum });
  }
  return node;
};

function grow(parent: Actor, first: number, leaves: number): void {
  actor(skynet, { first, leaves, parent, sum: 0, left: 10 }, parent).send({ type: "go" });
}

const workloads: Workloads = {
  pingpong: async () => {
    const finish = new Finish();
    const root = system();
    const pings = fewer(SIZE.pings);
    const pong = actor<undefined>((_, { from }) => from.send({ type: "pong" }), undefined, root);
    const ping = actor<number>(
      (left, _, { self }) => {
        if (left > 0) pong.send({ type: "ping", from: self });
        else finish.reached(left, 0);
        return left - 1;
      },
      pings,
      root,
    );
    return { bench: "pingpong", count: 2 * pings, ms: await finish.after(() => ping.send({ type: "go" })) };
  },

  ring: async () => {
    const finish = new Finish();
    const root = system();
    const hops = fewer(SIZE.hops);
    const ring: Actor[] = Array.from({ length: SIZE.ring }, (_, i) =>
      actor(
        (state, { left }) => {
          if (left === 0) finish.reached(left, 0);
          else ring[(i + 1) % SIZE.ring]?.send({ type: "hop", left: left - 1 });
          return state;
        },
        undefined,
        root,
      ),
    );
    return { bench: "ring", count: hops, ms: await finish.after(() => ring[0]?.send({ type: "hop", left: hops })) };
  },

  counting: async () => {
    const finish = new Finish();
    const root = system();
    const counter = actor<number>(
      (count, event) => {
        if (event.type === "inc") return count + 1;
        event.from.send({ type: "count", count });
        return count;
      },
      0,
      root,
    );
    const producer = actor(
      (state, event, { self }) => {
        if (event.type === "go") {
          for (let i = 0; i < SIZE.increments; i++) counter.send({ type: "inc" });
          counter.send({ type: "get", from: self });
        } else finish.reached(event.count, SIZE.increments);
        return state;
      },
      undefined,
      root,
    );
    return {
      bench: "counting",
      count: SIZE.increments,
      ms: await finish.after(() => producer.send({ type: "go" })),
    };
  },

  fanout: async () => {
    const finish = new Finish();
    const root = system();
    const collector = actor<number>(
      (done) => {
        if (done + 1 === SIZE.sinks) finish.reached(done + 1, SIZE.sinks);
        return done + 1;
      },
      0,
      root,
    );
    const sink: Transition<number> = (left) => {
      if (left === 1) collector.send({ type: "done" });
      return left - 1;
    };
    const sinks = Array.from({ length: SIZE.sinks }, () => actor(sink, SIZE.each, root));
    const ms = await finish.after(() => {
      for (let round = 0; round < SIZE.each; round++) for (const to of sinks) to.send({ type: "round", round });
    });
    return { bench: "fanout", count: SIZE.sinks * SIZE.each, ms };
  },

  spawnexit: async () => {
    const finish = new Finish();
    const spawns = fewer(SIZE.spawns);
    let ended = 0;
    const worker: Transition<undefined> = (state, { type }) => {
      if (type === "go") ended++;
      return state;
    };
    const ms = await finish.after(() => {
      for (let i = 0; i < spawns; i++) {
        const made = actor(worker, undefined);
        made.send({ type: "go" });
        made.stop();
      }
      finish.reached(ended, spawns);
    });
    return { bench: "spawnexit", count: spawns, ms };
  },

  /** A tenth of the leaves: an actor stays in its parent's system until that is gone. */
  skynet: async () => {
    const finish = new Finish();
    const leaves = Math.max(1, SIZE.leaves / 10);
    const root = actor<undefined>((state, { sum }) => {
      finish.reached(sum, sumOf(leaves));
      return state;
    }, undefined);
    return { bench: "skynet", count: nodesOf(leaves), ms: await finish.after(() => grow(root, 0, leaves)) };
  },

  gencall: async () => {
    const finish = new Finish();
    const server = actor<undefined>((state, { request, reply }) => {
      reply(request);
      return state;
    }, undefined);
    const ask = async (): Promise<void> => {
      for (let request = 0; request < SIZE.calls; request++) {
        const answer = await new Promise((reply) => server.send({ type: "call", request, reply }));
        finish.check(answer, request);
      }
      finish.reached(true, true);
    };
    return { bench: "gencall", count: SIZE.calls, ms: await finish.after(() => void ask()) };
  },

  memory: () => {
    const root = system();
    const idle = fewer(SIZE.idle);
    const still: Transition<undefined> = (state) => state;
    return memory("memory", idle, (keep) => {
      for (let i = 0; i < idle; i++) keep[i] = actor(still, undefined, root);
    });
  },
};

await main(workloads);
