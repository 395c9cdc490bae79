// One launch of one workload on one implementation, in an operating system process of its own.

import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Implementation } from "./compare.ts";
import { Figures } from "./figures.ts";
import { missing, PACKAGES, type Peer } from "./peers/peer.ts";
import type { Workload } from "./workloads.ts";

const run = promisify(execFile);
const TIMEOUT = 300_000;

export const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
/** What runs a script of this folder. */
export const node = (...args: string[]) => [process.execPath, ["--conditions=hornbeam-source", ...args]] as const;

const FLAGS = ["--expose-gc", "--max-old-space-size=12000"];
/** XState nests what is sent in what is received, Effect the ends of children. */
const DEEP = "--stack-size=3900";
const ERL = ["+S", "1:1", "+P", "4000000", "-noshell"];

/** Runs a workload `rounds` times after its warm-up. */
export async function launch(who: Implementation, { name, as }: Workload, rounds: number): Promise<Figures> {
  const [command, args] = await program(who);
  const workload = who === "hornbeam" ? name : (as[who] ?? name);
  // An Erlang that is stopped in the middle would leave a dump of itself where it was started.
  const env = { ...process.env, NODE_ENV: "production", ERL_CRASH_DUMP_BYTES: "0" };
  const options = { timeout: TIMEOUT, maxBuffer: 2 ** 24, env };
  const { stdout } = await run(command, [...args, workload, String(rounds)], options);
  return new Figures(stdout);
}

async function program(who: Implementation): Promise<readonly [string, readonly string[]]> {
  if (who === "beam") return ["erl", [...ERL, "-pa", await compiled(), "-run", "bench", "main"]];
  if (!isPeer(who)) return node(...FLAGS, script(`${who}.ts`));
  return node(...FLAGS, DEEP, script(`peers/${who}.ts`));
}

const isPeer = (name: string): name is Peer => Object.hasOwn(PACKAGES, name);

let beams: Promise<string> | undefined;

/** A folder with the compiled Erlang, which is gone when this process is. */
function compiled(): Promise<string> {
  beams ??= (async () => {
    const folder = mkdtempSync(join(tmpdir(), "hornbeam-bench-"));
    process.once("exit", () => rmSync(folder, { recursive: true }));
    const sources = readdirSync(script("beam")).map((file) => join(script("beam"), file));
    await run("erlc", ["-o", folder, ...sources]);
    return folder;
  })();
  return beams;
}

/** Why a rival cannot be run here; undefined when it can. */
export function absent(rival: string): string | undefined {
  const packages = isPeer(rival) ? missing(rival) : [];
  if (packages.length > 0) return `${rival} is left out. To have it: npm install --no-save ${packages.join(" ")}`;
  if (rival === "beam" && !(onPath("erl") && onPath("erlc")))
    return "beam is left out. To have it: install Erlang/OTP, so that erl and erlc are on the PATH";
  return undefined;
}

const onPath = (program: string): boolean =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));
