import { BadArgument } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import type { InitArg } from "../runtime/protocol.ts";
import type { StartFlags } from "../runtime/starting.ts";
import { checkDelay } from "../runtime/timers.ts";
import type { ChildSpec, Label, MailboxOptions, Milliseconds, Name } from "../runtime/types.ts";

/** How a server or a state machine is started, and, as a child, kept. */
export interface StartOptions extends Partial<Omit<ChildSpec, "start">> {
  readonly name?: Name;
  /** What reports call the server. Default: its id, else its name. */
  readonly label?: Label;
  /** How long `init` may take before the server is killed and the start fails with `timeout`. Default: no limit. */
  readonly timeout?: Milliseconds | "infinity";
  /** How many messages may wait, and what becomes of the rest. Default: no limit. */
  readonly mailbox?: MailboxOptions;
  /** Hibernates when no message has come for so long (OTP: `hibernate_after`). Default: never. */
  readonly hibernateAfter?: Milliseconds | "infinity";
}

/** What `start`, `startLink` and `child` take behind the module. */
export type Args<M> = [...InitArg<M>, options?: StartOptions];

/** The names of the {@link StartOptions}. */
export const START_OPTIONS: ReadonlySet<string> = new Set(
  "id name label timeout mailbox hibernateAfter restart shutdown type significant backoff".split(" "),
);

/** `(module)`, `(module, arg)`, `(module, arg, options)`; and `(module, options)` where `init` declares no argument. */
export function split(
  module: { init(arg: any, self: any): unknown },
  args: readonly unknown[],
): { arg: unknown; options: StartOptions } {
  if (typeof module?.init !== "function") throw new BadArgument(`expected a module with an init, got: ${show(module)}`);
  const lone = args.length === 1 && module.init.length === 0;
  const options = lone ? args[0] : args[1];
  if (options === undefined) return { arg: args[0], options: {} };
  const hint = lone
    ? "; init declares no argument (one with a default value does not count: write `arg?: T` instead)"
    : "";
  if (typeof options !== "object" || options === null) {
    throw new BadArgument(`expected start options, got: ${show(options)}${hint}`);
  }
  for (const key of Object.keys(options)) {
    if (!START_OPTIONS.has(key)) {
      throw new BadArgument(`expected start options (${[...START_OPTIONS].join(", ")}), got: ${show(key)}${hint}`);
    }
  }
  return { arg: lone ? undefined : args[0], options };
}

/** What of the options is a child spec's. */
export function specOf(options: StartOptions, kind: string): Omit<ChildSpec, "start"> {
  const { name, label: _, timeout: __, mailbox: ___, hibernateAfter: ____, ...spec } = options;
  return { ...spec, id: options.id ?? name?.name ?? kind };
}

/** What of the options is the new process's. */
export function flagsOf(options: StartOptions, link: boolean): StartFlags {
  const { name, timeout, mailbox, label = options.id } = options;
  return { link, name, timeout, mailbox, label };
}

/** After how long without a message the process hibernates; null: never. */
export function hibernationOf({ hibernateAfter = "infinity" }: StartOptions): Milliseconds | null {
  if (hibernateAfter === "infinity") return null;
  checkDelay(hibernateAfter);
  return hibernateAfter;
}
