import { ok, type Pid, reply, type Self } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { foundBy, type SimulateOptions, type Simulation, simulate } from "hornbeam/simulation";

export const Store = {
  init: (balance: number) => ok(balance),
  handleCall: {
    get: (_: undefined, balance) => reply(balance, balance),
    set: (to: number) => reply(undefined, to),
  },
} satisfies GenServer<number>;

/** Reads, and writes what it makes of that: between the two, another may have written. `before`: calls without a meaning. */
export const deposit = (store: Pid, amount: number, before: number) => async (self: Self) => {
  for (let i = 0; i < before; i++) await self.call(store, "get");
  const balance: number = await self.call(store, "get");
  await self.call(store, "set", balance + amount);
};

/** Two deposits, of which one is lost when they overlap: in the order of production they do not. */
export async function deposits(sim: Simulation, before: number): Promise<number> {
  const store = await start(sim, Store, 0, { label: "store" });
  const one = sim.spawn(deposit(store, 1, 0), { label: "one" });
  const two = sim.spawn(deposit(store, 2, before), { label: "two" });
  await sim.all([one, two]);
  return sim.call(store, "get");
}

/** What a search fails with; throws when it finds nothing. */
export async function failureOf(test: (sim: Simulation) => unknown, options: SimulateOptions = {}) {
  const explored = await simulate({ seed: 1, ...options }, async (sim) => void (await test(sim))).catch(
    (error: Error) => ({
      error,
    }),
  );
  if (!("error" in explored)) throw new Error(`expected a failure, got: ${JSON.stringify(explored)}`);
  const { error } = explored;
  return { error, message: error.message, found: foundBy(error) };
}
