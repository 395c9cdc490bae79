/** What an administrative call could not do. `reason`: `notFound`, `running`, `restarting`, `alreadyPresent` or `maxChildren`. */
export class SupervisorError extends Error {
  override readonly name = "SupervisorError";
  readonly reason: "notFound" | "running" | "restarting" | "alreadyPresent" | "maxChildren";
  constructor(reason: SupervisorError["reason"], what: string) {
    super(`${what}: ${EXPLAINED[reason]}`);
    this.reason = reason;
  }
}

const EXPLAINED: Readonly<Record<SupervisorError["reason"], string>> = {
  notFound: "the supervisor has no such child",
  running: "the child is running",
  restarting: "the child is being restarted",
  alreadyPresent: "a child of this id is known already, but not running: restart or delete it",
  maxChildren: "the supervisor has as many children as it may have",
};

/** An error that crosses a call as a value: it is the caller's, not the supervisor's. */
export class Refusal {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/** The value of a reply, or the error it carries. */
export async function unwrap<T>(replied: Promise<T | Refusal>): Promise<T> {
  const value = await replied;
  if (value instanceof Refusal) throw value.error;
  return value;
}
