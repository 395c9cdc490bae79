// A server that holds a number: state is changed by one message at a time, and whoever asks waits for the answer.

import { noreply, ok, reply, system } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";

export const Counter = {
  init: (start: number) => ok(start),
  handleCall: {
    get: (_, count) => reply(count, count),
    add: (by: number, count) => reply(count + by, count + by),
  },
  handleCast: {
    reset: (_, _count) => noreply(0),
  },
} satisfies GenServer<number>;

if (import.meta.main) {
  const world = system();
  const counter = await start(world, Counter, 40);
  console.log(await world.call(counter, "add", 2)); // 42
  world.cast(counter, "reset");
  console.log(await world.call(counter, "get")); // 0
  await world.stop();
}
