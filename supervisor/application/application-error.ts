import { StartError } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";

/**
 * What could not be done with an application. `reason`: `alreadyStarted`; `notStarted`, or `notRunning` when it was
 * started and has ended by itself.
 */
export class ApplicationError extends Error {
  override readonly name = "ApplicationError";
  readonly reason: "alreadyStarted" | "notStarted" | "notRunning";
  /** The name of the application that the reason is about: for a start, perhaps one that it needs. */
  readonly application: string;
  constructor(reason: ApplicationError["reason"], what: string, application: string) {
    const [expected, got] = EXPLAINED[reason];
    super(`${what}: expected an application ${expected}, got: ${show(application)}, ${got}`);
    this.reason = reason;
    this.application = application;
  }
}

const EXPLAINED: Readonly<Record<ApplicationError["reason"], readonly [expected: string, got: string]>> = {
  alreadyStarted: ["that does not run", "which runs already"],
  notStarted: ["that runs", "which is not started"],
  notRunning: ["that runs", "which was started, but does not run any more"],
};

/** Why the start of an application failed, and how it was called (OTP: `{Reason, {Module, start, Args}}`). */
export interface StartFailure {
  readonly reason: unknown;
  readonly start: { readonly application: string; readonly env: object };
}

/** An application could not be started. */
export class ApplicationStartError extends StartError {
  override readonly name = "ApplicationStartError";
  declare readonly reason: StartFailure;
  constructor(failure: StartFailure) {
    const { path, why } = innermost(failure.reason);
    super(failure, [`application ${failure.start.application}`, ...path].join(", child "), why);
  }
}

interface FailedChild {
  readonly shutdown?: { readonly failedToStartChild?: unknown; readonly reason?: unknown };
}

/** Through supervisors that could not start because of a child, down to that child's reason. */
function innermost(reason: unknown): { readonly path: readonly unknown[]; readonly why: unknown } {
  const path: unknown[] = [];
  let why = reason;
  for (;;) {
    const failed = (why as FailedChild | null | undefined)?.shutdown;
    if (failed?.failedToStartChild === undefined) return { path, why };
    path.push(failed.failedToStartChild);
    why = failed.reason;
  }
}
