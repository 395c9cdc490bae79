import type { From, Pid } from "hornbeam";
import {
  GenStatem,
  keepState,
  keepStateAndData,
  nextState,
  repeatState,
  repeatStateAndData,
  sys,
} from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { events, puppet } from "../runtime/support.ts";
import { type Act, type At, dataOf, MODES, scripted, stateOf } from "./statem-support.ts";
import { WAYS, ways } from "./support.ts";

const start: (...args: any[]) => Promise<Pid> = GenStatem.start;
const postpone: Act = ({ state, data }) =>
  state === "a" ? keepStateAndData({ postpone: true }) : keepState([...data, "postponed"]);
const to =
  (state: string, actions: any = []): Act =>
  ({ data }) =>
    nextState(state, data, actions);
const note =
  (word: string): Act =>
  ({ data }) =>
    keepState([...data, word]);

for (const mode of MODES) {
  /** Sends acts at once, so that they wait in line together. */
  const burst = async (sim: any, pid: Pid, ...acts: Act[]): Promise<void> => {
    for (const act of acts) sim.cast(pid, "act", act);
    await sim.idle();
  };

  test(`inserted events come in their order, before what waits, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode));
      const insert = ["a", "b", "c"].map((content) => ({ nextEvent: { type: "internal", content } }) as const);
      await burst(sim, pid, to("b", insert), note("waited"));
      expect(await dataOf(sim, pid)).toEqual(["internal a", "internal b", "internal c", "waited"]);
    }));

  test(`an event that was postponed comes again when the state has changed, and not before, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode));
      await burst(sim, pid, postpone, note("1"), to("a"), note("2"), to("b"), note("3"));
      expect(await dataOf(sim, pid)).toEqual(["1", "2", "postponed", "3"]);
    }));

  test(`a postponed event that changes the state itself is retried once, after what was inserted, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode));
      const leave: Act = ({ state, data }) =>
        state === "b"
          ? keepState([...data, "left"])
          : nextState("b", data, [{ postpone: true }, { nextEvent: { type: "internal", content: "first" } }]);
      await burst(sim, pid, leave);
      expect(await dataOf(sim, pid)).toEqual(["internal first", "left"]);
    }));

  test(`the last postpone of a list counts, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode));
      let times = 0;
      const twice: Act = () => {
        times++;
        return nextState("b", [], [{ postpone: true }, { postpone: false }]);
      };
      await burst(sim, pid, twice);
      expect(times).toBe(1);
    }));

  test(`the order is: inserted, postponed as they came, timeouts of no time, mailbox, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode));
      const later =
        (word: string): Act =>
        (at) =>
          at.state === "a" ? keepStateAndData({ postpone: true }) : note(word)(at);
      const go = to("b", [
        { nextEvent: { type: "internal", content: 1 } },
        { nextEvent: { type: "internal", content: 2 } },
        { stateTimeout: 0 },
        { genericTimeout: 0, name: "t1" },
        // Cancelled by the events before it.
        { eventTimeout: 0 },
      ]);
      await burst(sim, pid, later("p1"), later("p2"), go, note("mailbox"));
      expect(await dataOf(sim, pid)).toEqual(["internal 1", "internal 2", "p1", "p2", "stateTimeout", "t1", "mailbox"]);
    }));

  test(`every type of event can be inserted, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode));
      const told: unknown[] = [];
      const tell: Act = ({ type, state }) => {
        told.push([type, state]);
        return keepStateAndData();
      };
      const answer = sim.call<any, string>(pid, "act", ({ from }: At) =>
        nextState("b", 0, [
          { nextEvent: { type: "cast", request: "act", payload: tell } },
          { nextEvent: { type: "info", content: tell } },
          { nextEvent: { type: "internal", content: tell } },
          { nextEvent: { type: "stateTimeout", content: tell } },
          { nextEvent: { type: "eventTimeout", content: tell } },
          { nextEvent: { type: "genericTimeout", name: "t1", content: tell } },
          {
            nextEvent: {
              type: "call",
              request: "act",
              payload: () => keepStateAndData({ reply: "from the inserted call" }),
              from,
            },
          },
        ]),
      );
      expect(await answer).toBe("from the inserted call");
      const types = ["cast", "info", "internal", "stateTimeout", "eventTimeout", "t1"];
      expect(told).toEqual(types.map((type) => [type, "b"]));
    }));

  test(`an endless row of inserted events starves nobody else, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode));
      let rounds = 0;
      let going = true;
      const again: Act = () => {
        rounds++;
        return going ? keepStateAndData({ nextEvent: { type: "internal", content: again } }) : keepStateAndData();
      };
      sim.cast<any, string>(pid, "act", again);
      const other = puppet(sim);
      sim.send(other.pid, () => {
        going = false;
      });
      await sim.idle();
      expect(rounds).toBeGreaterThan(1);
      expect(other.inbox).toEqual([]);
    }));

  test(`a state is entered at the start, at each change, and at repeatState, and not otherwise, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const entered: unknown[] = [];
      const enter: Act = ({ content, state, data }) => {
        entered.push([content, state]);
        return keepState([...data, `entered ${state}`]);
      };
      const pid = await start(sim, scripted(mode, { enter }));
      await burst(
        sim,
        pid,
        to("a"),
        () => keepStateAndData(),
        to("b"),
        (at) => repeatState(at.data),
      );
      await burst(sim, pid, () => repeatStateAndData(), to("a"));
      expect(entered).toEqual([
        ["a", "a"],
        ["a", "b"],
        ["b", "b"],
        ["b", "b"],
        ["b", "a"],
      ]);
      expect(await dataOf(sim, pid)).toEqual(["entered a", "entered b", "entered b", "entered b", "entered a"]);
    }));

  test(`the entry of a state comes before the events of the transition, and may set timeouts and reply, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      let caller: From | undefined;
      const enter: Act = ({ data, state }) =>
        keepState(
          [...data, `entered ${state}`],
          [{ stateTimeout: 10 }, ...(caller === undefined ? [] : [{ reply: "entered", to: caller }])],
        );
      const pid = await start(sim, scripted(mode, { enter }));
      const call = sim.call<any, string>(pid, "act", ({ from, data }: At) => {
        caller = from;
        return nextState("b", data, { nextEvent: { type: "internal", content: 1 } });
      });
      expect(await call).toBe("entered");
      await sim.advance(10);
      expect(await dataOf(sim, pid)).toEqual(["entered a", "entered b", "internal 1", "stateTimeout"]);
    }));

  test(`repeatState neither retries what was postponed nor cancels the state timeout, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode));
      await burst(sim, pid, postpone, to("a", { stateTimeout: 10 }), ({ data }) => repeatState(data));
      await sim.advance(10);
      expect(await dataOf(sim, pid)).toEqual(["stateTimeout"]);
    }));

  for (const way of WAYS) {
    test(`a callback may take its time, and events wait meanwhile, ${way}, ${mode}`, () =>
      inVirtualTime(async (sim) => {
        const enter: Act = ({ data }) => ways[way](() => keepState([...data, "entered"]));
        const pid = await start(sim, scripted(mode, { enter, init: () => ways[way](() => nextState("a", [])) }));
        const act: Act = ({ data }) =>
          ways[way](() => nextState("b", [...data, "acted"], { nextEvent: { type: "internal", content: 1 } }));
        await burst(sim, pid, act, note("after"));
        expect(await dataOf(sim, pid)).toEqual(["entered", "acted", "entered", "internal 1", "after"]);
      }));
  }

  test(`a machine that is killed in the middle of a callback does nothing more, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const zombies = events(sim, "process.zombie");
      const pid = await start(sim, scripted(mode));
      const gate = Promise.withResolvers<void>();
      const call = sim.call<any, string>(pid, "act", async () => {
        await gate.promise;
        return nextState("b", [], [{ reply: "too late" }, { stateTimeout: 10 }]);
      });
      await sim.idle();
      sim.kill(pid);
      gate.resolve();
      await expect(call).rejects.toMatchObject({ reason: "killed" });
      await sim.idle();
      expect(zombies.map(({ operation }) => operation)).toEqual(["settle"]);
    }));
}

test("states that are arrays or plain objects are the same when what is in them is", () =>
  inVirtualTime(async (sim) => {
    const entered: unknown[] = [];
    const enter: Act = ({ state }) => {
      entered.push(state);
      return keepStateAndData();
    };
    const pid = await start(
      sim,
      scripted("by handleEvent", { enter, init: () => nextState({ door: ["open", 1] }, 0) }),
    );
    const map = new Map();
    for (const state of [
      { door: ["open", 1] },
      { door: ["open", 2] },
      { door: ["open", 2], lamp: 1 },
      { door: ["open", 2] },
      map,
      map,
      new Map(),
      Number.NaN,
      Number.NaN,
    ]) {
      await sim.call<any, string>(pid, "act", () => nextState(state, 0, { reply: 0 }));
    }
    expect(entered).toEqual([
      { door: ["open", 1] },
      { door: ["open", 2] },
      { door: ["open", 2], lamp: 1 },
      { door: ["open", 2] },
      map,
      new Map(),
      Number.NaN,
    ]);
    expect(await stateOf(sim, pid)).toBeNaN();
  }));

test("a state without an entry for an event uses the module's own", () =>
  inVirtualTime(async (sim) => {
    const Common = {
      init: () => nextState("a", 0),
      states: {
        a: { handleCall: { who: () => keepStateAndData({ reply: "a" }) } },
        b: {},
      },
      handleInfo: (by: number, sum) => keepState(sum + by),
      handleCall: { who: () => keepStateAndData({ reply: "anybody" }), go: () => nextState("b", 0, { reply: "gone" }) },
    } satisfies GenStatem<"a" | "b", number>;
    const pid = await GenStatem.start(sim, Common);
    expect([await sim.call(pid, "who"), await sim.call(pid, "go"), await sim.call(pid, "who")]).toEqual([
      "a",
      "gone",
      "anybody",
    ]);
    sim.send(pid, 5);
    expect(await sys.getState(sim, pid)).toEqual({ state: "b", data: 5 });
  }));
