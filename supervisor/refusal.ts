import { show } from "../runtime/inspect.ts";

/**
 * What an administrative call could not do. `reason`: `notFound`, `running`, `restarting`, `alreadyPresent`,
 * `simpleOneForOne` (the supervisor's children have no ids) or `maxChildren`.
 */
export class SupervisorError extends Error {
  override readonly name = "SupervisorError";
  readonly reason: "notFound" | "running" | "restarting" | "alreadyPresent" | "simpleOneForOne" | "maxChildren";
  constructor(reason: SupervisorError["reason"], what: string) {
    super(`${what}: expected ${EXPLAINED[reason]}`);
    this.reason = reason;
  }
}

const EXPLAINED: Readonly<Record<SupervisorError["reason"], string>> = {
  notFound: "a child of this supervisor, got: one that it does not have",
  running: "a child that has stopped, got: one that runs",
  restarting: "a child that has stopped, got: one that is being restarted",
  alreadyPresent: "an id that is new, got: that of a child which has stopped (restart or delete it)",
  simpleOneForOne:
    "the pid of a child that runs, got: something else (simpleOneForOne: no ids, what stops is forgotten)",
  maxChildren: "room for one more child, got: as many as there may be",
};

/** An error that crosses a call as a value: it is the caller's, not the supervisor's. */
export class Refusal {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

export const refuse = (call: string, child: unknown, reason: SupervisorError["reason"]): Refusal =>
  new Refusal(new SupervisorError(reason, `${call} ${typeof child === "string" ? child : show(child)}`));

/** What `work` gives, or its exception as a refusal. */
export function attempt<T>(work: () => T): T | Refusal {
  try {
    return work();
  } catch (error) {
    return new Refusal(error);
  }
}

/** The value of a reply, or the error it carries. */
export async function unwrap<T>(replied: Promise<T | Refusal>): Promise<T> {
  const value = await replied;
  if (value instanceof Refusal) throw value.error;
  return value;
}
