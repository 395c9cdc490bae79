// Two applications: a store, and a shop that needs it. Starting the shop starts the store first; stopping the system
// stops them in reverse order, and each says goodbye when its tree has stopped.

import { name, ok, reply, system } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { Application, type Supervisor, supervisor } from "hornbeam/supervisor";

const Shelf = {
  init: (apples: number) => ok(apples),
  handleCall: { take: (count: number, apples) => reply(apples - count, apples - count) },
} satisfies GenServer<number>;

export const shelf = name<typeof Shelf>("shelf");

const StoreTree = {
  init: (apples: number) => ({ strategy: "oneForOne", children: [child(Shelf, apples, { name: shelf })] }),
} satisfies Supervisor;

/** Its settings are typed: what is put must fit, and `start` reads them. */
export const Store = {
  name: "store",
  env: { apples: 10 },
  start: ({ apples }) => supervisor(StoreTree, apples, { id: "store tree" }),
  stop: () => console.log("the store is closed"),
} satisfies Application<{ apples: number }>;

const Till = {
  init: () => ok(0),
  handleCall: {
    sell: async (count: number, sold, self) => {
      const left = await self.call(shelf, "take", count);
      return reply(`${count} sold, ${left} left`, sold + count);
    },
  },
} satisfies GenServer<number>;

export const till = name<typeof Till>("till");

const ShopTree = {
  init: () => ({ strategy: "oneForOne", children: [child(Till, { name: till })] }),
} satisfies Supervisor;

/** `prepStop` hands its state to `stop`, which runs when the tree is gone. */
export const Shop = {
  name: "shop",
  applications: [Store],
  start: (_, self) => ({ top: supervisor(ShopTree, { id: "shop tree" }), state: self.now() }),
  prepStop: (opened: number) => {
    console.log("the shop lets nobody in any more");
    return opened;
  },
  stop: () => console.log("the shop is closed"),
} satisfies Application<{}, number>;

if (import.meta.main) {
  const world = system({ reports: "warning" });
  Application.putEnv(world, Store, "apples", 5);
  console.log(`started: ${(await Application.ensureAllStarted(world, Shop)).join(", ")}`);
  console.log(await world.call(till, "sell", 2)); // 2 sold, 3 left
  await world.stop();
}
