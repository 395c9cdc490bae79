import fc from "fast-check";
import { ok, type Self } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { fifo, simulate } from "hornbeam/simulation";
import { DynamicSupervisor, type Supervisor, supervisor } from "hornbeam/supervisor";
import {
  DeviationError,
  describeTree,
  type Fault,
  FaultCommand,
  Journal,
  runCommands,
  type SupervisorShape,
  supervisorShape,
  type TreeCommand,
  treeCommands,
  treeSpec,
  workerShape,
} from "hornbeam/supervisor/simulation";
import { describe, expect, test } from "vitest";

const Idle = { init: () => ok(0) } satisfies GenServer<number>;
/** Traps exits, and takes its time when it is told to stop. */
const Slow = {
  init: (_: undefined, self: Self) => {
    self.trapExit = true;
    return ok(0);
  },
  terminate: (_, __, self) => self.sleep(1500),
} satisfies GenServer<number>;

const Inner = {
  init: () => ({
    strategy: "restForOne",
    maxRestarts: 1,
    maxSeconds: 9,
    autoShutdown: "allSignificant",
    children: [
      child(Idle, { id: "x", restart: "transient", significant: true }),
      child(Slow, undefined, { id: "slow", shutdown: 3000 }),
    ],
  }),
} satisfies Supervisor;
const App = {
  init: () => ({
    strategy: "oneForOne",
    children: [
      child(Idle, { id: "a", restart: "temporary", shutdown: "brutalKill" }),
      DynamicSupervisor.child({ id: "pool" }),
      supervisor(Inner, { id: "inner", restart: "transient", shutdown: 60_000 }),
    ],
  }),
} satisfies Supervisor;
const app = supervisor(App, { id: "app" });

const SHAPE = supervisorShape("app", [
  workerShape("a", { restart: "temporary", shutdown: "brutalKill" }),
  workerShape("pool", { shutdown: "infinity" }),
  supervisorShape(
    "inner",
    [
      workerShape("x", { restart: "transient", significant: true }),
      workerShape("slow", { shutdown: 3000, stopTime: 1500 }),
    ],
    {
      ...{ strategy: "restForOne", maxRestarts: 1, maxSeconds: 9, autoShutdown: "allSignificant" },
      ...{ restart: "transient", shutdown: 60_000 },
    },
  ),
]);

/** The commands that are given, run on a tree. */
const given = (spec: typeof app, shape: SupervisorShape, ...commands: readonly TreeCommand[]) =>
  simulate({ seed: 1, schedules: 4 }, (sim) => runCommands(sim, spec, shape, commands));
const command = (fault: Fault) => new FaultCommand(fault);

describe("describeTree", () => {
  test("gives what specs and flags say; who has no children of its own is a worker", async () => {
    expect(await describeTree(app, { "app/inner/slow": 1500 })).toEqual(SHAPE);
  });
  test("refuses what it cannot describe, and says what", async () => {
    const backoff = {
      init: () => ({ strategy: "oneForOne", backoff: { first: 10 }, children: [] }),
    } satisfies Supervisor;
    await expect(describeTree(supervisor(backoff, { id: "b" }))).rejects.toThrow(
      "describeTree: expected restarts that do not wait, as in OTP, got: a backoff of 'b'",
    );
    const lazy = child(Idle, { id: "lazy", backoff: { first: 10 } });
    const one = { init: () => ({ strategy: "oneForOne", children: [lazy] }) } satisfies Supervisor;
    await expect(describeTree(supervisor(one))).rejects.toThrow("got: a backoff of 'lazy'");
    await expect(describeTree(child(Idle))).rejects.toThrow("describeTree: expected the spec of a supervisor");
    const ignored = { ...child(Idle, { id: "no" }), start: () => Promise.resolve("ignore" as const) };
    const two = { init: () => ({ strategy: "oneForOne", children: [ignored] }) } satisfies Supervisor;
    await expect(describeTree(supervisor(two))).rejects.toThrow("whose children are all up, got: 'no'");
  });
});

describe("commands", () => {
  test("a user's own tree does what the model predicts, while its workers take their time to stop", {
    timeout: 30_000,
  }, async () => {
    const names = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.commands(treeCommands(SHAPE), { size: "+1" }), async (commands) => {
        const seen = [...commands].map((each) => ({
          check: each.check.bind(each),
          run: (...both: Parameters<TreeCommand["run"]>) => {
            names.add(String(each).split(" ")[0] as string);
            return each.run(...both);
          },
        }));
        await simulate({ seed: 1, schedules: 3 }, (sim) => runCommands(sim, app, SHAPE, seen));
      }),
      { numRuns: 300, seed: 1 },
    );
    expect([...names].sort()).toEqual(["deleteChild", "end", "kill", "restartChild", "terminateChild", "wait"]);
  });

  test("starts fail and are ignored, and children are added, in a tree that keeps a journal", async () => {
    const shape = supervisorShape("app", [workerShape("a"), workerShape("b")]);
    const commands: readonly Fault[] = [
      { type: "failStarts", path: "app/a", times: 2 },
      { type: "kill", path: "app/a" },
      { type: "ignoreStart", path: "app/b" },
      { type: "kill", path: "app/b" },
      { type: "startChild", path: "app", child: workerShape("c") },
    ];
    await simulate({ seed: 1, schedules: 3 }, async (sim) => {
      const journal = new Journal(sim);
      await runCommands(sim, treeSpec(shape, journal), shape, commands.map(command), journal);
    });
    const bare = given(treeSpec(shape), shape, ...commands.map(command));
    await expect(bare).rejects.toThrow("failStarts: expected a tree that treeSpec made with a journal");
  });

  test("what nobody is there for is not run", () => {
    const [gone] = [command({ type: "kill", path: "app/a" })];
    const state = { now: 0, root: undefined, plans: {}, starts: {} };
    expect(gone?.check({ state })).toBe(false);
    expect(String(gone)).toBe("kill app/a");
  });

  test("a worker that takes its sibling along is told: the supervisor counts two restarts, the model one", async () => {
    const Linked = {
      init: (_: undefined, self: Self) => {
        const other = self.whereis({ name: "other" } as never);
        if (other !== undefined) self.link(other);
        return ok(0);
      },
    } satisfies GenServer<number>;
    const Pair = {
      init: () => ({
        strategy: "oneForOne",
        children: [child(Idle, { id: "a", name: { name: "other" } as never }), child(Linked, undefined, { id: "b" })],
      }),
    } satisfies Supervisor;
    const spec = supervisor(Pair, { id: "pair" });
    const shape = await describeTree(spec);
    const error = await given(spec, shape, command({ type: "kill", path: "pair/a" })).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DeviationError);
    expect(error.deviations).toEqual(["pair/b: expected untouched, got: restarted"]);
  });

  test("a schedule that breaks a tree is found, and shrinks", async () => {
    const error = await simulate({ seed: 1, strategy: fifo() }, (sim) =>
      runCommands(sim, app, { ...SHAPE, maxRestarts: 0 }, [command({ type: "kill", path: "app/pool" })]),
    ).catch((thrown) => thrown);
    expect(error.deviations).toContain("app: expected gone, got: untouched");
  });
});
