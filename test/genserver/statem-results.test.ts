import { exit, type Pid, type Reason, reply, stop } from "hornbeam";
import { GenStatem, keepState, keepStateAndData, nextState, stopAndReply } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, events } from "../runtime/support.ts";
import { type Act, dataOf, MODES, scripted, stateOf } from "./statem-support.ts";

const oops = new Error("oops");
const start: (...args: any[]) => Promise<Pid> = GenStatem.start;
const act = (sim: any, pid: Pid, what: Act): Promise<any> => sim.call(pid, "act", what);

for (const mode of MODES) {
  test(`a result that is thrown counts as returned, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode));
      const thrown = await act(sim, pid, ({ data }) => {
        throw nextState("b", [...data, "thrown"], { reply: "answer" });
      });
      expect([thrown, await stateOf(sim, pid), await dataOf(sim, pid)]).toEqual(["answer", "b", ["thrown"]]);
    }));

  test(`replies go to who asked, and to others whose call was kept, in the order of the actions, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode));
      const order: unknown[] = [];
      const kept = act(sim, pid, ({ from }) => keepState([from])).then((value) => order.push(value));
      const own = act(sim, pid, ({ data }) =>
        keepStateAndData([{ reply: "to the first", to: data[0] }, { reply: "own" }]),
      );
      await Promise.all([kept, own.then((value) => order.push(value))]);
      expect(order).toEqual(["to the first", "own"]);
    }));

  test(`an answer may be given from anywhere, with GenStatem.reply, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode));
      const answer = act(sim, pid, ({ from }) => {
        GenStatem.reply(from, { large: "x".repeat(100_000) });
        return keepStateAndData();
      });
      expect((await answer).large).toHaveLength(100_000);
    }));

  test(`a call that is not answered in time fails with timeout; the late reply reaches nobody, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode));
      const delayed =
        (time: number): Act =>
        async ({ self }) => {
          await self.sleep(time);
          return keepStateAndData({ reply: "delayed" });
        };
      const caller = sim.with({ timeout: 10 });
      expect(await act(caller, pid, delayed(1))).toBe("delayed");
      await expect(act(caller, pid, delayed(100))).rejects.toMatchObject({ reason: "timeout" });
      await sim.advance(100);
      expect(await dataOf(sim, pid)).toEqual([]);
    }));

  test(`stopAndReply sends every reply, then terminates, then ends, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      const order: unknown[] = [];
      const terminate = async (reason: Reason, state: unknown, data: unknown, self: any) => {
        await self.sleep(10);
        order.push([reason, state, data]);
      };
      const pid = await start(sim, scripted(mode, { terminate }));
      const first = act(sim, pid, ({ from }) => nextState("b", [from])).then((value) => order.push(value));
      const second = act(sim, pid, ({ data }) =>
        stopAndReply("reason", [{ reply: "reply 1", to: data[0] }, { reply: "reply 2" }], "last data"),
      ).then((value) => order.push(value));
      await Promise.all([first, second]);
      await sim.advance(10);
      expect(order).toEqual(["reply 1", "reply 2", ["reason", "b", "last data"]]);
      expect(died.get(pid)).toBe("reason");
      await expect(act(sim, pid, () => 1)).rejects.toMatchObject({ reason: "noproc" });
    }));

  test(`stopAndReply without data keeps it; stop sends the value that it has, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const seen: unknown[] = [];
      const terminate = (reason: Reason, _: unknown, data: unknown) => void seen.push([reason, data]);
      const module = scripted(mode, { terminate, init: () => nextState("a", "kept") });
      expect(await act(sim, await start(sim, module), () => stopAndReply("normal", { reply: 1 }))).toBe(1);
      expect(await act(sim, await start(sim, module), () => stop("normal", "new", 2))).toBe(2);
      await expect(act(sim, await start(sim, module), () => stop("normal", "new"))).rejects.toMatchObject({
        reason: "normal",
      });
      expect(seen).toEqual([
        ["normal", "kept"],
        ["normal", "new"],
        ["normal", "new"],
      ]);
    }));

  test.for([
    ["a number", 42],
    ["nothing", undefined],
    ["a result of another behaviour", reply(1, 2)],
    ["a table", { tag: "nextState" }],
  ] as const)(`a callback that returns %s ends the machine with BadReturnValue, ${mode}`, ([, result]) =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      const pid = await start(sim, scripted(mode));
      const failed = await act(sim, pid, () => result).catch((error) => error);
      expect(failed.reason).toMatchObject({ name: "BadReturnValue", value: result });
      expect(failed.reason.message).toMatch(
        /^(a\.handleCall\.act|handleEvent) returned .* expected nextState, keepState, repeatState, stop or stopAndReply, got: /,
      );
      expect(died.get(pid)).toBe(failed.reason);
    }),
  );

  test.for<[string, any]>([
    ["what is none", { noSuch: "action" }],
    ["a word", "postpone"],
    ["nothing", [undefined]],
    ["two in one", { postpone: true, hibernate: true }],
    ["a key that does not belong to it", { postpone: true, content: 1 }],
    ["a reply to nobody", { reply: 1, to: "nobody" }],
    ["a reply whose `to` is undefined", { reply: 1, to: undefined }],
    ["a postpone that is neither true nor false", { postpone: "yes" }],
    ["a hibernate that is neither true nor false", { hibernate: 1 }],
    ["a time that is none", { stateTimeout: "soon" }],
    ["a time before now", { eventTimeout: -1 }],
    ["no time", { stateTimeout: undefined }],
    ["no number", { stateTimeout: Number.NaN }],
    ["a moment that is cancelled", { stateTimeout: "cancel", abs: true }],
    ["an abs that is neither true nor false", { stateTimeout: 5, abs: 1 }],
    ["a generic timeout without a name", { genericTimeout: 5 }],
    ["an event of no type", { nextEvent: { type: "enter", content: 1 } }],
    ["an event that is none", { nextEvent: null }],
    ["a call without its caller", { nextEvent: { type: "call", request: "act" } }],
    ["a cast without a request", { nextEvent: { type: "cast" } }],
    ["a generic timeout event without a name", { nextEvent: { type: "genericTimeout" } }],
    ["a module to return to, where there is none", { popCallbackModule: true }],
  ])(`an action that is %s ends the machine with BadAction, and the new state and data, ${mode}`, ([, action]) =>
    inVirtualTime(async (sim) => {
      const ends: unknown[] = [];
      const terminate = (_: unknown, state: unknown, data: unknown) => void ends.push([state, data]);
      const pid = await start(sim, scripted(mode, { terminate }));
      const failed = await act(sim, pid, () => nextState("b", "new", action)).catch((error) => error);
      expect(failed.reason).toMatchObject({ name: "BadAction" });
      expect(failed.reason.message).toMatch(
        /^(a\.handleCall\.act|handleEvent) asked for what it may not: expected an action, got: /,
      );
      expect(ends).toEqual([["b", "new"]]);
    }),
  );

  test(`what stands before a bad action is done, and what stands behind it is not, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode));
      const kept = act(sim, pid, ({ from }) => keepState([from]));
      const bad = act(sim, pid, ({ data }) =>
        keepStateAndData([{ reply: "done", to: data[0] }, { bad: 1 } as any, { reply: "not done" }]),
      );
      expect(await kept).toBe("done");
      await expect(bad).rejects.toMatchObject({ reason: { name: "BadAction" } });
    }));

  test(`stopAndReply with what is no reply ends the machine with BadAction, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode));
      const failed = await act(sim, pid, () => stopAndReply("normal", { postpone: true } as any)).catch((e) => e);
      expect(failed.reason.message).toMatch(/expected replies, got: \{ postpone: true \}/);
    }));

  test.for<[string, any]>([
    ["postpone", { postpone: true }],
    ["nextEvent", { nextEvent: { type: "internal", content: 1 } }],
    ["pushCallbackModule", { pushCallbackModule: scripted(mode) }],
    ["changeCallbackModule", { changeCallbackModule: scripted(mode) }],
    ["popCallbackModule", { popCallbackModule: true }],
    ["a reply without `to`", { reply: 1 }],
  ])(`%s may not be asked for at the entry of a state, ${mode}`, ([, action]) =>
    inVirtualTime(async (sim) => {
      const enter: Act = ({ state }) => (state === "b" ? keepStateAndData(action) : keepStateAndData());
      const pid = await start(sim, scripted(mode, { enter }));
      const failed = await act(sim, pid, () => nextState("b", [])).catch((error) => error);
      expect(failed.reason).toMatchObject({ name: "BadAction", action });
      expect(failed.reason.message).toMatch(
        /^(b\.handleEnter|handleEnter) asked for what it may not: expected a reply with `to`, a timeout or hibernate/,
      );
    }),
  );

  test(`a state may not be left at its entry, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const enter: Act = ({ state }) => nextState(state === "b" ? "c" : state, []);
      const pid = await start(sim, scripted(mode, { enter }));
      const failed = await act(sim, pid, () => nextState("b", [])).catch((error) => error);
      expect(failed.reason.message).toMatch(
        /handleEnter returned .* expected keepState, repeatState or stop, in the same/,
      );
    }));

  test.for<[string, Act, Reason]>([
    [
      "a throw",
      () => {
        throw oops;
      },
      oops,
    ],
    ["an exit", () => exit("left"), "left"],
  ])(`terminate sees the state and data from before %s, also at the entry of the next, ${mode}`, ([, fails, reason]) =>
    inVirtualTime(async (sim) => {
      const ends: unknown[] = [];
      const terminate = (why: unknown, state: unknown, data: unknown) => void ends.push([why, state, data]);
      const enter: Act = (at) => (at.state === "b" ? fails(at) : keepStateAndData());
      const module = scripted(mode, { terminate, enter, init: () => nextState("a", "before") });
      for (const bad of [fails, () => nextState("b", "after")]) {
        await expect(act(sim, await start(sim, module), bad)).rejects.toMatchObject({ reason });
      }
      expect(ends).toEqual([
        [reason, "a", "before"],
        [reason, "a", "before"],
      ]);
    }),
  );

  test.for<[string, () => unknown]>([
    ["goes on", () => nextState("b", [], [{ reply: "answer" }, { stateTimeout: 10 }])],
    ["stops", () => stop("normal", [], "answer")],
    ["throws", () => exit("oops")],
  ])(`what a machine that has killed itself returns counts for nothing: it %s, ${mode}`, ([, result]) =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      const ends: unknown[] = [];
      const pid = await start(sim, scripted(mode, { terminate: () => void ends.push("terminate") }));
      const call = act(sim, pid, ({ self }) => {
        self.exit(self.pid, "kill");
        return result();
      });
      await expect(call).rejects.toMatchObject({ reason: "killed" });
      expect([ends, died.get(pid), sim.leaks()]).toEqual([[], "killed", []]);
    }),
  );

  test(`a call's deadline travels with what the machine calls while it handles it, also postponed, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const [front, back] = [await start(sim, scripted(mode)), await start(sim, scripted(mode))];
      const pass: Act = async ({ self, state }) => {
        if (state === "a") return keepStateAndData({ postpone: true });
        const failed = await act(self, back, () => keepStateAndData()).catch((error) => error);
        ends.push([failed.reason, self.now()]);
        return keepStateAndData();
      };
      const ends: unknown[] = [];
      const call = act(sim.with({ deadline: 100 }), front, pass);
      sim.cast<any, string>(front, "act", () => nextState("b", []));
      await expect(call).rejects.toMatchObject({ reason: "timeout" });
      await sim.idle();
      expect(ends).toEqual([["timeout", 100]]);
    }));

  test(`a throw in terminate replaces the reason; a value that is thrown does not, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      for (const [thrown, last] of [
        [oops, oops],
        ["a ball", "first"],
      ]) {
        const terminate = () => {
          throw thrown;
        };
        const pid = await start(sim, scripted(mode, { terminate }));
        await expect(act(sim, pid, ({ data }) => stop("first", data))).rejects.toMatchObject({ reason: last });
        expect(died.get(pid)).toBe(last);
      }
    }));

  test(`a machine without a terminate ends as well, and an undefined function called in one is its error, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      const without = await start(sim, scripted(mode));
      const within = await start(sim, scripted(mode, { terminate: () => (undefined as any).missing() }));
      await GenStatem.stop(sim, without);
      await expect(GenStatem.stop(sim, within)).rejects.toMatchObject({ reason: { name: "TypeError" } });
      expect([died.get(without), (died.get(within) as Error).name]).toEqual(["normal", "TypeError"]);
    }));
}

