// How many schedules the simulator tries in a second, on one core: five clients that call one server eight times each.
//
//   node --conditions=hornbeam-source bench/simulation.ts [--quick]
//
// Prints one JSON line: schedules of 100 steps a second, divided by the 2,000 that are asked for.

import { ok, type Pid, reply, type Self } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { type Simulation, simulate } from "hornbeam/simulation";
import { median } from "./figures.ts";

const ROUNDS = process.argv.includes("--quick") ? 3 : 7;
const SCHEDULES = 2000;
const STEPS = 100;
const ASKED = 2000;

const Store = {
  init: () => ok(0),
  handleCall: {
    get: (_: undefined, count) => reply(count, count),
    set: (count: number) => reply(undefined, count),
  },
} satisfies GenServer<number>;

const client = (store: Pid) => async (self: Self) => {
  for (let i = 0; i < 7; i++) await self.call(store, "get");
  await self.call(store, "set", 1);
};

async function clients(sim: Simulation): Promise<void> {
  const store = await start(sim, Store);
  await sim.all(Array.from({ length: 5 }, () => sim.spawn(client(store))));
}

/** Schedules of a hundred steps in a second of one round. */
async function round(seed: number): Promise<number> {
  const began = performance.now();
  const { steps } = await simulate({ seed, schedules: SCHEDULES }, clients);
  return steps / STEPS / ((performance.now() - began) / 1000);
}

await round(0);
const figures: number[] = [];
for (let i = 1; i <= ROUNDS; i++) figures.push(await round(i));
const ratio = (figure: number): number => Number((figure / ASKED).toPrecision(3));
console.log(
  JSON.stringify({
    bench: "simulation, schedules of 100 steps a second",
    against: "limit",
    ratio: ratio(median(figures)),
    goal: 1,
    least: ratio(Math.min(...figures)),
    greatest: ratio(Math.max(...figures)),
    figure: Math.round(median(figures)),
    limit: ASKED,
  }),
);
