import { checkCount, checkOptions } from "../checks.ts";
import { BadArgument } from "../errors.ts";
import { show } from "../inspect.ts";
import type { Passing } from "../passing.ts";
import { Constrained, read } from "./constraints.ts";
import { SimulationError } from "./failure.ts";
import { minimise } from "./minimise.ts";
import { explain } from "./report.ts";
import { type Run, run, type Test } from "./run.ts";
import { Path, type Search, type Strategy, standard } from "./strategy.ts";

export interface SimulateOptions {
  /** Decides the schedules and what `random()` gives. Default: a new one each time, which a failure prints. */
  readonly seed?: number;
  /** How many schedules are tried. Default 200. */
  readonly schedules?: number;
  /** How they are made. Default {@link standard}. */
  readonly strategy?: Search;
  /** One run under the order constraints that a failure printed, with its `seed`, instead of a search. */
  readonly replay?: string;
  /** How many events one run may have. Default 100,000. */
  readonly steps?: number;
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
  return new Session(options, test).search();
}

class Session {
  private readonly test: Test;
  private readonly seed: number;
  private readonly schedules: number;
  private readonly strategy: Search;
  /** Constraints are of names, so a replay needs them. */
  private readonly replays: boolean;
  private readonly fixed: { readonly steps: number; readonly messages: Passing };
  private steps = 0;

  constructor(options: SimulateOptions, test: Test) {
    const {
      schedules = 200,
      strategy = standard(),
      steps = 100_000,
      messages = "share",
    } = checkOptions("simulate", options);
    const { seed = Math.floor(Math.random() * 2 ** 31) } = options;
    checkCount("simulate: schedules", schedules);
    checkCount("simulate: steps", steps);
    if (!Number.isInteger(seed))
      throw new BadArgument(`simulate: expected seed to be a whole number, got: ${show(seed)}`);
    this.test = test;
    this.seed = seed;
    this.schedules = schedules;
    this.replays = options.replay !== undefined;
    this.strategy = options.replay === undefined ? strategy : replaying(options.replay);
    this.fixed = { steps, messages };
  }

  async search(): Promise<Explored> {
    const supply = this.strategy.begin();
    let length = 0;
    for (let i = 0; i < this.schedules; i++) {
      const seed = this.seed + i;
      const strategy = supply.next(seed, Math.max(1, length));
      if (strategy === undefined) return this.explored(i, true);
      const found = await run(this.test, { seed, strategy, named: this.replays, ...this.fixed });
      this.steps += found.machine.steps;
      if (i === 0) length = found.machine.steps;
      if (found.failure !== undefined) throw await this.explain(found, i);
      if (i % REPEATED === 0) await this.repeat(found);
    }
    return this.explored(this.schedules, supply.next(0, 1) === undefined);
  }

  /** Runs the same once more, with names. */
  private async repeat(found: Run): Promise<Run> {
    const { seed, choices, hashes } = found.machine;
    const again = await run(this.test, { seed, strategy: new Path(choices), named: true, ...this.fixed });
    const other = again.machine.hashes;
    const differs = hashes.findIndex((hash, i) => hash !== other[i]);
    const step = differs < 0 && other.length !== hashes.length ? hashes.length : differs;
    if (step < 0 && (again.failure === undefined) === (found.failure === undefined)) return again;
    throw new SimulationError("nondeterminism", nondeterministic(seed, step, again));
  }

  private async explain(found: Run, index: number): Promise<Error> {
    const named = await this.repeat(found);
    const again = (strategy: Strategy) =>
      run(this.test, { seed: named.machine.seed, strategy, named: true, ...this.fixed });
    const smallest = await minimise(named, again);
    return explain(smallest, { index, schedules: this.schedules, strategy: this.strategy.name });
  }

  private explored(schedules: number, complete: boolean): Explored {
    return { seed: this.seed, schedules, steps: this.steps, complete };
  }
}

/** One run, under constraints. */
function replaying(text: string): Search {
  const constraints = read(text);
  return {
    name: "replay",
    begin() {
      let left = 1;
      return { next: () => (left-- > 0 ? new Constrained(constraints) : undefined) };
    },
  };
}

function nondeterministic(seed: number, step: number, { machine }: Run): string {
  const event = machine.trace[step]?.event.name ?? "its end";
  return `the same schedule (seed ${seed}) gave two different runs: they differ at step ${step + 1}, the second time ${event}. Something that the simulator does not control decides what happens: the real time, Math.random, the order of a Set of what differs, a variable outside the test`;
}
