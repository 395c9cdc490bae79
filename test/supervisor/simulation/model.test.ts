import {
  begin,
  predict,
  type SupervisorShape,
  supervisorShape,
  type WorkerShape,
  workerShape as worker,
} from "hornbeam/supervisor/simulation";
import { describe, expect, test } from "vitest";
import {
  crash,
  events,
  failStarts,
  ignoreStart,
  kill,
  normal,
  remove,
  restart,
  shutdown,
  terminate,
  there,
  upon,
  wait,
} from "./support.ts";

// The model by itself, against cases written by hand from OTP's rules.

type Flags = Partial<Omit<SupervisorShape, "type" | "id" | "children">>;
/** A tree of three workers. */
const three = (flags: Flags = {}, b: Partial<WorkerShape> = {}): SupervisorShape =>
  supervisorShape("app", [worker("a"), worker("b", b), worker("c")], flags);

test("children are started in their order, after their supervisor", () => {
  const tree = supervisorShape("app", [worker("a"), supervisorShape("s", [worker("x")]), worker("b")]);
  expect(events(begin(tree))).toEqual(["start app#1", "start a#1", "start s#1", "start s/x#1", "start b#1"]);
});

test("a state is not changed by what is predicted from it", () => {
  const { state } = begin(three());
  const copy = structuredClone(state);
  predict(state, kill("b"));
  expect(state).toEqual(copy);
});

describe("strategies", () => {
  test("oneForOne: only who ended is started again", () => {
    expect(events(upon(three(), kill("b")))).toEqual(["end b#1 killed", "start b#2"]);
  });
  test("oneForAll: the others are stopped, the last first, and all are started in order", () => {
    expect(events(upon(three({ strategy: "oneForAll" }), kill("b")))).toEqual([
      ...["end b#1 killed", "end c#1 shutdown", "end a#1 shutdown"],
      ...["start a#2", "start b#2", "start c#2"],
    ]);
  });
  test("restForOne: those behind it go with it", () => {
    expect(events(upon(three({ strategy: "restForOne" }), kill("b")))).toEqual([
      ...["end b#1 killed", "end c#1 shutdown", "start b#2", "start c#2"],
    ]);
  });
  test("temporary siblings that go with it do not come back", () => {
    const tree = three({ strategy: "oneForAll" }, { restart: "temporary" });
    expect(there(upon(tree, kill("a")))).toEqual(["app#1", "a#2", "c#2"]);
  });
  test("a child that was stopped by request is started with the others", () => {
    expect(there(upon(three({ strategy: "oneForAll" }), terminate("b"), kill("a")))).toEqual([
      ...["app#1", "a#2", "b#2", "c#2"],
    ]);
    expect(there(upon(three(), terminate("b"), kill("a")))).toEqual(["app#1", "a#2", "b stopped", "c#1"]);
  });
});

describe("restart types", () => {
  const outcomes = { crash, normal, shutdown, kill };
  test.for([
    ["permanent", { crash: "b#2", normal: "b#2", shutdown: "b#2", kill: "b#2" }],
    ["transient", { crash: "b#2", normal: "b stopped", shutdown: "b stopped", kill: "b#2" }],
    ["temporary", { crash: undefined, normal: undefined, shutdown: undefined, kill: undefined }],
  ] as const)("%s", ([type, expected]) => {
    for (const [how, fault] of Object.entries(outcomes)) {
      const tree = three({}, { restart: type });
      const b = expected[how as keyof typeof outcomes];
      expect(there(upon(tree, fault("b"))), how).toEqual(["app#1", "a#1", ...(b === undefined ? [] : [b]), "c#1"]);
    }
  });
});

describe("intensity", () => {
  const tree = (flags: Flags = {}): SupervisorShape =>
    supervisorShape("app", [supervisorShape("s", [worker("a")], { maxRestarts: 1, maxSeconds: 2, ...flags })]);

  test("as many restarts as allowed are made; one more, and the supervisor ends with shutdown, its children before it", () => {
    const prediction = upon(tree(), kill("s/a"), kill("s/a"));
    expect(prediction.gaveUp).toEqual(["app/s#1"]);
    expect(events(prediction)).toEqual([...["end s/a#2 killed", "end s#1 shutdown", "start s#2", "start s/a#3"]]);
  });
  test("none allowed: the first end is the supervisor's, too", () => {
    expect(upon(tree({ maxRestarts: 0 }), kill("s/a")).gaveUp).toEqual(["app/s#1"]);
  });
  test("a restart counts for as many whole seconds as it takes, and the second in which it was", () => {
    expect(upon(tree(), kill("s/a"), wait(2999), kill("s/a")).gaveUp).toEqual(["app/s#1"]);
    expect(upon(tree(), kill("s/a"), wait(3000), kill("s/a")).gaveUp).toEqual([]);
    expect(upon(tree(), wait(900), kill("s/a"), wait(2100), kill("s/a")).gaveUp).toEqual([]);
  });
  test("a restart with siblings counts once", () => {
    expect(upon(three({ strategy: "oneForAll", maxRestarts: 1 }), kill("a")).gaveUp).toEqual([]);
  });
  test("each start that fails counts; there is no wait between them", () => {
    expect(events(upon(three({ maxRestarts: 3 }), failStarts("b", 2), kill("b")))).toEqual([
      ...["end b#1 killed", "failed b", "failed b", "start b#2"],
    ]);
    const { gaveUp, state } = upon(three({ maxRestarts: 2 }), failStarts("b", 2), kill("b"));
    expect([gaveUp, state.root]).toEqual([["app#1"], undefined]);
  });
  test("a supervisor that is started again has restarted nothing yet", () => {
    const faults = [kill("s/a"), kill("s"), kill("s/a")];
    expect(upon(tree(), ...faults).gaveUp).toEqual([]);
  });
  test("a transient supervisor that gave up is not started again, a permanent one is", () => {
    const give = (type: "transient" | "permanent") => {
      const s = supervisorShape("s", [worker("a")], { maxRestarts: 0, restart: type });
      return there(upon(supervisorShape("app", [s]), kill("s/a")));
    };
    expect(give("transient")).toEqual(["app#1", "s stopped"]);
    expect(give("permanent")).toEqual(["app#1", "s#2", "s/a#2"]);
  });
  test("giving up goes on upwards", () => {
    const s = supervisorShape("s", [worker("a")], { maxRestarts: 0 });
    const { gaveUp, state } = upon(supervisorShape("app", [s], { maxRestarts: 0 }), kill("s/a"));
    expect(gaveUp).toEqual(["app/s#1", "app#1"]);
    expect(state.root).toBe(undefined);
  });
});

