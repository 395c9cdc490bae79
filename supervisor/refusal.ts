/**
 * What an administrative call could not do. `reason`: `notFound`, `running`, `restarting`, `alreadyPresent`,
 * `simpleOneForOne` (the supervisor's children have no ids) or `maxChildren`.
 */
export class SupervisorError extends Error {
  override readonly name = "SupervisorError";
  readonly reason: "notFound" | "running" | "restarting" | "alreadyPresent" | "simpleOneForOne" | "maxChildren";
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
  simpleOneForOne: "the children of a simpleOneForOne supervisor have no ids, and are forgotten when they stop",
  maxChildren: "the supervisor has as many children as it may have",
};

/** An error that crosses a call as a value: it is the caller's, not the supervisor's. */
export class Refusal {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

export const refuse = (call: string, child: unknown, reason: SupervisorError["reason"]): Refusal =>
  new Refusal(new SupervisorError(reason, `${call} ${child}`));

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
