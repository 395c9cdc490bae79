import type { Pid } from "hornbeam";
import { GenStatem, keepStateAndData, nextState, repeatStateAndData, sys } from "hornbeam/genserver";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { type Act, dataOf, MODES, scripted } from "./statem-support.ts";

const start: (...args: any[]) => Promise<Pid> = GenStatem.start;
const keep =
  (actions: any = []): Act =>
  () =>
    keepStateAndData(actions);
const to =
  (state: string, actions: any = []): Act =>
  ({ data }) =>
    nextState(state, data, actions);
const does = async (sim: VirtualSystem, pid: Pid, ...acts: Act[]): Promise<void> => {
  for (const act of acts) sim.cast<any, string>(pid, "act", act);
  await sim.idle();
};

/** What has come, without an event that would disturb: it is asked for at the end. */
const scenarios =
  (mode: (typeof MODES)[number]) =>
  (title: string, run: (sim: VirtualSystem, pid: Pid) => Promise<unknown>, log: readonly string[]): void => {
    test(`${title}, ${mode}`, () =>
      inVirtualTime({ time: "manual" }, async (sim) => {
        const pid = await start(sim, scripted(mode));
        await run(sim, pid);
        expect(await dataOf(sim, pid)).toEqual(log);
      }));
  };

for (const mode of MODES) {
  const scenario = scenarios(mode);

  scenario(
    "a state timeout comes after its time in the state, and other events do not disturb it",
    async (sim, pid) => {
      await does(sim, pid, keep({ stateTimeout: 10, content: "x" }), keep());
      await sim.advance(5);
      await does(sim, pid, keep());
      await sim.advance(4);
      sim.send<any>(pid, "not yet");
      await sim.advance(1);
    },
    ["info not yet", "stateTimeout x"],
  );

  scenario(
    "a state timeout is cancelled by a change of state, also at no time",
    async (sim, pid) => {
      await does(sim, pid, keep({ stateTimeout: 10 }), to("b"));
      await does(sim, pid, keep([{ stateTimeout: 0 }, { nextEvent: { type: "internal", content: to("c") } }]));
      await sim.advance(20);
    },
    [],
  );

  scenario(
    "a state timeout that is set with a change of state is the new state's",
    async (sim, pid) => {
      await does(sim, pid, keep({ stateTimeout: 5, content: "old" }), to("b", { stateTimeout: 10, content: "new" }));
      await sim.advance(10);
    },
    ["stateTimeout new"],
  );

  scenario(
    "a state timeout survives repeatState",
    async (sim, pid) => {
      await does(sim, pid, keep({ stateTimeout: 10 }), () => repeatStateAndData());
      await sim.advance(10);
    },
    ["stateTimeout"],
  );

  scenario(
    "an event timeout comes when no event does for its time",
    async (sim, pid) => {
      await does(sim, pid, keep({ eventTimeout: 10, content: "x" }));
      await sim.advance(10);
    },
    ["eventTimeout x"],
  );

  scenario(
    "an event timeout is cancelled by any event: a cast, a message, a timeout, a postponed one",
    async (sim, pid) => {
      await does(sim, pid, keep({ eventTimeout: 10 }), keep());
      await does(sim, pid, keep({ eventTimeout: 10 }));
      sim.send<any>(pid, "message");
      await sim.idle();
      await does(sim, pid, keep([{ eventTimeout: 10 }, { genericTimeout: 5, name: "t1" }]));
      await sim.advance(20);
      await does(sim, pid, keep([{ eventTimeout: 10 }]), keep({ postpone: true }));
      await sim.advance(20);
    },
    ["info message", "t1"],
  );

  scenario(
    "an event timeout of no time comes only if nothing is in line",
    async (sim, pid) => {
      await does(sim, pid, keep([{ eventTimeout: 0 }, { nextEvent: { type: "internal", content: 1 } }]));
      await does(sim, pid, keep([{ stateTimeout: 0 }, { eventTimeout: 0 }]));
      await does(sim, pid, keep({ eventTimeout: 0, content: "alone" }));
    },
    ["internal 1", "stateTimeout", "eventTimeout alone"],
  );

  scenario(
    "timeouts of no time come in the order in which they were asked for, before the mailbox",
    async (sim, pid) => {
      const all = [{ genericTimeout: 0, name: "t2" }, { eventTimeout: 0 }, { stateTimeout: 0 }];
      sim.cast<any, string>(pid, "act", keep(all));
      sim.send<any>(pid, "mailbox");
      await sim.idle();
    },
    ["t2", "stateTimeout", "info mailbox"],
  );

  scenario(
    "a generic timeout is cancelled neither by events nor by a change of state",
    async (sim, pid) => {
      await does(sim, pid, keep({ genericTimeout: 10, name: "t1", content: "x" }), keep(), to("b"), to("c"));
      await sim.advance(10);
    },
    ["t1 x"],
  );

  scenario(
    "generic timeouts run beside each other, one for each name; the last of a name counts",
    async (sim, pid) => {
      await does(
        sim,
        pid,
        keep([
          { genericTimeout: 5, name: "t1", content: "first" },
          { genericTimeout: 20, name: "t2" },
        ]),
        keep([
          { genericTimeout: 7, name: "t1", content: "second" },
          { genericTimeout: 10, name: "t1", content: "third" },
        ]),
      );
      await sim.advance(20);
    },
    ["t1 third", "t2"],
  );

  for (const [name, timeout] of [
    ["stateTimeout", (time: unknown, content?: string) => ({ stateTimeout: time, content })],
    ["eventTimeout", (time: unknown, content?: string) => ({ eventTimeout: time, content })],
    ["t1", (time: unknown, content?: string) => ({ genericTimeout: time, name: "t1", content })],
  ] as const) {
    for (const none of ["cancel", "infinity"]) {
      scenario(
        `${name} is ended by the time ${none}, also one of no time that is in line`,
        async (sim, pid) => {
          await does(sim, pid, keep(timeout(10)), keep({ ...timeout(none), content: undefined }));
          const end = { nextEvent: { type: "internal", content: keep(timeout(none)) } };
          await does(sim, pid, keep([timeout(0), end]));
          await does(sim, pid, keep(timeout(none)));
          await sim.advance(20);
        },
        [],
      );
    }

    scenario(
      `${name} that is not running comes at once when it is updated`,
      async (sim, pid) => {
        await does(sim, pid, keep(timeout("update", "new")));
      },
      [`${name} new`],
    );

    scenario(
      `${name} may be a moment instead of a time; a past one comes at once`,
      async (sim, pid) => {
        await sim.advance(100);
        const { content: _, ...past } = timeout(50);
        await does(sim, pid, keep({ ...past, abs: true, content: "past" }));
        await sim.advance(0);
        const { content: __, ...coming } = timeout(sim.now() + 10);
        await does(sim, pid, keep({ ...coming, abs: true, content: "coming" }));
        await sim.advance(9);
        expect(sim.processes().length).toBeGreaterThan(0);
        await sim.advance(1);
      },
      [`${name} past`, `${name} coming`],
    );

    scenario(
      `${name} that is set again in place of one of no time runs its time`,
      async (sim, pid) => {
        const again: Act = () => keepStateAndData(timeout(10, "again") as any);
        await does(sim, pid, keep([timeout(0, "lost"), { nextEvent: { type: "internal", content: again } }]));
        await sim.advance(10);
      },
      [`${name} again`],
    );
  }

  scenario(
    "an update changes what a timeout says, and not its time",
    async (sim, pid) => {
      await does(
        sim,
        pid,
        keep([
          { stateTimeout: 10, content: "old" },
          { genericTimeout: 20, name: "t1", content: "old" },
        ]),
      );
      await sim.advance(5);
      await does(
        sim,
        pid,
        keep([
          { stateTimeout: "update", content: "new" },
          { genericTimeout: "update", name: "t1", content: "new" },
        ]),
      );
      await sim.advance(5);
      sim.send<any>(pid, "between");
      await sim.advance(10);
    },
    ["stateTimeout new", "info between", "t1 new"],
  );

  scenario(
    "a timeout that is cancelled when it waits in the mailbox does not come",
    async (sim, pid) => {
      const gate = Promise.withResolvers<void>();
      await does(sim, pid, async () => {
        await gate.promise;
        return keepStateAndData();
      });
      // Behind the one that waits: by the time it is handled, the timeout has arrived behind it.
      await does(sim, pid, keep([{ stateTimeout: 10 }, { genericTimeout: 10, name: "t1", content: "old" }]));
      gate.resolve();
      await sim.idle();
      const slow = Promise.withResolvers<void>();
      await does(sim, pid, async ({ data }) => {
        await slow.promise;
        return nextState("b", data, { genericTimeout: "update", name: "t1", content: "updated" });
      });
      await sim.advance(20);
      slow.resolve();
      await sim.idle();
    },
    ["t1 updated"],
  );
}

