import { checkOptions } from "../runtime/checks.ts";
import { BadArgument, isClean } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import type { ChildSpec, ChildType, Pid, Reason, Restart, Self, Shutdown, WithExtra } from "../runtime/types.ts";
import { checkBackoff, type Waits } from "./backoff.ts";
import { BadSpec } from "./bad-spec.ts";

type Startable = Pid | WithExtra;

/** A child spec whose start takes arguments of those who start it, behind the parent. */
export interface ChildTemplate<A extends readonly any[] = any, R extends Startable = Startable>
  extends Omit<ChildSpec, "start"> {
  readonly start: (parent: Self, ...args: A) => Promise<R | "ignore">;
}

/** A child spec with its defaults filled in. */
export interface Spec {
  readonly id: string;
  readonly start: ChildTemplate["start"];
  readonly restart: Restart;
  readonly shutdown: Shutdown;
  readonly type: ChildType;
  readonly significant: boolean;
  readonly backoff?: Waits;
}

const RESTARTS: readonly unknown[] = ["permanent", "transient", "temporary"];
const TYPES: readonly unknown[] = ["worker", "supervisor"];

/** Checks a spec in OTP's order (`supervisor:check_childspecs/1`) and fills in its defaults. Unknown keys are ignored. */
export function checkSpec(child: ChildTemplate, autoShutdown: string): Spec {
  if (typeof child !== "object" || child === null) throw bad("a child spec", child, { invalidChildSpec: child });
  if (isModule(child)) throw bad(LIFTED, child, { invalidChildSpec: child });
  const { id, start, restart = "permanent", type = "worker", significant = false } = child;
  const { shutdown = type === "supervisor" ? "infinity" : 5000 } = child;
  if (typeof id !== "string" || id === "") throw bad("a child id (a string)", id, "missingId");
  if (typeof start !== "function") throw bad(`a start function for child ${show(id)}`, start, "missingStart");
  if (!RESTARTS.includes(restart)) {
    throw bad(`restart of child ${show(id)} to be permanent, transient or temporary`, restart, {
      invalidRestart: restart,
    });
  }
  if (typeof significant !== "boolean") {
    throw bad(`significant of child ${show(id)} to be a boolean`, significant, { invalidSignificant: significant });
  }
  if (significant && autoShutdown === "never") {
    const why = { badCombination: { autoShutdown, significant } };
    throw bad(`autoShutdown to be set, because child ${show(id)} is significant`, autoShutdown, why);
  }
  if (significant && restart === "permanent") {
    const why = { badCombination: { restart, significant } };
    throw bad(`restart of child ${show(id)} to be transient or temporary, because it is significant`, restart, why);
  }
  if (!TYPES.includes(type))
    throw bad(`type of child ${show(id)} to be worker or supervisor`, type, { invalidType: type });
  if (!isShutdown(shutdown)) {
    throw bad(`shutdown of child ${show(id)} to be milliseconds, brutalKill or infinity`, shutdown, {
      invalidShutdown: shutdown,
    });
  }
  const spec: Spec = { id, start, restart, shutdown, type, significant };
  if (child.backoff === undefined) return spec;
  return { ...spec, backoff: checkBackoff(child.backoff, `child ${show(id)}`) };
}

/** A module where a spec belongs is the likeliest mistake. */
const LIFTED = "a child spec, as child(module, …) or supervisor(module, …) makes of a module";
const isModule = (child: object): boolean => "init" in child && !("start" in child);

export function checkOneOf(what: string, value: unknown, legal: readonly string[], why: object): void {
  if (!legal.includes(value as string)) throw bad(`${what} to be ${legal.join(", ")}`, value, why);
}

export function checkCount(what: string, value: unknown, least: number, why: object): void {
  const isCount = Number.isInteger(value) || value === Number.POSITIVE_INFINITY;
  if (!isCount || (value as number) < least) throw bad(`${what} to be a whole number from ${least} up`, value, why);
}

const isShutdown = (shutdown: unknown): boolean =>
  shutdown === "brutalKill" || shutdown === "infinity" || (typeof shutdown === "number" && shutdown >= 0);

const KEYS = ["id", "start", "restart", "shutdown", "type", "significant", "backoff"];

/** What may be given to {@link childSpec} besides a spec: a module that makes one, alone or with its argument. */
export interface ModuleWithSpec<A = any, S extends ChildTemplate = ChildTemplate> {
  childSpec(arg: A): S;
}

export type Overrides = { readonly [K in keyof ChildSpec]?: ChildSpec<any, any>[K] | undefined };

/**
 * A child spec with some of its fields replaced (Elixir: `Supervisor.child_spec/2`). Also takes a module that has a
 * `childSpec` function, alone or as `[module, arg]`. Throws a `BadSpec` for anything else, and a `BadArgument` for a
 * field that a spec does not have. What the fields hold is looked at when a supervisor takes the spec.
 *
 * @example
 * const first = Supervisor.childSpec(child(Counter, 0), { id: "first", restart: "transient" });
 * const second = Supervisor.childSpec(first, { id: "second", shutdown: 100 });
 * expect(second).toMatchObject({ id: "second", restart: "transient", shutdown: 100 });
 */
export function childSpec<S extends ChildTemplate>(module: { readonly childSpec: () => S }, overrides?: Overrides): S;
export function childSpec<A, S extends ChildTemplate>(
  pair: readonly [module: ModuleWithSpec<A, S>, arg: NoInfer<A>],
  overrides?: Overrides,
): S;
export function childSpec<S extends ChildTemplate>(spec: S, overrides?: Overrides): S;
export function childSpec(what: unknown, overrides: Overrides = {}): unknown {
  for (const key of Object.keys(checkOptions("childSpec", overrides))) {
    if (!KEYS.includes(key))
      throw new BadArgument(`expected fields of a child spec (${KEYS.join(", ")}), got: ${show(key)}`);
  }
  const [module, arg] = Array.isArray(what) ? what : [what, undefined];
  const spec: unknown = makesSpecs(module) ? module.childSpec(arg) : what;
  if (typeof spec !== "object" || spec === null || Array.isArray(spec) || isModule(spec)) {
    throw bad(`${LIFTED}, or a module with a childSpec function, alone or as [module, arg]`, what, {
      invalidChildSpec: what,
    });
  }
  const given = Object.entries(overrides).filter(([, value]) => value !== undefined);
  return { ...spec, ...Object.fromEntries(given) };
}

const makesSpecs = (module: unknown): module is ModuleWithSpec =>
  typeof module === "object" && module !== null && typeof (module as ModuleWithSpec).childSpec === "function";

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
