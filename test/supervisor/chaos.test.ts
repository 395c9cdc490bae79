import fc from "fast-check";
import { DynamicSupervisor, Supervisor } from "hornbeam/supervisor";
import { expect, test } from "vitest";
import { inWorld, type Outcome, type World } from "./support.ts";

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  { weight: 3, arbitrary: fc.constant({ fail: "not yet" }) },
  { weight: 1, arbitrary: fc.record({ after: fc.nat({ max: 80 }) }) },
  { weight: 1, arbitrary: fc.record({ after: fc.nat({ max: 80 }), fail: fc.constant("late") }) },
  { weight: 1, arbitrary: fc.constant({ ignore: true } as const) },
);
const scripts = fc.array(fc.array(outcome, { maxLength: 8 }), { minLength: 1, maxLength: 5 });
const backoff = fc.option(
  fc.record({
    first: fc.integer({ min: 1, max: 60 }),
    factor: fc.integer({ min: 1, max: 3 }),
    max: fc.constant(200),
    jitter: fc.constantFrom(0, 0.5, 1),
  }),
  { nil: undefined },
);
const steps = fc.array(
  fc.record({
    what: fc.constantFrom("kill", "kill", "end", "terminate", "restart", "delete", "start", "list"),
    child: fc.nat({ max: 4 }),
    pause: fc.nat({ max: 120 }),
  }),
  { maxLength: 25 },
);

/** Each id has at most one process that lives. */
function oneEach(world: World): void {
  const living = world.known().filter((pid) => world.sim.isAlive(pid));
  const ids = living.map((pid) => world.nameOf(pid).split("#")[0]);
  expect(new Set(ids).size).toBe(ids.length);
}

/** What was asked; a refusal is an answer. */
class Calls {
  private readonly answers: Promise<unknown>[] = [];
  add(answer: Promise<unknown>): void {
    this.answers.push(answer.catch((refused) => refused));
  }
  settled(): Promise<unknown> {
    return Promise.all(this.answers);
  }
}

test("whatever happens to its children, no child of a supervisor runs twice, and nothing is left when it stops", () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom("oneForOne" as const, "oneForAll" as const, "restForOne" as const),
      scripts,
      backoff,
      steps,
      (strategy, starts, wait, todo) =>
        inWorld(async (world) => {
          const { sim } = world;
          const spec = (n: number) =>
            world.worker(`w${n}`, { starts: [{}, ...(starts[n] ?? [])], trapExit: n % 2 === 0 });
          const children = starts.map((_, n) => spec(n));
          const flags = { strategy, maxRestarts: 30, ...(wait && { backoff: wait }) };
          const { top, parent } = await world.startUnder({ ...flags, children });
          const calls = new Calls();
          for (const { what, child, pause } of todo) {
            const n = child % starts.length;
            const id = `w${n}`;
            if (what === "kill") sim.kill(world.pid(id));
            else if (what === "end") sim.cast(world.pid(id), "end", "done");
            else if (what === "terminate") calls.add(Supervisor.terminateChild(sim, top, id));
            else if (what === "restart") calls.add(Supervisor.restartChild(sim, top, id));
            else if (what === "delete") calls.add(Supervisor.deleteChild(sim, top, id));
            else if (what === "start") calls.add(Supervisor.startChild(sim, top, spec(n)));
            else calls.add(Supervisor.whichChildren(sim, top));
            await sim.advance(pause);
            oneEach(world);
          }
          sim.send(parent, { end: "shutdown" });
          await calls.settled();
          await sim.idle();
          await sim.advance(1000);
          expect(world.known().filter((pid) => sim.isAlive(pid))).toEqual([]);
          expect(sim.leaks().filter((leak) => leak.includes("timers"))).toEqual([]);
        }),
    ),
    { numRuns: 150 },
  ));

test("whatever happens to the children of a dynamic supervisor, it knows which of them run", () =>
  fc.assert(
    fc.asyncProperty(scripts, backoff, steps, (starts, wait, todo) =>
      inWorld(async (world) => {
        const { sim } = world;
        const top = await sim.start(DynamicSupervisor.child({ maxRestarts: 1000, ...(wait && { backoff: wait }) }));
        const calls = new Calls();
        for (const [n, { what, child, pause }] of todo.entries()) {
          const script = starts[child % starts.length] ?? [];
          const known = world.known();
          const pid = known[child % (known.length || 1)];
          if (pid === undefined || what === "start" || what === "list") {
            calls.add(DynamicSupervisor.startChild(sim, top, world.worker(`w${n}`, { starts: [{}, ...script] })));
          } else if (what === "terminate" || what === "delete") {
            calls.add(DynamicSupervisor.terminateChild(sim, top, pid));
          } else sim.kill(pid);
          await sim.advance(pause);
          oneEach(world);
        }
        await calls.settled();
        await sim.advance(10_000);
        const children = await DynamicSupervisor.whichChildren(sim, top);
        const running = world.known().filter((pid) => sim.isAlive(pid));
        expect(new Set(children.map(({ pid }) => pid))).toEqual(new Set(running));
        expect((await DynamicSupervisor.countChildren(sim, top)).active).toBe(running.length);
      }),
    ),
    { numRuns: 150 },
  ));
