// The libraries that hornbeam is measured against. They are no dependencies: they are looked for here, or in the folder
// that BENCH_PEERS names, and whoever has not installed them sees no rows of theirs.

import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export const VERSIONS = {
  nact: "7.6.2",
  xstate: "5.33.3",
  effect: "4.1.0",
  koa: "3.3.0",
  "@koa/router": "15.7.0",
  express: "5.3.0",
  hono: "4.13.19",
  "@hono/node-server": "2.1.8",
} as const;
export type Package = keyof typeof VERSIONS;

/** What each rival needs to be installed. */
export const PACKAGES = {
  nact: ["nact"],
  xstate: ["xstate"],
  effect: ["effect"],
  koa: ["koa", "@koa/router"],
  express: ["express"],
  hono: ["hono", "@hono/node-server"],
} as const satisfies Readonly<Record<string, readonly Package[]>>;
export type Peer = keyof typeof PACKAGES;

const { BENCH_PEERS } = process.env;
const from = createRequire(BENCH_PEERS === undefined ? import.meta.url : join(BENCH_PEERS, "package.json"));

/** Where a library is, if it is installed. */
function find(name: Package): string | undefined {
  try {
    return from.resolve(name);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return undefined;
    throw thrown;
  }
}

/** What a rival needs and is not installed, as npm takes it: `koa@3.3.0`. */
export const missing = (peer: Peer): readonly string[] =>
  PACKAGES[peer].filter((name) => find(name) === undefined).map((name) => `${name}@${VERSIONS[name]}`);

/** Its module. Their types are not installed either. */
export async function load(name: Package): Promise<any> {
  const path = find(name);
  if (path === undefined) throw new Error(`expected ${name} to be installed, got: none; see bench/README.md`);
  return import(pathToFileURL(path).href);
}