for (const mode of MODES) {
  const scenario = scenarios(mode);

  scenario(
    "of two requests for one timeout the last counts, as if the other were not there: its place, and what it updates",
    async (sim, pid) => {
      await does(
        sim,
        pid,
        keep([
          { stateTimeout: 0, content: "lost" },
          { genericTimeout: 0, name: "t1" },
          { stateTimeout: "update", content: "last" },
        ]),
      );
      await does(sim, pid, keep([{ stateTimeout: 10 }, { stateTimeout: "update", content: "at once" }]));
    },
    ["t1", "stateTimeout last", "stateTimeout at once"],
  );

  scenario(
    "a timeout that waits in the mailbox when it is set again does not come in place of the new one",
    async (sim, pid) => {
      const gate = Promise.withResolvers<void>();
      await does(sim, pid, keep({ genericTimeout: 10, name: "t1", content: "old" }), async () => {
        await gate.promise;
        return keepStateAndData({ genericTimeout: 10, name: "t1", content: "new" });
      });
      await sim.advance(20);
      gate.resolve();
      await sim.idle();
      sim.send<any>(pid, "before");
      await sim.advance(10);
    },
    ["info before", "t1 new"],
  );

  scenario(
    "a timeout of no time that has come does not run any more",
    async (sim, pid) => {
      await does(sim, pid, keep({ genericTimeout: 0, name: "t1", content: "first" }));
      expect((await sys.getStatus(sim, pid)).status).toMatchObject({ timeouts: [] });
      await does(sim, pid, keep({ genericTimeout: "update", name: "t1", content: "second" }));
    },
    ["t1 first", "t1 second"],
  );
}

