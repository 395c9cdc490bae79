import { error, name, onReport, type Pid, stop } from "hornbeam";
import { GenStatem, keepState, keepStateAndData, nextState, type StatemStatus, sys } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, events, puppet } from "../runtime/support.ts";
import { type Act, dataOf, MODES, scripted } from "./statem-support.ts";

const oops = new Error("oops");
const start: (...args: any[]) => Promise<Pid> = GenStatem.start;
const raise: Act = () => {
  throw oops;
};
const postpone: Act = () => keepStateAndData({ postpone: true });

for (const mode of MODES) {
  test(`sys.getState gives the state and the data, by pid and by name, also of a suspended machine, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode, { init: () => nextState("b", 5) }), undefined, { name: name("m") });
      expect([await sys.getState(sim, pid), await sys.getState(sim, name("m"))]).toEqual([
        { state: "b", data: 5 },
        { state: "b", data: 5 },
      ]);
      await sys.suspend(sim, pid);
      expect(await sys.getState(sim, pid)).toEqual({ state: "b", data: 5 });
    }));

  test(`sys.replaceState sets both; what throws or is no state leaves them, and is the asker's, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const entered: unknown[] = [];
      const enter: Act = ({ state }) => {
        entered.push(state);
        return keepStateAndData();
      };
      const pid = await start(sim, scripted(mode, { enter }));
      expect(await sys.replaceState(sim, pid, () => ({ state: "b", data: "new" }))).toEqual({
        state: "b",
        data: "new",
      });
      await expect(
        sys.replaceState(sim, pid, () => {
          throw oops;
        }),
      ).rejects.toBe(oops);
      await expect(sys.replaceState(sim, pid, () => ({ state: "c" }))).rejects.toThrow(/expected \{ state, data \}/);
      await expect(sys.replaceState(sim, pid, () => ({ data: "c" }))).rejects.toThrow(/expected \{ state, data \}/);
      await expect(sys.replaceState(sim, pid, () => "c")).rejects.toThrow(/expected \{ state, data \}, got: 'c'/);
      await sys.suspend(sim, pid);
      await sys.replaceState(sim, pid, ({ state, data }) => ({ state, data: `${data} again` }));
      await sys.resume(sim, pid);
      expect(await sys.getState(sim, pid)).toEqual({ state: "b", data: "new again" });
      expect(entered).toEqual(["a"]);
    }));

  test(`a suspended machine handles nothing, and everything in its order when it is resumed, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode));
      const note =
        (word: string): Act =>
        ({ data }) =>
          keepState([...data, word]);
      sim.cast<any, string>(pid, "act", () => keepStateAndData({ stateTimeout: 10 }));
      await sys.suspend(sim, pid);
      sim.cast<any, string>(pid, "act", note("1"));
      const call = dataOf(sim, pid);
      sim.cast<any, string>(pid, "act", note("2"));
      await sim.advance(1000);
      expect(await sys.getState(sim, pid)).toEqual({ state: "a", data: [] });
      await sys.resume(sim, pid);
      expect([await call, await dataOf(sim, pid)]).toEqual([["1"], ["1", "2", "stateTimeout"]]);
    }));

  test(`a system message is no event: it cancels no event timeout, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode));
      sim.cast<any, string>(pid, "act", () => keepStateAndData({ eventTimeout: 10 }));
      await sim.advance(5);
      await sys.getState(sim, pid);
      await sim.advance(5);
      expect(await dataOf(sim, pid)).toEqual(["eventTimeout"]);
    }));

  test(`a suspended machine stops when it is told to, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      const pid = await start(sim, scripted(mode));
      await sys.suspend(sim, pid);
      await GenStatem.stop(sim, pid, "shutdown");
      expect(died.get(pid)).toBe("shutdown");
    }));

  test(`sys.changeCode goes on with another module, whose codeChange says with which state and data, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const old = scripted(mode);
      const codeChange = ({ previous, extra }: any, state: any, data: any) =>
        nextState(state === "a" ? "b" : state, [previous === old, extra, ...data]);
      const pid = await start(sim, old);
      const next = scripted(mode, { more: { codeChange } });
      await expect(sys.changeCode(sim, pid, next)).rejects.toThrow(/expected a suspended process/);
      await sys.suspend(sim, pid);
      await sys.changeCode(sim, pid, next, "extra");
      expect(await sys.getState(sim, pid)).toEqual({ state: "b", data: [true, "extra"] });
      await sys.changeCode(sim, pid, old);
      expect(await sys.getState(sim, pid)).toEqual({ state: "b", data: [true, "extra"] });
      for (const [result, refused] of [
        [error("no"), { name: "CodeChangeError", reason: "no" }],
        [keepState(1), { name: "BadReturnValue" }],
        [nextState("a", 1, { postpone: true }), { name: "BadReturnValue" }],
      ] as const) {
        const bad = scripted(mode, { more: { codeChange: async () => result } });
        await expect(sys.changeCode(sim, pid, bad)).rejects.toMatchObject(refused);
      }
      await expect(sys.changeCode(sim, pid, {})).rejects.toThrow(/either states or handleEvent/);
      await sys.resume(sim, pid);
      expect(await dataOf(sim, pid)).toEqual([true, "extra"]);
    }));

  test(`a status shows what formatStatus makes of state, data, and what waits, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const formatStatus = (status: StatemStatus) => ({
        ...status,
        data: "secret",
        postponed: status.postponed.length as any,
      });
      const pid = await start(sim, scripted(mode, { more: { formatStatus } }), undefined, { name: name("m") });
      sim.cast<any, string>(pid, "act", postpone);
      sim.cast<any, string>(pid, "act", () =>
        keepStateAndData([
          { stateTimeout: 10, content: 1 },
          { genericTimeout: 20, name: "t1" },
        ]),
      );
      const { status, kind } = await sys.getStatus(sim, name("m"));
      expect([kind, status]).toEqual([
        "genstatem",
        {
          state: "a",
          data: "secret",
          queue: [],
          postponed: 1,
          timeouts: [{ stateTimeout: 1 }, { genericTimeout: "t1", content: undefined }],
        },
      ]);
    }));

  test(`a crash is told with the callback, the event, the client, the state and data, and what waited, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const crashes = events(sim, "process.crash");
      const pid = await start(sim, scripted(mode, { init: () => nextState("a", "data") }), undefined, { label: "m" });
      const caller = puppet(sim);
      await caller.does(async (self) => {
        self.cast<any, string>(pid, "act", postpone);
        self.cast<any, string>(pid, "act", () =>
          nextState("b", "new", [
            { postpone: true },
            { nextEvent: { type: "internal", content: postpone } },
            { stateTimeout: 10, content: "late" },
          ]),
        );
        await self.call<any, string>(pid, "act", raise).catch(() => {});
      });
      const callback = mode === "by states" ? "b.handleCall.act" : "handleEvent";
      expect(crashes).toMatchObject([
        {
          pid,
          label: `${pid} m`,
          reason: oops,
          doing: {
            callback,
            message: { call: "act", payload: raise, from: caller.pid },
            client: { pid: caller.pid },
            state: "b",
            data: "new",
            queue: [],
            postponed: [
              { internal: postpone },
              { cast: "act", payload: postpone },
              { cast: "act" },
              { internal: postpone },
            ],
            timeouts: [{ stateTimeout: "late" }],
          },
        },
      ]);
    }));

  test(`a crash report is redacted by formatStatus; one that throws hides everything but the reason, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const crashes = events(sim, "process.crash");
      const redact = (status: StatemStatus) => ({ ...status, data: "hidden", message: "hidden" });
      const fails = () => {
        throw new Error("format");
      };
      for (const formatStatus of [redact, fails]) {
        const pid = await start(sim, scripted(mode, { more: { formatStatus }, init: () => nextState("a", "secret") }));
        await sim.call<any, string>(pid, "act", raise).catch(() => {});
      }
      expect(crashes).toMatchObject([
        { reason: oops, doing: { state: "a", data: "hidden", message: "hidden" } },
        { reason: oops, doing: { state: expect.stringMatching("hidden"), data: expect.stringMatching("hidden") } },
      ]);
    }));

  test(`a crash in terminate is told as its own, with the reason that there was, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const crashes = events(sim, "process.crash");
      const pid = await start(sim, scripted(mode, { terminate: () => raise(undefined as never) }));
      sim.cast<any, string>(pid, "act", () => stop("first", []));
      await sim.idle();
      expect(crashes).toMatchObject([
        { reason: oops, doing: { callback: "terminate", message: "first", state: "a", data: [] } },
      ]);
    }));

  test(`sys.trace and sys.log tell the events as they came, and the replies, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode));
      await sys.log(sim, pid, true);
      const act: Act = () => keepStateAndData([{ reply: "answer" }, { stateTimeout: 10, content: "x" }]);
      await sim.call<any, string>(pid, "act", act);
      await sim.advance(10);
      expect(await sys.log(sim, pid, "get")).toMatchObject([
        { tag: "in", message: { call: "act", payload: act } },
        { tag: "out", value: "answer" },
        { tag: "in", message: { stateTimeout: "x" } },
      ]);
    }));

  test(`the reply of a stop is told to who traces, too, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode));
      const told: unknown[] = [];
      await sys.trace(sim, pid, (event) => void told.push(event));
      await sim.call<any, string>(pid, "act", () => stop("normal", [], "bye"));
      expect(told).toMatchObject([{ tag: "in" }, { tag: "out", value: "bye" }]);
    }));

  test(`hibernate runs when a callback has asked for it and nothing waits, and may make the data small, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      let slept = 0;
      const hibernate = (_: unknown, data: unknown[]) => {
        slept++;
        return keepState(data.slice(-1));
      };
      const pid = await start(
        sim,
        scripted(mode, { more: { hibernate }, init: () => nextState("a", [1, 2], { hibernate: true }) }),
      );
      await sim.idle();
      expect([await dataOf(sim, pid), slept]).toEqual([[2], 1]);
      const sleep: Act = ({ data }) => keepState([...data, 3], [{ hibernate: true }, { eventTimeout: 10 }]);
      sim.cast<any, string>(pid, "act", sleep);
      sim.cast<any, string>(pid, "act", () => keepStateAndData());
      await sim.idle();
      expect(slept).toBe(1);
      sim.cast<any, string>(pid, "act", sleep);
      await sim.advance(10);
      expect([await dataOf(sim, pid), slept]).toEqual([[3, "eventTimeout"], 2]);
    }));

  test(`hibernate does not run when who was answered has sent something already, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      let slept = 0;
      const hibernate = () => {
        slept++;
        return keepStateAndData();
      };
      const pid = await start(sim, scripted(mode, { more: { hibernate } }));
      await sim.call<any, string>(pid, "act", () => keepStateAndData([{ reply: 0 }, { hibernate: true }]));
      sim.cast<any, string>(pid, "act", () => keepStateAndData());
      await sim.idle();
      expect(slept).toBe(0);
    }));

  test(`with hibernateAfter it runs when no event has come for so long, once, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      let slept = 0;
      const hibernate = () => {
        slept++;
        return keepStateAndData();
      };
      const pid = await start(sim, scripted(mode, { more: { hibernate } }), undefined, { hibernateAfter: 10 });
      await sim.advance(5);
      await dataOf(sim, pid);
      await sim.advance(5);
      await sys.getState(sim, pid);
      await sim.advance(4);
      expect(slept).toBe(0);
      await sim.advance(1);
      expect(slept).toBe(1);
      await sim.advance(100);
      expect(slept).toBe(1);
      await dataOf(sim, pid);
      await sim.advance(10);
      expect(slept).toBe(2);
    }));

  test.each([
    ["a state", nextState("b", 1)],
    ["actions", keepState(1, { postpone: true })],
    ["a number", 5],
  ])(`a hibernate that returns %s ends the machine, ${mode}`, (_, result) =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      const init = () => nextState("a", 0, { hibernate: true });
      const pid = await start(sim, scripted(mode, { init, more: { hibernate: () => result } }));
      await sim.idle();
      expect((died.get(pid) as Error).message).toMatch(
        /hibernate returned .* expected keepState without actions, or stop/,
      );
    }),
  );

  test(`requests are sent now and their answers taken later, one by one or from a collection, ${mode}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await start(sim, scripted(mode));
      const answers: unknown[] = [];
      const caller = puppet(sim);
      await caller.does(async (self) => {
        const send = (act: Act): any => (GenStatem.sendRequest as any)(self, pid, "act", act);
        const say =
          (word: string): Act =>
          () =>
            keepStateAndData({ reply: word });
        const waits: Act = (at) => (at.state === "a" ? postpone(at) : say("of the postponed")(at));
        answers.push(await GenStatem.receiveResponse(self, send(say("at once"))));
        const requests = GenStatem.requestCollection<any, string>();
        requests.add(send(waits), "first").add(
          send(() => nextState("b", [], { reply: "of the other" })),
          "second",
        );
        while (requests.size > 0) answers.push(await GenStatem.receiveResponse(self, requests));
        answers.push(await GenStatem.receiveResponse(self, send(raise)));
      });
      expect(answers).toMatchObject([
        { tag: "reply", value: "at once" },
        { tag: "reply", value: "of the other", label: "second" },
        { tag: "reply", value: "of the postponed", label: "first" },
        { tag: "error", error: { reason: oops } },
      ]);
    }));
}

test("the report of a crash shows the state, the data, and what waited", () =>
  inVirtualTime(async (sim) => {
    const texts: string[] = [];
    onReport(sim.telemetry, (_, text) => texts.push(text));
    const pid = await start(sim, scripted("by states"), undefined, { label: "lock" });
    sim.cast<any, string>(pid, "act", () =>
      keepStateAndData([{ postpone: true }, { stateTimeout: 10, content: "late" }]),
    );
    sim.cast<any, string>(pid, "act", raise);
    await sim.idle();
    expect(texts[0]).toMatch(/lock crashed/);
    for (const line of [
      /in a\.handleCast\.act/,
      /state: 'a'/,
      /data: \[\]/,
      /postponed: \[ \{ cast: 'act'/,
      /timeouts: \[ \{ stateTimeout: 'late'/,
    ]) {
      expect(texts[0]).toMatch(line);
    }
    expect(texts[0]).not.toMatch(/^ {2}queue/m);
  }));
