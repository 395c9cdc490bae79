// A state machine: a door that opens for a code, stays open for ten seconds, and after three wrong tries is deaf for a
// minute. Buttons that are pushed while it is open are kept for later.

import { system } from "hornbeam";
import { GenStatem, keepState, keepStateAndData, nextState } from "hornbeam/genserver";

interface Lock {
  readonly code: string;
  readonly entered: string;
  readonly wrong: number;
}

const OPEN = 10_000;
const DEAF = 60_000;
const TRIES = 3;
const PAUSE = 5_000;

export const CodeLock = {
  init: (code: string) => nextState("locked", { code, entered: "", wrong: 0 }),

  states: {
    locked: {
      handleCall: {
        button: (digit: string, lock) => {
          const entered = lock.entered + digit;
          if (entered.length < lock.code.length) {
            return keepState({ ...lock, entered }, [{ reply: "more" }, { eventTimeout: PAUSE }]);
          }
          if (entered === lock.code) return nextState("open", { ...lock, entered: "", wrong: 0 }, { reply: "open" });
          const wrong = lock.wrong + 1;
          return nextState(wrong < TRIES ? "locked" : "deaf", { ...lock, entered: "", wrong }, { reply: "wrong" });
        },
      },
      // Who stops in the middle of the code begins anew.
      handleEventTimeout: (_, lock) => keepState({ ...lock, entered: "" }),
    },

    open: {
      handleEnter: (_, lock) => keepState(lock, { stateTimeout: OPEN }),
      handleCall: { button: () => keepStateAndData({ postpone: true }) },
      handleCast: { close: (_, lock) => nextState("locked", lock) },
      handleStateTimeout: (_, lock) => nextState("locked", lock),
    },

    deaf: {
      handleEnter: (_, lock) => keepState({ ...lock, wrong: 0 }, { stateTimeout: DEAF }),
      handleCall: { button: () => keepStateAndData({ reply: "deaf" }) },
      handleStateTimeout: (_, lock) => nextState("locked", lock),
    },
  },

  // What a state has no entry for.
  handleCast: { close: () => keepStateAndData() },
} satisfies GenStatem<"locked" | "open" | "deaf", Lock>;

if (import.meta.main) {
  const world = system();
  const door = await GenStatem.start(world, CodeLock, "42");
  console.log(await world.call(door, "button", "4")); // more
  console.log(await world.call(door, "button", "2")); // open
  const later = world.call(door, "button", "1"); // kept while the door is open
  world.cast(door, "close");
  console.log(await later); // more
  console.log(await world.call(door, "button", "3")); // wrong
  await world.stop();
}