const Door = {
  init: () => nextState("closed", 0),
  states: {
    closed: {
      handleCall: { open: () => nextState("open", 0, { reply: "opened" }) },
      handleCast: { ajar: () => nextState("ajar" as "open", 0) },
      handleGenericTimeout: { creak: () => keepStateAndData() },
    },
    open: {
      handleCast: {
        wait: () => keepStateAndData({ stateTimeout: 5 }),
        creak: () => keepStateAndData({ genericTimeout: 5, name: "creak" }),
      },
    },
  },
} satisfies GenStatem<"closed" | "open", number>;

test.for<[string, (by: any, pid: Pid) => unknown, RegExp]>([
  [
    "a call",
    (by, pid) => by.call(pid, "shut").catch(() => {}),
    /handleCall of .* in the state 'closed': expected open, got: 'shut'$/,
  ],
  ["a cast", (by, pid) => by.cast(pid, "shut"), /handleCast of .* in the state 'closed': expected ajar, got: 'shut'$/],
  [
    "a timeout",
    (by, pid) => by.call(pid, "open").then(() => by.cast(pid, "wait")),
    /handleStateTimeout of .* in the state 'open': expected a function, got: undefined$/,
  ],
  [
    "a generic timeout",
    (by, pid) => by.call(pid, "open").then(() => by.cast(pid, "creak")),
    /handleGenericTimeout of .* in the state 'open': expected nothing, got: 'creak'$/,
  ],
])("%s that a state does not have crashes the machine, and is told with what it has", ([, send, message]) =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const pid = await GenStatem.start(sim, Door);
    await send(sim, pid);
    await sim.advance(10);
    expect(died.get(pid)).toMatchObject({ name: "Undefined", message: expect.stringMatching(message) });
  }),
);

