import { BadReturnValue, CallError, NoCatch, type Reason } from "hornbeam";
import { BadSpec } from "hornbeam/supervisor";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What a scenario raises: Erlang's `error(Reason)`. */
export class Raised extends Error {
  readonly reason: Json;
  constructor(reason: Json) {
    super(String(reason));
    this.reason = reason;
  }
}

/** A reason of a scenario, as the library takes it. */
export function reasonOf(json: Json): Reason {
  if (Array.isArray(json) && json.length === 2 && json[0] === "shutdown") return { shutdown: json[1] };
  return json as Reason;
}

/** A reason of the library, as a trace has it. */
export function fromReason(reason: unknown): unknown {
  if (reason instanceof Error) return fromError(reason);
  if (typeof reason === "string") return snake(reason);
  if (typeof reason !== "object" || reason === null || Array.isArray(reason)) return reason;
  if ("shutdown" in reason) return ["shutdown", fromReason(reason.shutdown)];
  if ("failedToStartChild" in reason && "reason" in reason) {
    return ["failed_to_start_child", reason.failedToStartChild, fromReason(reason.reason)];
  }
  return reason;
}

function fromError(error: Error): unknown {
  if (error instanceof Raised) return { error: error.reason };
  if (error instanceof NoCatch) return { error: ["nocatch", error.value] };
  if (error instanceof BadReturnValue) return ["bad_return_value", fromReturned(error.value)];
  if (error instanceof CallError) return fromCallError(error);
  if (error instanceof BadSpec) return [isAboutFlags(error) ? "supervisor_data" : "start_spec", fromBadSpec(error)];
  return { unexpected: String(error) };
}

/** How a call ended that got no reply. */
export const fromCallError = ({ reason, request }: CallError): unknown => ({
  exit: fromReason(reason),
  in: request === "stop" ? "stop" : "call",
});

/** What a callback returned although it may not: of the library's results, only `reply` occurs. */
function fromReturned(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("tag" in value)) return value;
  const { tag, value: answer, state } = value as { tag: string; value?: unknown; state?: unknown };
  return tag === "reply" ? [tag, answer, state] : [tag];
}

const RENAMED: Readonly<Record<string, string>> = {
  invalidRestart: "invalid_restart_type",
  invalidType: "invalid_child_type",
  duplicateChild: "duplicate_child_name",
};

/** What is wrong with a child spec or the flags of a supervisor. */
export function fromBadSpec({ why }: BadSpec): unknown {
  if (typeof why !== "object" || why === null) return snake(String(why));
  const [[what, value] = ["", undefined]] = Object.entries(why);
  if (what !== "badCombination") return [RENAMED[what] ?? snake(what), snakeIfText(value)];
  const fields = Object.entries(value as object).map(([field, setting]) => [snake(field), setting]);
  return ["bad_combination", fields.toSorted()];
}

const isAboutFlags = ({ why }: BadSpec): boolean =>
  typeof why === "object" && why !== null && ("invalidStrategy" in why || "invalidAutoShutdown" in why);

const snakeIfText = (value: unknown): unknown => (typeof value === "string" ? snake(value) : value);

/** OTP's name of one of the library's words. */
export const snake = (word: string): string => word.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The library's name of one of OTP's words. */
export const camel = (word: string): string =>
  word.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
