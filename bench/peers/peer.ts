// The libraries that hornbeam is measured against. They are no dependencies: they are looked for here, or in the folder
// that BENCH_PEERS names, and whoever has not installed them sees no rows of theirs.

import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export const PEERS = { nact: "7.6.2", xstate: "5.33.3", effect: "4.1.0" } as const;
export type Peer = keyof typeof PEERS;

const { BENCH_PEERS } = process.env;
const from = createRequire(BENCH_PEERS === undefined ? import.meta.url : join(BENCH_PEERS, "package.json"));

/** Where a library is, if it is installed. */
export function find(peer: Peer): string | undefined {
  try {
    return from.resolve(peer);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return undefined;
    throw thrown;
  }
}

/** Its module. Their types are not installed either. */
export async function load(peer: Peer): Promise<any> {
  const path = find(peer);
  if (path === undefined) throw new Error(`expected ${peer} to be installed, got: none; see bench/README.md`);
  return import(pathToFileURL(path).href);
}
