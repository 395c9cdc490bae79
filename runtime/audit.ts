import type { Kernel } from "./kernel.ts";
import { isLinked, linked } from "./links.ts";
import type { Process } from "./process.ts";

/**
 * What should not be there: a link, a monitor, a call, a name or a timer with a process that has ended, or one that only
 * one side knows of. Looks at everything, so it is for tests.
 */
export function audit(kernel: Kernel): readonly string[] {
  const living = kernel.table.list();
  return [...living.flatMap(auditProcess), ...auditNames(kernel), ...auditTimers(kernel, new Set(living))];
}

function auditProcess(process: Process): readonly string[] {
  const found: string[] = [];
  const wrong = (what: string) => found.push(`${what} of ${process.describe()}`);
  if (process.dead) wrong("the entry in the process table");
  for (const peer of linked(process.links)) {
    if (peer.dead || !isLinked(peer.links, process)) wrong(`a link to ${peer.pid}`);
  }
  for (let watch = process.watching; watch !== null; watch = watch.nextOfWatcher) {
    if (watch.watcher !== process || watch.target === null || watch.target.dead) wrong("a monitor of nobody");
  }
  for (let watch = process.watchers; watch !== null; watch = watch.nextOfTarget) {
    if (watch.target !== process || watch.watcher === null || watch.watcher.dead) wrong("a monitor by nobody");
  }
  return found;
}

const auditNames = ({ names }: Kernel): readonly string[] =>
  [...names.holders()].flatMap(([key, holder]) =>
    holder.dead || holder.registered !== key ? [`the name ${key} of ${holder.describe()}`] : [],
  );

const auditTimers = ({ timers }: Kernel, living: ReadonlySet<unknown>): readonly string[] =>
  [...timers.owners()].flatMap((owner) =>
    owner === null || living.has(owner) ? [] : ["a timer of a process that has ended"],
  );