test("a state that is the same as a value is no change: nothing is retried, and the state timeout runs on", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const pid = await start(sim, scripted("by handleEvent", { init: () => nextState({ door: "open" }, []) }));
    let tries = 0;
    const wait: Act = () => {
      tries++;
      return keepStateAndData({ postpone: true });
    };
    const same: Act = ({ data }) => nextState({ door: "open" }, data);
    await does(sim, pid, wait, keep({ stateTimeout: 10 }), same);
    await sim.advance(10);
    expect([tries, await dataOf(sim, pid)]).toEqual([1, ["stateTimeout"]]);
  }));

test("a timeout dies with its machine", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, scripted("by states"));
    await does(sim, pid, keep([{ stateTimeout: 10 }, { eventTimeout: 10 }, { genericTimeout: 10, name: "t1" }]));
    await GenStatem.stop(sim, pid);
    expect(sim.leaks()).toEqual([]);
  }));

test("the name of a generic timeout may be any value", () =>
  inVirtualTime(async (sim) => {
    const names: unknown[] = [];
    const room = { name: "lobby" };
    const other: Act = ({ type }) => {
      names.push(type);
      return keepStateAndData();
    };
    const pid = await start(sim, scripted("by handleEvent", { other }));
    const set = [room, { name: "lobby" }, 5, pid].map((name) => ({ genericTimeout: 10, name }));
    await does(sim, pid, keep(set), keep({ genericTimeout: "cancel", name: room }));
    await sim.advance(10);
    expect(names).toEqual([{ name: "lobby" }, 5, pid]);
  }));
