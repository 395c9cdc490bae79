import { checkCount, checkOptions } from "../checks.ts";
import { BadArgument } from "../errors.ts";
import { show } from "../inspect.ts";
import type { Passing } from "../passing.ts";
import { Constrained } from "./constraints.ts";
import { SimulationError } from "./failure.ts";
import { checkFaults, type Faults, NO_FAULTS, type Plan, PlannedFaults, RandomFaults } from "./faults.ts";
import { checkAllowed, guard, type Uncontrolled } from "./guards.ts";
import { minimise } from "./minimise.ts";
import { explain } from "./report.ts";
import { type Run, type RunOptions, run, type Test } from "./run.ts";
import { read, type Script } from "./script.ts";
import { Path, type Search, type Strategy, standard } from "./strategy.ts";
import { Waits } from "./waits.ts";

export interface SimulateOptions {
  /** Decides the schedules and what `random()` gives. Default: a new one each time, which a failure prints. */
  readonly seed?: number;
  /** How many schedules are tried. Default 200. */
  readonly schedules?: number;
  /** How they are made. Default {@link standard}. */
  readonly strategy?: Search;
  /** What may go wrong besides, at random; not with `exhaustive()`. Default: nothing. The first run has no faults. */
  readonly faults?: Faults;
  /** One run under the order constraints and faults that a failure printed, with its `seed`, instead of a search. */
  readonly replay?: string;
  /** How many events one run may have. Default 100,000. */
  readonly steps?: number;
  /** Globals that processes may use although the simulator does not control them. Default: none. */
  readonly allow?: readonly Uncontrolled[];
  /** What becomes of the data in messages, as the option of `system`. Default `"share"`. */
  readonly messages?: Passing;
}

/** What a search that found nothing has seen. */
export interface Explored {
  readonly seed: number;
  readonly schedules: number;
  /** Of all runs together. */
  readonly steps: number;
  /** Whether there is no other schedule (`exhaustive()`, `fifo()`). */
  readonly complete: boolean;
}

/** One run in so many is repeated, and must be the same. */
const REPEATED = 20;

/**
 * Runs a test in a simulated system, again and again, each time under another schedule: another order of what the rules of
 * OTP leave open. Fails with the smallest schedule that breaks it. The system is stopped after each run, and nothing may be
 * left of it.
 *
 * @example
 * await simulate({ schedules: 50 }, async (sim) => {
 *   const counter = await start(sim, Counter, 0);
 *   await sim.all([1, 2].map(() => sim.spawn((self) => self.call(counter, "add", 1))));
 *   expect(await sim.call(counter, "add", 0)).toBe(2);
 * });
 */
export async function simulate(test: Test): Promise<Explored>;
export async function simulate(options: SimulateOptions, test: Test): Promise<Explored>;
export async function simulate(...args: [Test] | [SimulateOptions, Test]): Promise<Explored> {
  const [options, test] = args.length === 1 ? [{}, args[0]] : args;
  const session = new Session(options, test);
  const release = guard();
  try {
    return await session.search();
  } finally {
    release();
  }
}

class Session {
  private readonly test: Test;
  private readonly seed: number;
  private readonly schedules: number;
  private readonly strategy: Search;
  private readonly faults: Faults | undefined;
  private readonly script: Script | undefined;
  private length = 1;
  private readonly fixed: Pick<RunOptions, "steps" | "messages" | "allowed">;
  private steps = 0;

  constructor(options: SimulateOptions, test: Test) {
    const {
      schedules = 200,
      strategy = standard(),
      steps = 100_000,
      messages = "share",
      allow = [],
    } = checkOptions("simulate", options);
    const { seed = Math.floor(Math.random() * 2 ** 31) } = options;
    checkCount("simulate: schedules", schedules);
    checkCount("simulate: steps", steps);
    if (!Number.isInteger(seed))
      throw new BadArgument(`simulate: expected seed to be a whole number, got: ${show(seed)}`);
    this.test = test;
    this.seed = seed;
    this.schedules = schedules;
    this.script = options.replay === undefined ? undefined : read(options.replay);
    this.strategy = this.script === undefined ? strategy : replaying(this.script);
    this.faults = options.faults && checkFaults(options.faults);
    if (this.faults !== undefined && strategy.name === "exhaustive()") {
      throw new BadArgument("simulate: expected faults without exhaustive(), which needs every run to have the same");
    }
    this.fixed = { steps, messages, allowed: checkAllowed(allow) };
  }

