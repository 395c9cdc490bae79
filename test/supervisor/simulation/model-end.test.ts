import {
  begin,
  predict,
  type SupervisorShape,
  supervisorShape,
  workerShape as worker,
} from "hornbeam/supervisor/simulation";
import { describe, expect, test } from "vitest";
import { crash, events, kill, normal, shutdown, terminate, there, upon } from "./support.ts";

// The model by itself: how children are stopped, and what significant ones take along.

describe("shutdown", () => {
  const slow = (time: number, patience: number | "infinity" | "brutalKill") =>
    upon(supervisorShape("app", [worker("a", { stopTime: time, shutdown: patience })]), terminate("a"));

  test("a child has as long as its spec says, and is killed then", () => {
    expect(events(slow(400, 500))).toEqual(["400: end a#1 shutdown"]);
    expect(events(slow(600, 500))).toEqual(["500: end a#1 killed"]);
    expect(events(slow(99_000, "infinity"))).toEqual(["99000: end a#1 shutdown"]);
    expect(events(slow(400, "brutalKill"))).toEqual(["end a#1 killed"]);
  });

  test("children are stopped one after the other, the last first: their times add up", () => {
    const tree = supervisorShape("app", [worker("a", { stopTime: 30 }), worker("b"), worker("c", { stopTime: 70 })]);
    expect(events(upon(tree, shutdown("app")))).toEqual([
      ...["70: end c#1 shutdown", "70: end b#1 shutdown", "100: end a#1 shutdown", "100: end app#1 shutdown"],
    ]);
  });

  test("a child that stops by itself takes its time, too", () => {
    const tree = supervisorShape("app", [worker("a", { stopTime: 30 })]);
    expect(events(upon(tree, crash("a")))).toEqual(["30: end a#1 crash", "30: start a#2"]);
  });

  test("a restart that has to stop others first counts when it is decided, the next one later", () => {
    const children = [worker("a"), worker("b", { stopTime: 1000, shutdown: "infinity" })];
    const tree = supervisorShape("app", children, { strategy: "oneForAll", maxRestarts: 1, maxSeconds: 1 });
    const { state } = begin(tree);
    const first = predict(state, kill("a"));
    expect(first.state.now).toBe(1000);
    expect(predict(first.state, kill("a")).gaveUp).toEqual(["app#1"]);
    const later = predict(first.state, { type: "wait", time: 1000 });
    expect(predict(later.state, kill("a")).gaveUp).toEqual([]);
  });
});

describe("a supervisor that is killed can stop nobody", () => {
  const tree = (patience: SupervisorShape["shutdown"]): SupervisorShape =>
    supervisorShape("app", [
      supervisorShape(
        "s",
        [
          worker("plain"),
          worker("slow", { stopTime: 50 }),
          supervisorShape("deep", [worker("x", { stopTime: 10 }), worker("y", { stopTime: 20 })]),
          worker("last", { stopTime: 400 }),
        ],
        { shutdown: patience },
      ),
    ]);

  test("who does not trap exits is killed with it, the others end in order, beside what goes on", () => {
    const prediction = upon(tree("infinity"), kill("s"));
    expect(events(prediction).slice(0, 7)).toEqual([
      ...["end s#1 killed", "end s/plain#1 killed", "50: end s/slow#1 killed"],
      ...["20: end s/deep/y#1 shutdown", "30: end s/deep/x#1 shutdown", "30: end s/deep#1 killed"],
      "400: end s/last#1 killed",
    ]);
    expect(events(prediction)[7]).toBe("start s#2");
    expect(prediction.state.now).toBe(400);
    const lines = Object.groupBy(prediction.entries, ({ line }) => line);
    expect(Object.keys(lines)).toEqual(["tree", "app/s/plain#1", "app/s/slow#1", "app/s/deep#1", "app/s/last#1"]);
  });

  test("one that is not done in time is killed; who was being stopped goes on, without a limit", () => {
    expect(events(upon(tree(301), terminate("s")))).toEqual([
      ...["400: end s/last#1 shutdown", "301: end s#1 killed", "301: end s/plain#1 killed"],
      "351: end s/slow#1 killed",
      ...["321: end s/deep/y#1 shutdown", "331: end s/deep/x#1 shutdown", "331: end s/deep#1 killed"],
    ]);
  });

  test("brutalKill is no time at all", () => {
    const [first, second] = upon(tree("brutalKill"), terminate("s")).entries;
    expect([first, second]).toMatchObject([
      { name: "app/s#1", reason: "killed", at: 0 },
      { name: "app/s/plain#1", at: 0 },
    ]);
  });
});

describe("significant children", () => {
  const tree = (
    autoShutdown: SupervisorShape["autoShutdown"],
    restart: "transient" | "temporary" = "transient",
  ): SupervisorShape => {
    const significant = { significant: true, restart };
    const children = [worker("a", significant), worker("b", significant), worker("c")];
    return supervisorShape("app", [supervisorShape("s", children, { autoShutdown, restart: "temporary" })]);
  };
  const ended = ["app#1"];

  test("anySignificant: the first that ends for good takes the supervisor along, which ends with shutdown", () => {
    const prediction = upon(tree("anySignificant"), normal("s/a"));
    expect(prediction.autoShutdowns).toEqual(["app/s#1"]);
    expect(events(prediction)).toEqual([
      ...["end s/a#1 normal", "end s/c#1 shutdown", "end s/b#1 shutdown", "end s#1 shutdown"],
    ]);
    expect(there(prediction)).toEqual(ended);
  });
  test("allSignificant: the last one does", () => {
    expect(there(upon(tree("allSignificant"), normal("s/a")))).toHaveLength(5);
    expect(there(upon(tree("allSignificant"), normal("s/a"), normal("s/b")))).toEqual(ended);
    expect(there(upon(tree("allSignificant"), terminate("s/a"), normal("s/b")))).toEqual(ended);
  });
  test("a transient one that crashes is started again; a temporary one ends for good however it ends", () => {
    expect(there(upon(tree("anySignificant"), crash("s/a")))).toContain("s/a#2");
    expect(there(upon(tree("anySignificant", "temporary"), crash("s/a")))).toEqual(ended);
  });
  test("others that end mean nothing", () => {
    expect(there(upon(tree("anySignificant"), normal("s/c")))).toContain("s/c#2");
  });
  test("one that is stopped with its siblings means nothing", () => {
    const children = [worker("a"), worker("b", { significant: true, restart: "temporary" })];
    const all = supervisorShape("app", children, { strategy: "oneForAll", autoShutdown: "anySignificant" });
    expect(there(upon(all, kill("a")))).toEqual(["app#1", "a#2"]);
  });
  test("a supervisor that is significant itself takes its own along", () => {
    const inner = { ...tree("anySignificant").children[0], restart: "transient", significant: true } as SupervisorShape;
    const { autoShutdowns, state } = upon(
      supervisorShape("app", [inner], { autoShutdown: "anySignificant" }),
      normal("s/a"),
    );
    expect(autoShutdowns).toEqual(["app/s#1", "app#1"]);
    expect(state.root).toBe(undefined);
  });
});

test("the root has nobody to start it again: when it ends, all is over, and nothing happens any more", () => {
  const tree = supervisorShape("app", [worker("a")]);
  for (const fault of [kill("app"), normal("app"), crash("app")]) {
    const { state } = upon(tree, fault);
    expect(state.root).toBe(undefined);
    expect(predict(state, kill("a"))).toMatchObject({ answer: "noProcess", entries: [] });
  }
});
