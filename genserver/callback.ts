import { Call, Cast } from "../runtime/call.ts";
import { ExitSignal } from "../runtime/errors.ts";
import { lasting, NOTHING } from "../runtime/lasting.ts";
import type { Process } from "../runtime/process.ts";
import type { Timer } from "../runtime/timers.ts";
import type { Milliseconds } from "../runtime/types.ts";
import type { Module } from "./module.ts";
import type { Pending } from "./sys/system-host.ts";

// Calling into a module, and how what it does is called.

/** What a server process keeps: its module, the user's state, and its idle timer. */
export class Server {
  module: Module;
  state: unknown;
  timer: Timer | null = null;
  readonly hibernateAfter: Milliseconds | null;
  constructor(module: Module, arg: unknown, hibernateAfter: Milliseconds | null = null) {
    this.module = module;
    this.state = arg;
    this.hibernateAfter = hibernateAfter;
  }
}

export type Callback = (...args: any[]) => unknown;

/** Calls into the module; where a stray error finds its process, if the module has asynchronous code. */
export function enter(
  process: Process,
  { module }: { readonly module: { readonly asynchronous: boolean } },
  run: Callback,
  a: unknown,
  b: unknown,
  c: unknown,
  d: unknown,
): unknown {
  return module.asynchronous ? process.within(run, a, b, c, d) : run(a, b, c, d);
}

/** An asynchronous callback came to its end; if the process did so before it, nothing of it counts. */
export function settled(process: Process, go: () => Pending, thrown?: unknown): Pending {
  if (!process.dead) return go();
  if (thrown === undefined) process.zombie("settle");
  else process.crash(thrown);
}

export const named = (callback: string, message: unknown): string =>
  message instanceof Call || message instanceof Cast ? `${callback}.${message.request}` : callback;

export const expected = (callback: string): string => {
  if (callback === "init") return "ok, ignore, error or stop";
  return callback === "handleCall" ? "reply, noreply or stop" : "noreply or stop";
};

/** An Error or an exit; any other value that is thrown counts as returned (OTP: a throw is a return). */
export const isFailure = (thrown: unknown): boolean => thrown instanceof Error || thrown instanceof ExitSignal;

lasting(new Server(NOTHING, undefined));
