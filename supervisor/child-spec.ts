import { isClean } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import type { ChildSpec, ChildType, Reason, Restart, Shutdown } from "../runtime/types.ts";

/** A child spec with its defaults filled in. */
export interface Spec {
  readonly id: string;
  readonly start: ChildSpec["start"];
  readonly restart: Restart;
  readonly shutdown: Shutdown;
  readonly type: ChildType;
  readonly significant: boolean;
}

/** A child spec or a flag is not legal. `why` names the field as OTP does: `{ invalidRestart: "forever" }`. */
export class BadSpec extends Error {
  override readonly name = "BadSpec";
  readonly why: unknown;
  constructor(message: string, why: unknown) {
    super(message);
    this.why = why;
  }
}

const RESTARTS: readonly unknown[] = ["permanent", "transient", "temporary"];
const TYPES: readonly unknown[] = ["worker", "supervisor"];

/** Checks a spec in OTP's order (`supervisor:check_childspecs/1`) and fills in its defaults. Unknown keys are ignored. */
export function checkSpec(child: ChildSpec, autoShutdown: string): Spec {
  if (typeof child !== "object" || child === null) throw bad("a child spec", child, { invalidChildSpec: child });
  const { id, start, restart = "permanent", type = "worker", significant = false } = child;
  const { shutdown = type === "supervisor" ? "infinity" : 5000 } = child;
  if (typeof id !== "string" || id === "") throw bad("a child id (a string)", id, "missingId");
  if (typeof start !== "function") throw bad(`a start function for child ${show(id)}`, start, "missingStart");
  const where = `of child ${show(id)}`;
  if (!RESTARTS.includes(restart)) {
    throw bad(`restart ${where} to be permanent, transient or temporary`, restart, { invalidRestart: restart });
  }
  if (typeof significant !== "boolean") {
    throw bad(`significant ${where} to be a boolean`, significant, { invalidSignificant: significant });
  }
  if (significant && autoShutdown === "never") {
    const why = { badCombination: { autoShutdown, significant } };
    throw bad(`autoShutdown to be set, because child ${show(id)} is significant`, autoShutdown, why);
  }
  if (significant && restart === "permanent") {
    const why = { badCombination: { restart, significant } };
    throw bad(`restart ${where} to be transient or temporary, because it is significant`, restart, why);
  }
  if (!TYPES.includes(type)) throw bad(`type ${where} to be worker or supervisor`, type, { invalidType: type });
  if (!isShutdown(shutdown)) {
    throw bad(`shutdown ${where} to be milliseconds, brutalKill or infinity`, shutdown, { invalidShutdown: shutdown });
  }
  return { id, start, restart, shutdown, type, significant };
}

export function checkOneOf(what: string, value: unknown, legal: readonly string[], why: object): void {
  if (!legal.includes(value as string)) throw bad(`${what} to be ${legal.join(", ")}`, value, why);
}

export function checkCount(what: string, value: unknown, least: number, why: object): void {
  const isCount = Number.isInteger(value) || value === Number.POSITIVE_INFINITY;
  if (!isCount || (value as number) < least) throw bad(`${what} to be a whole number from ${least} up`, value, why);
}

const isShutdown = (shutdown: unknown): boolean =>
  shutdown === "brutalKill" || shutdown === "infinity" || (typeof shutdown === "number" && shutdown >= 0);

const bad = (expected: string, got: unknown, why: unknown): BadSpec =>
  new BadSpec(`expected ${expected}, got: ${show(got)}`, why);

/** Whether a child that ended with `reason` is to be started again. */
export function restarts(spec: Spec, reason: Reason): boolean {
  return spec.restart === "permanent" || (spec.restart === "transient" && !isClean(reason));
}

/** Whether a child that was told to stop did so as it should (OTP: everything else is a shutdown error). */
export function stoppedWell(spec: Spec, reason: Reason): boolean {
  if (reason === "shutdown") return true;
  if (spec.shutdown === "brutalKill" && reason === "killed") return true;
  return spec.restart !== "permanent" && isClean(reason);
}
