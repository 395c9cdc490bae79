// A supervision tree of one's own, property-tested: whatever is killed or ends, the supervisors do what OTP's would, and
// who comes to the bank is served. Each sequence of faults is run under 20 schedules, and shrinks when it finds something.

import fc from "fast-check";
import { name, ok, type Ref, reply, type Self } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { simulate } from "hornbeam/simulation";
import { type Supervisor, supervisor } from "hornbeam/supervisor";
import { describeTree, runCommands, type TreeCommand, treeCommands } from "hornbeam/supervisor/simulation";

const Ledger = {
  init: () => ok(0),
  handleCall: { book: (amount: number, sum) => reply(sum + amount, sum + amount) },
} satisfies GenServer<number>;
const ledger = name<typeof Ledger>("ledger");

/** Remembers the ledger that was there at its start: it must be started again together with it. */
const Teller = {
  init: (_: undefined, self: Self) => ok(self.whereis(ledger) as Ref<typeof Ledger>),
  handleCall: { pay: async (amount: number, book, self) => reply(await self.call(book, "book", -amount), book) },
} satisfies GenServer<Ref<typeof Ledger>>;
const teller = name<typeof Teller>("teller");

type Strategy = "restForOne" | "oneForOne";
const bank = (strategy: Strategy) =>
  ({
    init: () => ({ strategy, children: [child(Ledger, { name: ledger }), child(Teller, undefined, { name: teller })] }),
  }) satisfies Supervisor;

/** A command of the user's own: as long as the bank is open, who comes when it is at rest is paid. */
const payment: TreeCommand = {
  check: ({ state }) => state.root !== undefined,
  run: async (_, { sim }) => void (await sim.call(teller, "pay", 1)),
  toString: () => "payment",
};

/** Resolves when so many sequences of faults found nothing; rejects with the smallest that breaks the bank. */
export async function testBank(runs: number, strategy: Strategy): Promise<void> {
  const spec = supervisor(bank(strategy), { id: "bank" });
  const tree = await describeTree(spec);
  const commands = fc.commands([...treeCommands(tree, { types: ["kill", "end", "wait"] }), fc.constant(payment)]);
  const property = fc.asyncProperty(commands, async (each) => {
    await simulate({ seed: 1, schedules: 20 }, (sim) => runCommands(sim, spec, tree, each));
  });
  await fc.assert(property, { numRuns: runs, seed: 1 });
}

if (import.meta.main) {
  await testBank(100, "restForOne");
  console.log("restForOne: nothing found");
  await testBank(100, "oneForOne").catch(({ message, cause }: Error) => {
    console.log(`oneForOne: ${message}\n\n${(cause as Error | undefined)?.message}`);
  });
}
