// A lost update, found and explained: two cashiers read the balance of an account, and write back what they make of it.
// Every test in the order of production passes. The simulator tries other orders, and says which one matters.

import { strict as assert } from "node:assert";
import { ok, type Pid, reply, type Self } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { type Simulation, simulate } from "hornbeam/simulation";

export const Account = {
  init: (balance: number) => ok({ balance, history: [] as number[] }),
  handleCall: {
    balance: (_: undefined, account) => reply(account.balance, account),
    history: (_: undefined, account) => reply(account.history, account),
    set: (balance: number, account) => reply(undefined, { balance, history: [...account.history, balance] }),
    /** The cure: who reads and writes in one message cannot be overtaken. */
    add: (amount: number, { balance, history }) =>
      reply(undefined, { balance: balance + amount, history: [...history, balance + amount] }),
  },
} satisfies GenServer<{ balance: number; history: number[] }>;

type Cashier = (self: Self, account: Pid, amount: number) => Promise<void>;

export const careless: Cashier = async (self, account, amount) => {
  const balance: number = await self.call(account, "balance");
  await self.call(account, "set", balance + amount);
};

export const careful: Cashier = (self, account, amount) => self.call(account, "add", amount);

/** Ann pays in 100. Bob looks at the history first, three times, and pays in 10. */
export const twoCashiers = (deposit: Cashier) => async (sim: Simulation) => {
  const account = await start(sim, Account, 0, { label: "account" });
  const ann = sim.spawn((self) => deposit(self, account, 100), { label: "ann" });
  const bob = sim.spawn(
    async (self) => {
      for (let page = 1; page <= 3; page++) await self.call(account, "history");
      await deposit(self, account, 10);
    },
    { label: "bob" },
  );
  await sim.all([ann, bob]);
  const balance = await sim.call(account, "balance");
  assert(balance === 110, `expected the balance to be 110, got: ${balance}`);
};

if (import.meta.main) {
  await simulate({ seed: 1 }, twoCashiers(careless)).catch((error: Error) => console.log(error.message));
  const { schedules } = await simulate({ seed: 1, schedules: 1000 }, twoCashiers(careful));
  console.log(`\nwith careful cashiers: nothing is lost in ${schedules} schedules`);
}
