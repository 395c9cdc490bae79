// A thousand small processes in a ring pass a token on: each is a loop, one function of a message and a state, without a
// server around it.

import { loop, noreply, type Pid, type Self, system } from "hornbeam";

type Message = { readonly next: Pid } | { readonly hops: number };

/** Knows whom to pass the token to; who gets it without a hop left says who it is. */
const node = (last: (self: Self) => void) =>
  loop(undefined as Pid | undefined, (message: Message, next, self) => {
    if ("next" in message) return noreply(message.next);
    if (message.hops === 0 || next === undefined) last(self);
    else self.send(next, { hops: message.hops - 1 });
  });

/** Which process of the ring, counted from the first, has the token in the end. */
export async function ring(size: number, hops: number): Promise<number> {
  await using world = system();
  const { promise, resolve } = Promise.withResolvers<Pid>();
  const pids = Array.from({ length: size }, () => world.spawn(node((self) => resolve(self.pid))));
  for (const [position, pid] of pids.entries()) world.send(pid, { next: pids[(position + 1) % size] as Pid });
  world.send(pids[0] as Pid, { hops });
  return pids.indexOf(await promise);
}

if (import.meta.main) {
  const hops = 1_000_042;
  console.log(`after ${hops} hops, process ${await ring(1000, hops)} of 1000 has the token`);
}
