import { answer, type From } from "../../runtime/call.ts";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";

/** How a number of connections is compared with the one that is waited for. */
export type Comparison = ">" | ">=" | "==" | "<=" | "<";

/** How many connections somebody waits for. */
export interface AwaitedCount {
  readonly comparison: Comparison;
  readonly connections: number;
}

const COMPARE: Readonly<Record<Comparison, (count: number, wanted: number) => boolean>> = {
  ">": (count, wanted) => count > wanted,
  ">=": (count, wanted) => count >= wanted,
  "==": (count, wanted) => count === wanted,
  "<=": (count, wanted) => count <= wanted,
  "<": (count, wanted) => count < wanted,
};

export function checkAwaited({ comparison, connections }: AwaitedCount): void {
  if (!Object.hasOwn(COMPARE, comparison)) {
    throw new BadArgument(
      `waitForConnections: expected one of ${Object.keys(COMPARE).join(" ")}, got: ${show(comparison)}`,
    );
  }
  const least = comparison === "<" ? 1 : 0;
  if (!Number.isInteger(connections) || connections < least) {
    throw new BadArgument(
      `waitForConnections: expected a whole number from ${least} up after ${comparison}, got: ${show(connections)}`,
    );
  }
}

export const holds = (count: number, { comparison, connections }: AwaitedCount): boolean =>
  COMPARE[comparison](count, connections);

/** Who waits for a number of connections. They are told when it changes; nobody polls. */
export class AwaitedCounts {
  private waiting: readonly (readonly [awaited: AwaitedCount, from: From])[] = [];

  /** Answers now, if it is so already. */
  add(awaited: AwaitedCount, from: From, count: number): void {
    if (holds(count, awaited)) answer(from, undefined);
    else this.waiting = [...this.waiting, [awaited, from]];
  }

  changed(count: number): void {
    if (this.waiting.length === 0) return;
    const still = this.waiting.filter(([awaited]) => !holds(count, awaited));
    for (const [awaited, from] of this.waiting) if (holds(count, awaited)) answer(from, undefined);
    this.waiting = still;
  }
}
