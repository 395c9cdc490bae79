import type { Down, Exit, Pid, TimerMessage } from "hornbeam";
import { byText, compare } from "./trace.ts";
import { fromReason } from "./values.ts";

/** A message as a trace has it: `["msg", from, n]`, `["EXIT", pid, reason]`, `["DOWN", ref, object, reason]`. */
export type Message = readonly [kind: string, ...rest: unknown[]];

export interface Names {
  readonly pids: ReadonlyMap<Pid, string>;
  /** The monitors, by their refs. */
  readonly refs: ReadonlyMap<number, string>;
  /** The timers, by theirs. */
  readonly timers?: ReadonlyMap<number, string>;
}

export function messageOf(message: unknown, { pids, refs, timers }: Names): Message {
  if (Array.isArray(message)) return message as unknown as Message;
  const signal = message as Exit | Down | TimerMessage;
  if (signal.tag === "timer") return ["timeout", timers?.get(signal.ref), signal.message];
  if (signal.tag === "exit") return ["EXIT", pids.get(signal.pid), fromReason(signal.reason)];
  const object = signal.name === undefined ? pids.get(signal.pid) : `name:${signal.name.name}`;
  return ["DOWN", refs.get(signal.ref), object, fromReason(signal.reason)];
}

/** Messages in the order of SPEC.md 2.4: Erlang orders only those of one sender. */
export function canonical(messages: readonly Message[]): readonly Message[] {
  const runs: Message[][] = [];
  for (const message of messages.toSorted((a, b) => compare(senderOf(a), senderOf(b)))) {
    const run = runs.at(-1);
    if (run?.[0] !== undefined && belongTogether(run[0], message)) run.push(message);
    else runs.push([message]);
  }
  return runs.flatMap((run) => run.toSorted(byText));
}

const belongTogether = (a: Message, b: Message): boolean => isSignal(a) && isSignal(b) && senderOf(a) === senderOf(b);

const isSignal = ([kind]: Message): boolean => kind === "EXIT" || kind === "DOWN";

function senderOf([kind, first, second]: Message): string {
  if (kind === "DOWN") return String(second);
  if (kind === "timeout") return `~timer${second}`;
  return first === "timer" ? `~timer${second}` : String(first);
}