test("a state that the module does not have crashes the machine at its first event", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const pid = await GenStatem.start(sim, Door);
    sim.cast(pid, "ajar");
    await sim.idle();
    expect(died.has(pid)).toBe(false);
    sim.send<any>(pid, "anything");
    await sim.idle();
    expect((died.get(pid) as Error).message).toMatch(/expected a state of closed, open, got: 'ajar'$/);
  }));

test("a message that a state does not take is dropped, told, and an event: it cancels the event timeout", () =>
  inVirtualTime(async (sim) => {
    const dropped = events(sim, "genserver.unhandled");
    const Deaf = {
      init: () => nextState("a", 0, { eventTimeout: 10 }),
      states: { a: {} },
    } satisfies GenStatem<"a", number>;
    const pid = await GenStatem.start(sim, Deaf);
    sim.send<any>(pid, "hello");
    await sim.advance(20);
    expect(dropped).toMatchObject([{ pid, message: "hello" }]);
    expect(sim.isAlive(pid)).toBe(true);
  }));

test("modules are changed, pushed and popped; the one on top handles, and one too many is popped never", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const who = (answer: string): object => ({
      states: {
        a: {
          handleCall: {
            who: () => keepStateAndData({ reply: answer }),
            act: (act: () => any) => keepStateAndData([...act(), { reply: answer }]),
          },
        },
      },
    });
    const [first, second, third] = [who("first"), who("second"), who("third")];
    const byEvent = {
      handleEvent: (event: any) => keepStateAndData([...(event.payload?.() ?? []), { reply: "event" }]),
    };
    const pid = await start(sim, { ...first, init: () => nextState("a", 0) });
    const does = (action: object) => sim.call<any, string>(pid, "act", () => [action]);
    const said = async () => sim.call<any, string>(pid, "who");
    const heard: unknown[] = [await said()];
    for (const action of [
      { pushCallbackModule: second },
      { changeCallbackModule: third },
      { pushCallbackModule: byEvent },
      { popCallbackModule: true },
      { popCallbackModule: true },
    ]) {
      await does(action);
      heard.push(await said());
    }
    expect(heard).toEqual(["first", "second", "third", "event", "third", "first"]);
    await does({ popCallbackModule: true }).catch(() => {});
    expect(died.get(pid)).toMatchObject({ name: "BadAction", action: { popCallbackModule: true } });
  }));

test("a module that is none ends the machine that asked for it", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, scripted("by states"));
    const failed = await act(sim, pid, () => keepStateAndData({ pushCallbackModule: {} as any })).catch((e) => e);
    expect(failed.reason).toMatchObject({ name: "BadArgument" });
    expect(failed.reason.message).toMatch(/either states or handleEvent/);
  }));

test.each<[string, any]>([
  ["an object without a text", Object.create(null)],
  ["a symbol", Symbol("odd")],
  ["nothing", undefined],
])("a state of the table that is %s ends the machine as any that is not there, and terminate runs", (_, odd) =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const terminated: unknown[] = [];
    const Odd = {
      init: () => nextState("even" as any, 0),
      states: {
        even: {
          handleCast: { go: (_: unknown, data: number) => nextState(odd, data, { genericTimeout: 5, name: odd }) },
        },
      },
      terminate: (reason: unknown) => void terminated.push(reason),
    } satisfies GenStatem<any, number>;
    const pid: Pid = await GenStatem.start(sim, Odd);
    (sim as any).cast(pid, "go");
    await sim.idle();
    await sim.advance(5);
    expect(died.get(pid)).toMatchObject({ name: "Undefined" });
    expect(terminated).toEqual([died.get(pid)]);
  }),
);
