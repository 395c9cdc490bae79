// The core's workloads, on the public API and on the hand-written loop. Each runs in a Node of its own:
//
//   node bench/core.ts WORKLOAD IMPLEMENTATION      prints nanoseconds per operation, one line a round

import { noreply, ok, type Pid, reply, system } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { DispatchLoop, type Handler } from "./dispatch-loop.ts";

const ROUNDS = 6;

type Workload = () => Promise<number>;

const MESSAGES = 2_000_000;
const CALLS = 300_000;

const workloads: Readonly<Record<string, Readonly<Record<string, Workload>>>> = {
  /** Two processes send each other a message, back and forth. */
  pingpong: {
    hornbeam: () => {
      const world = system({ reports: false, catchStrays: false });
      return new Promise((resolve) => {
        const Player = {
          init: () => ok(0),
          handleInfo: ({ from, left }: { readonly from: Pid; readonly left: number }, count: number, self) => {
            if (left > 0) self.send(from, { from: self.pid, left: left - 1 });
            else world.stop().then(() => resolve(MESSAGES));
            return noreply(count + 1);
          },
        } satisfies GenServer<number>;
        void Promise.all([start(world, Player), start(world, Player)]).then(([ping, pong]) => {
          world.send(ping, { from: pong, left: MESSAGES });
        });
      });
    },
    loop: () => {
      const loop = new DispatchLoop();
      return new Promise((resolve) => {
        const player = (): Handler => {
          let count = 0;
          const self: Handler = (message) => {
            const { from, left } = message as { readonly from: Handler; readonly left: number };
            count++;
            if (left > 0) loop.send(from, { from: self, left: left - 1 });
            else resolve(MESSAGES + Math.min(0, count));
          };
          return self;
        };
        loop.send(player(), { from: player(), left: MESSAGES });
      });
    },
  },

  /** A process asks a server, and awaits each answer. */
  call: {
    hornbeam: async () => {
      const world = system({ reports: false, catchStrays: false });
      const Counter = {
        init: () => ok(0),
        handleCall: { add: (by: number, count) => reply(count + by, count + by) },
      } satisfies GenServer<number>;
      const counter = await start(world, Counter);
      const done = Promise.withResolvers<void>();
      world.spawn(async (self) => {
        for (let i = 0; i < CALLS; i++) await self.call(counter, "add", 1);
        done.resolve();
      });
      await done.promise;
      await world.stop();
      return CALLS;
    },
    loop: async () => {
      const loop = new DispatchLoop();
      let count = 0;
      const counter: Handler = (message) => {
        const { request, reply: answer } = message as { readonly request: number; reply(value: number): void };
        count += request;
        answer(count);
      };
      for (let i = 0; i < CALLS; i++) await loop.call(counter, 1);
      return CALLS;
    },
  },
};

const [workload = "", implementation = ""] = process.argv.slice(2);
const run = workloads[workload]?.[implementation];
if (run === undefined)
  throw new Error(`expected a workload (pingpong, call) and hornbeam or loop, got: ${process.argv.slice(2)}`);
for (let round = 0; round < ROUNDS; round++) {
  const began = performance.now();
  const operations = await run();
  console.log(((performance.now() - began) * 1e6) / operations);
}
