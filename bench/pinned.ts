// Where there are two cores and Linux's taskset, a server has one to itself and its load another.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

export type Role = "server" | "load";

/** The command, on the core of its role where that is possible. */
export function pinned(role: Role, command: string, args: readonly string[]): readonly [string, string[]] {
  const core = cores[role === "server" ? 0 : 1];
  if (core === undefined) return [command, [...args]];
  return ["taskset", ["-c", String(core), command, ...args]];
}

/** `0-2,5` is 0, 1, 2 and 5. */
export const coresOf = (list: string): readonly number[] =>
  list.split(",").flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });

/** Those that this program may use; none where that cannot be said, or there is only one. */
function allowed(): readonly number[] {
  if (process.platform !== "linux" || spawnSync("taskset", ["--version"]).status !== 0) return [];
  const list = /^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  const found = list === undefined ? [] : coresOf(list);
  return found.length < 2 ? [] : found;
}

const cores = allowed();