describe("restarts that fail", () => {
  test("oneForAll: the next attempt stops again who was started", () => {
    expect(events(upon(three({ strategy: "oneForAll" }), failStarts("b", 1), kill("a")))).toEqual([
      ...["end a#1 killed", "end c#1 shutdown", "end b#1 shutdown", "start a#2", "failed b"],
      ...["end a#2 shutdown", "start a#3", "start b#2", "start c#2"],
    ]);
  });
  test("restForOne: the next attempt begins with who failed", () => {
    expect(events(upon(three({ strategy: "restForOne" }), failStarts("b", 1), kill("a")))).toEqual([
      ...["end a#1 killed", "end c#1 shutdown", "end b#1 shutdown", "start a#2", "failed b", "start b#2", "start c#2"],
    ]);
  });
  test("ignored: the child stays, without a process", () => {
    expect(there(upon(three(), ignoreStart("b"), kill("b")))).toEqual(["app#1", "a#1", "b stopped", "c#1"]);
  });
  test("a supervisor whose child does not start stops those before it and fails; it is tried again", () => {
    const tree = supervisorShape("app", [supervisorShape("s", [worker("a"), worker("b")])]);
    expect(events(upon(tree, failStarts("s/b", 1), kill("s")))).toEqual([
      ...["end s#1 killed", "end s/a#1 killed", "end s/b#1 killed", "start s#2", "start s/a#2", "failed s/b"],
      ...["end s/a#2 shutdown", "end s#2 failedToStartChild", "start s#3", "start s/a#3", "start s/b#2"],
    ]);
  });
});

describe("administration", () => {
  test("a child that was terminated is there, stopped; a temporary one is not", () => {
    expect(there(upon(three(), terminate("b")))).toEqual(["app#1", "a#1", "b stopped", "c#1"]);
    expect(there(upon(three({}, { restart: "temporary" }), terminate("b")))).toEqual(["app#1", "a#1", "c#1"]);
  });
  test("terminating counts neither as a restart nor as the end of a significant child", () => {
    const tree = three({ maxRestarts: 0, autoShutdown: "anySignificant" }, { significant: true, restart: "transient" });
    expect(there(upon(tree, terminate("b")))).toEqual(["app#1", "a#1", "b stopped", "c#1"]);
  });
  test("only a stopped child is restarted or deleted", () => {
    const answers = [restart, remove].map((ask) => [
      upon(three(), ask("b")).answer,
      upon(three(), terminate("b"), ask("b")).answer,
      upon(three(), ask("x")).answer,
      upon(three(), kill("app"), ask("b")).answer,
    ]);
    expect(answers).toEqual([
      ["running", "ok", "notFound", "noProcess"],
      ["running", "ok", "notFound", "noProcess"],
    ]);
    expect(upon(three(), terminate("b"), terminate("b")).answer).toBe("ok");
  });
  test("a restart by request that fails is not tried again", () => {
    const prediction = upon(three(), terminate("b"), failStarts("b", 1), restart("b"));
    expect([prediction.answer, ...there(prediction)]).toEqual(["failed", "app#1", "a#1", "b stopped", "c#1"]);
  });
  test("a new child comes last; one that fails is not kept, one that is ignored is, if not temporary", () => {
    const add = (child = worker("d")) => ({ type: "startChild", path: "app", child }) as const;
    expect(there(upon(three(), add()))).toEqual(["app#1", "a#1", "b#1", "c#1", "d#1"]);
    expect(there(upon(three(), failStarts("d", 1), add()))).toHaveLength(4);
    expect(there(upon(three(), ignoreStart("d"), add()))).toContain("d stopped");
    expect(there(upon(three(), ignoreStart("d"), add(worker("d", { restart: "temporary" }))))).toHaveLength(4);
    expect(upon(three(), add(worker("b"))).answer).toBe("alreadyStarted");
    expect(upon(three(), terminate("b"), add(worker("b"))).answer).toBe("alreadyPresent");
  });
  test("a supervisor that is started again has the children of its spec only", () => {
    const tree = supervisorShape("app", [supervisorShape("s", [worker("a")])]);
    const add = { type: "startChild", path: "app/s", child: worker("x") } as const;
    expect(there(upon(tree, add))).toContain("s/x#1");
    expect(there(upon(tree, add, kill("s")))).toEqual(["app#1", "s#2", "s/a#2"]);
  });
});
