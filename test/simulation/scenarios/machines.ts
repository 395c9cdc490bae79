import assert from "node:assert/strict";
import { GenStatem, keepState, keepStateAndData, nextState } from "hornbeam/genserver";
import type { Scenario } from "../scenario.ts";

const OPEN = 10;

const postponed: Scenario = {
  promise:
    "what is postponed comes again after the change of state, in its order and before what came later, each once",
  async run(sim) {
    const Door = {
      init: () => nextState("locked", [] as readonly string[]),
      states: {
        locked: {
          handleCast: {
            push: () => keepStateAndData({ postpone: true }),
            unlock: (_, log) => nextState("open", [...log, "unlock"]),
          },
        },
        open: {
          handleCast: {
            push: (who: string, log) => keepState([...log, who]),
            unlock: () => keepStateAndData(),
            lock: (_, log) => nextState("locked", [...log, "lock"]),
          },
        },
      },
      handleCast: { lock: () => keepStateAndData() },
      handleCall: { log: (_, log) => keepStateAndData({ reply: log }) },
    } satisfies GenStatem<"locked" | "open", readonly string[]>;
    const door = await GenStatem.start(sim, Door);
    for (const id of ["x", "y"]) {
      sim.spawn(
        (self) => {
          for (const no of [1, 2]) self.cast(door, "push", `${id}${no}`);
        },
        { label: id },
      );
    }
    sim.spawn((self) => {
      self.cast(door, "unlock");
      self.cast(door, "lock");
    });
    await sim.idle();
    const halfway = (await sim.call(door, "log")) as readonly string[];
    sim.cast(door, "unlock");
    await sim.idle();
    const log = (await sim.call(door, "log")) as readonly string[];
    assert.deepEqual(log.slice(0, halfway.length), halfway);
    for (const id of ["x", "y"])
      assert.deepEqual(
        log.filter((line) => line.startsWith(id)),
        [`${id}1`, `${id}2`],
      );
    assert.equal(log.length, 7);
    return log.join();
  },
};

const timed: Scenario = {
  promise: "a state timeout comes in its state alone, never early, and not after the state was left",
  async run(sim) {
    const log: string[] = [];
    const Door = {
      init: () => nextState("locked", 0),
      states: {
        locked: {
          handleCast: { open: (_, since) => nextState("open", since) },
          handleStateTimeout: () => assert.fail("a timeout of another state"),
        },
        open: {
          handleEnter: (_, __, self) => keepState(self.now(), { stateTimeout: OPEN }),
          handleCast: {
            open: () => keepStateAndData(),
            close: (_, since) => {
              log.push("closed");
              return nextState("locked", since);
            },
          },
          handleStateTimeout: (_, since, self) => {
            assert.equal(self.now(), since + OPEN);
            log.push("timeout");
            return nextState("locked", since);
          },
        },
      },
      handleCast: { close: () => keepStateAndData() },
      handleCall: { state: () => keepStateAndData({ reply: "fine" }) },
    } satisfies GenStatem<"locked" | "open", number>;
    const door = await GenStatem.start(sim, Door);
    sim.cast(door, "open");
    sim.spawn(async (self) => {
      await self.sleep(OPEN);
      self.cast(door, "close");
      self.cast(door, "open");
    });
    sim.spawn(async (self) => {
      await self.sleep(OPEN * 2);
      self.cast(door, "close");
    });
    await sim.advance(100);
    assert.equal(await sim.call(door, "state"), "fine");
    // Opened at 0 and at 10, unless the second time fell on a door that was open still.
    assert.equal(log.length, 2);
    return log.join();
  },
};

export const machines = {
  "machines: postponed": postponed,
  "machines: state timeouts": timed,
} satisfies Record<string, Scenario>;
