// The command line of run.ts.

import { OWN, RIVALS } from "./workloads.ts";

export interface Flags {
  readonly json: boolean;
  readonly quick: boolean;
  readonly gate: boolean;
  readonly update: boolean;
  /** Of the names of benches; undefined: all. */
  readonly only: RegExp | undefined;
  /** Undefined: all. */
  readonly against: ReadonlySet<string> | undefined;
}

const KNOWN = ["--json", "--quick", "--only=PATTERN", "--against=ceiling,beam", "--gate", "--update"];
const SWITCHES = new Set(KNOWN.filter((flag) => !flag.includes("=")));
const OPPONENTS: readonly string[] = [...RIVALS, ...OWN];

export function flagsOf(args: readonly string[]): Flags {
  let only: RegExp | undefined;
  let against: ReadonlySet<string> | undefined;
  for (const arg of args) {
    if (arg.startsWith("--only=")) only = new RegExp(arg.slice("--only=".length), "i");
    else if (arg.startsWith("--against=")) against = new Set(arg.slice("--against=".length).split(","));
    else if (!SWITCHES.has(arg)) throw new Error(`expected ${KNOWN.join(", ")}, got: ${arg}`);
  }
  for (const name of against ?? []) {
    if (!OPPONENTS.includes(name)) throw new Error(`--against: expected ${OPPONENTS.join(", ")}, got: ${name}`);
  }
  const has = (flag: string): boolean => args.includes(flag);
  const flags = { json: has("--json"), quick: has("--quick"), gate: has("--gate"), update: has("--update") };
  if (flags.update && !flags.gate) throw new Error("--update: expected it with --gate, got: it alone");
  return { ...flags, only, against };
}
