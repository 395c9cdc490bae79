// A tree that heals: a worker crashes, its supervisor starts it again, and its name finds the new one.

import { name, ok, reply, system } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { type Supervisor, supervisor, treeOf } from "hornbeam/supervisor";

const Greeter = {
  init: (greeting: string) => ok(greeting),
  handleCall: {
    greet: (who: string, greeting) => {
      if (who === "") throw new Error("whom?");
      return reply(`${greeting}, ${who}!`, greeting);
    },
  },
} satisfies GenServer<string>;

export const greeter = name<typeof Greeter>("greeter");

export const Greeters = {
  init: () => ({
    strategy: "oneForOne",
    children: [child(Greeter, "Hello", { name: greeter }), child(Greeter, "Salut", { id: "salut" })],
  }),
} satisfies Supervisor;

if (import.meta.main) {
  const world = system();
  const tree = await world.start(supervisor(Greeters, { id: "greeters" }));
  console.log(await world.call(greeter, "greet", "Ada"));
  await world.call(greeter, "greet", "").catch((error: Error) => console.log(`caller: ${error.message}`));
  // The supervisor answers when it has done with the crash: by then the name is held again.
  console.log(JSON.stringify(await treeOf(world, tree), null, 2));
  console.log(await world.call(greeter, "greet", "Grace"));
  await world.stop();
}