  async search(): Promise<Explored> {
    const supply = this.strategy.begin();
    for (let i = 0; i < this.schedules; i++) {
      const seed = this.seed + i;
      const strategy = supply.next(seed, this.length);
      if (strategy === undefined) return this.explored(i, true);
      // A script speaks of events by their names.
      const found = await this.run(seed, strategy, this.planOf(seed), this.script !== undefined);
      this.steps += found.machine.journal.steps;
      if (found.failure !== undefined) throw await this.explain(found, i);
      if (i % REPEATED === 0 && found.machine.exact) await this.repeat(found);
      if (i === 0) this.length = Math.max(1, found.machine.journal.steps);
    }
    return this.explored(this.schedules, supply.next(0, 1) === undefined);
  }

  private run(seed: number, strategy: Strategy, plan: Plan, named: boolean): Promise<Run> {
    return run(this.test, { seed, strategy, plan, named, ...this.fixed });
  }

  /** The same for the same seed. The first run has no faults: it shows how long one is. */
  private planOf(seed: number): Plan {
    if (this.script !== undefined) return new PlannedFaults(this.script.injections);
    if (this.faults === undefined || seed === this.seed) return NO_FAULTS;
    return new RandomFaults(this.faults, seed, this.length);
  }

  /** Runs the same once more, with names. */
  private async repeat({ machine, failure }: Run): Promise<Run> {
    const { seed } = machine;
    const { choices, hashes } = machine.journal;
    const again = await this.run(seed, new Path(choices), this.planOf(seed), true);
    const other = again.machine.journal.hashes;
    const differs = hashes.findIndex((hash, i) => hash !== other[i]);
    const step = differs < 0 && other.length !== hashes.length ? hashes.length : differs;
    const same = step < 0 && (again.failure === undefined) === (failure === undefined);
    if (same || !machine.exact) return again;
    throw (await this.foreignWait(again)) ?? new SimulationError("nondeterminism", nondeterministic(seed, step, again));
  }

  private async explain(found: Run, index: number): Promise<Error> {
    const foreign = await this.foreignWait(found);
    if (foreign !== undefined) return foreign;
    const named = await this.repeat(found);
    const smallest = await minimise(named, ({ constraints, injections }) =>
      this.run(named.machine.seed, new Constrained(constraints), new PlannedFaults(injections), true),
    );
    return explain(smallest, { index, schedules: this.schedules, strategy: this.strategy.name });
  }

  /** Runs what got stuck once more, to see whether it waits for something that is not the library's. */
  private async foreignWait(stuck: Run): Promise<Error | undefined> {
    if (!isStuck(stuck)) return undefined;
    const { seed, journal } = stuck.machine;
    const waits = new Waits();
    await this.run(seed, new Path(journal.choices), this.planOf(seed), true).finally(() => waits.stop());
    const [first] = waits.foreign();
    if (first === undefined) return undefined;
    const error = stuck.failure?.thrown as SimulationError;
    error.message += `. It is awaited at ${first.awaited}, and was made at ${first.made}`;
    return error;
  }

  private explored(schedules: number, complete: boolean): Explored {
    return { seed: this.seed, schedules, steps: this.steps, complete };
  }
}

/** One run, as told. */
function replaying({ constraints }: Script): Search {
  return {
    name: "replay",
    begin() {
      let left = 1;
      return { next: () => (left-- > 0 ? new Constrained(constraints) : undefined) };
    },
  };
}

const isStuck = ({ failure }: Run): boolean =>
  failure?.thrown instanceof SimulationError && failure.thrown.fault === "stuck";

function nondeterministic(seed: number, step: number, { machine }: Run): string {
  const happened = machine.journal.trace.filter((each) => "event" in each);
  const event = happened[step]?.event.name ?? "its end";
  return `the same schedule (seed ${seed}) gave two different runs: they differ at step ${step + 1}, the second time ${event}. Something that the simulator does not control decides what happens: the real time, Math.random, the order of a Set of what differs, a variable outside the test`;
}
