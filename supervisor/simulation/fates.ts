/** What became of a child: `untouched`, `restarted` (runs as another process), `started`, `stopped`, `restarting`, `gone`. */
export type Fate = "untouched" | "restarted" | "started" | "stopped" | "restarting" | "gone";

/** By path: what runs there, whatever stands for it; or a word, when nothing does. */
type Status = ReadonlyMap<string, unknown>;

/** What became of each path between two looks at a tree, real or modelled. */
export function fatesOf(before: Status, after: Status): ReadonlyMap<string, Fate> {
  const fates = new Map<string, Fate>();
  for (const [path, now] of after) fates.set(path, fateOf(before.get(path), now));
  for (const path of before.keys()) if (!after.has(path)) fates.set(path, "gone");
  return fates;
}

function fateOf(was: unknown, now: unknown): Fate {
  if (now === "stopped" || now === "restarting") return now;
  if (was === now) return "untouched";
  return was === undefined || was === "stopped" ? "started" : "restarted";
}
