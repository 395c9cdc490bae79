import { show } from "../runtime/inspect.ts";
import type { Backoff } from "../runtime/types.ts";
import { checkBackoff } from "./backoff.ts";
import { BadSpec } from "./bad-spec.ts";
import { checkCount, checkOneOf, checkSpec, type Spec } from "./child-spec.ts";
import type { Limits } from "./restarts.ts";
import type { SimpleInit, SupervisorInit } from "./supervisor.ts";

/** What `init` of a supervisor said, with its defaults filled in. */
export interface Flags extends Limits {
  readonly strategy: (SupervisorInit | SimpleInit)["strategy"];
  readonly autoShutdown: "never" | "anySignificant" | "allSignificant";
}

const STRATEGIES = ["oneForOne", "oneForAll", "restForOne", "simpleOneForOne"];
const MODES = ["never", "anySignificant", "allSignificant"];

/** Checks what `init` said, in OTP's order: the flags, then each child. */
export function checkInit(init: SupervisorInit | SimpleInit): {
  readonly flags: Flags;
  readonly specs: readonly Spec[];
} {
  const { strategy, autoShutdown = "never", children } = init;
  checkOneOf("strategy", strategy, STRATEGIES, { invalidStrategy: strategy });
  const limits = checkLimits(init);
  checkOneOf("autoShutdown", autoShutdown, MODES, { invalidAutoShutdown: autoShutdown });
  if (!Array.isArray(children)) {
    throw new BadSpec(`expected children to be an array of child specs, got: ${show(children)}`, "missingChildren");
  }
  if (strategy === "simpleOneForOne" && children.length !== 1) {
    const expected = "expected children of a simpleOneForOne supervisor to be one template";
    throw new BadSpec(`${expected}, got: ${show(children)}`, { badStartSpec: children });
  }
  const specs = children.map((child) => checkSpec(child, autoShutdown));
  const ids = new Set<string>();
  for (const { id } of specs) {
    if (ids.has(id)) {
      throw new BadSpec(`expected child ids to be different, got: "${id}" twice`, { duplicateChild: id });
    }
    ids.add(id);
  }
  return { flags: { ...limits, strategy, autoShutdown }, specs };
}

export interface LimitOptions {
  readonly maxRestarts?: number;
  readonly maxSeconds?: number;
  readonly backoff?: Backoff;
}

/** Checks how often, and how soon, children may be restarted. */
export function checkLimits({ maxRestarts = 3, maxSeconds = 5, backoff }: LimitOptions): Limits {
  checkCount("maxRestarts", maxRestarts, 0, { invalidMaxRestarts: maxRestarts });
  checkCount("maxSeconds", maxSeconds, 1, { invalidMaxSeconds: maxSeconds });
  const waits = backoff === undefined ? undefined : checkBackoff(backoff, "the supervisor");
  return { maxRestarts, maxSeconds, backoff: waits };
}
