import fc from "fast-check";
import { expect, test } from "vitest";
import { Intensity } from "../../supervisor/intensity.ts";
import { inWorld } from "./support.ts";

/** What OTP does, word for word: keep the seconds of all restarts, drop the old ones, count the rest. */
class ListModel {
  private readonly maxRestarts: number;
  private readonly maxSeconds: number;
  private seconds: number[] = [];
  constructor(maxRestarts: number, maxSeconds: number) {
    this.maxRestarts = maxRestarts;
    this.maxSeconds = maxSeconds;
  }
  add(now: number): boolean {
    const second = Math.floor(now / 1000);
    this.seconds = [...this.seconds, second].filter((moment) => moment >= second - this.maxSeconds);
    return this.seconds.length <= this.maxRestarts;
  }
}

const failedAt = (at: number) => ({ id: "a", pid: undefined, reason: "boom", at, cause: undefined });

const limits = { maxRestarts: fc.nat({ max: 6 }), maxSeconds: fc.integer({ min: 1, max: 6 }) };
const pauses = fc.array(fc.oneof(fc.nat({ max: 10 }), fc.nat({ max: 3000 }), fc.constantFrom(999, 1000, 5000, 6000)), {
  maxLength: 40,
});

test("the ring gives up exactly when a list of all restarts would", () => {
  fc.assert(
    fc.property(limits.maxRestarts, limits.maxSeconds, pauses, (maxRestarts, maxSeconds, delays) => {
      const ring = new Intensity(maxRestarts, maxSeconds);
      const model = new ListModel(maxRestarts, maxSeconds);
      let now = 0;
      for (const delay of delays) {
        now += delay;
        const expected = model.add(now);
        expect(ring.add(failedAt(now))).toBe(expected);
        if (!expected) return;
      }
    }),
    { numRuns: 5000 },
  );
});

test("a supervisor gives up at the very crash at which a list of all restarts would", () =>
  fc.assert(
    fc.asyncProperty(limits.maxRestarts, limits.maxSeconds, pauses, (maxRestarts, maxSeconds, delays) =>
      inWorld(async (world) => {
        const top = await world.start({ children: [world.worker("a")], maxRestarts, maxSeconds });
        const model = new ListModel(maxRestarts, maxSeconds);
        for (const delay of delays) {
          await world.sim.advance(delay);
          await world.kill("a");
          const expected = model.add(world.sim.now());
          expect(world.sim.isAlive(top)).toBe(expected);
          if (!expected) return;
        }
      }),
    ),
    { numRuns: 150 },
  ));

test.each([0, 3, Infinity])(
  "the ring of a supervisor that may restart %s times stays small, however often it does",
  (limit) => {
    const ring = new Intensity(limit, 1);
    for (let restart = 0; restart < 10_000; restart++) expect(ring.add(failedAt(restart * 3000))).toBe(limit > 0);
    expect(JSON.stringify(ring).length).toBeLessThan(600);
  },
);
