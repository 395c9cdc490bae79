import fc from "fast-check";
import { exit, type Reason } from "hornbeam";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, puppet } from "./support.ts";

// Random links, monitors and exits, against the rules of OTP in as few lines as they take.

const SIZE = 6;
type Kind = "link" | "unlink" | "monitor" | "exit" | "end" | "trap";
interface Step {
  readonly kind: Kind;
  readonly by: number;
  readonly to: number;
  readonly reason: string;
}

class Model {
  readonly reasons: (Reason | undefined)[] = Array(SIZE).fill(undefined);
  readonly inboxes: string[][] = Array.from({ length: SIZE }, () => []);
  readonly links = Array.from({ length: SIZE }, () => new Set<number>());
  readonly watchers: number[][] = Array.from({ length: SIZE }, () => []);
  readonly traps: boolean[];
  constructor(traps: readonly boolean[]) {
    this.traps = [...traps];
  }
  dead(who: number): boolean {
    return this.reasons[who] !== undefined;
  }
  hear(who: number, tag: string, from: number, reason: Reason): void {
    if (!this.dead(who)) (this.inboxes[who] as string[]).push(`${tag} ${from} ${reason}`);
  }
  signal(to: number, from: number, reason: Reason, byLink: boolean): void {
    if (this.dead(to)) return;
    if (reason === "kill" && !byLink) this.die(to, "killed");
    else if (this.traps[to]) this.hear(to, "exit", from, reason);
    else if (reason !== "normal" || to === from) this.die(to, reason);
  }
  die(who: number, reason: Reason): void {
    this.reasons[who] = reason;
    const links = [...(this.links[who] as Set<number>)];
    for (const peer of links) this.links[peer]?.delete(who);
    for (const peer of links) this.signal(peer, who, reason, true);
    for (const watcher of this.watchers[who] as number[]) this.hear(watcher, "down", who, reason);
  }
  take({ kind, by, to, reason }: Step): void {
    if (this.dead(by)) return;
    if (kind === "trap") this.traps[by] = reason === "normal";
    else if (kind === "end") this.die(by, reason);
    else if (kind === "exit") this.signal(to, by, reason, false);
    else if (kind === "monitor" && this.dead(to)) this.hear(by, "down", to, "noproc");
    else if (kind === "monitor" && to !== by) this.watchers[to]?.push(by);
    else if (kind === "link" && this.dead(to))
      this.traps[by] ? this.hear(by, "exit", to, "noproc") : this.die(by, "NoProcess");
    else if (kind === "link" && to !== by) void [this.links[by]?.add(to), this.links[to]?.add(by)];
    else if (kind === "unlink") void [this.links[by]?.delete(to), this.links[to]?.delete(by)];
  }
}

const plain = (reason: unknown): unknown => (reason instanceof Error ? reason.name : reason);

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Kind>("link", "link", "link", "unlink", "monitor", "exit", "end", "trap"),
  by: fc.nat(SIZE - 1),
  to: fc.nat(SIZE - 1),
  reason: fc.constantFrom("normal", "shutdown", "kill", "killed", "oops"),
});

test("processes live, die and hear of each other by the rules of OTP, whatever is linked, watched and ended", async () => {
  const scenario = fc.tuple(
    fc.array(fc.boolean(), { minLength: SIZE, maxLength: SIZE }),
    fc.array(step, { maxLength: 30 }),
  );
  await fc.assert(
    fc.asyncProperty(scenario, ([traps, steps]) =>
      inVirtualTime(async (sim) => {
        const died = deaths(sim);
        const puppets = traps.map((trapExit) => puppet(sim, { trapExit }));
        const model = new Model(traps);
        for (const taken of steps) {
          const to = (puppets[taken.to] as (typeof puppets)[0]).pid;
          await puppets[taken.by]?.does((self) => {
            if (taken.kind === "trap") self.trapExit = taken.reason === "normal";
            else if (taken.kind === "end") exit(taken.reason);
            else if (taken.kind === "exit") self.exit(to, taken.reason);
            else self[taken.kind](to);
          });
          model.take(taken);
        }
        const index = new Map(puppets.map(({ pid }, i) => [pid, i]));
        const reasons = puppets.map(({ pid }) => died.get(pid));
        expect(reasons.map(plain)).toEqual(model.reasons);
        for (const [i, { inbox }] of puppets.entries()) {
          if (model.dead(i)) continue; // what one hears while it falls is nobody's business
          const heard = inbox.map(({ tag, pid, reason }) => `${tag} ${index.get(pid)} ${plain(reason)}`);
          expect(heard.sort()).toEqual(model.inboxes[i]?.sort());
        }
      }),
    ),
    { numRuns: 100 },
  );
}, 20_000);
