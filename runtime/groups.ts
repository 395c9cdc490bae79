import { Entries, type Entry, perSystem } from "./entries.ts";
import { BadArgument } from "./errors.ts";
import { show } from "./inspect.ts";
import { addressOf } from "./pid.ts";
import type { Process } from "./process.ts";
import { newRef } from "./ref.ts";
import { type ProcessSelf, processOf } from "./self.ts";
import { signal } from "./signal.ts";
import type { Caller, Pid, Self } from "./types.ts";

/** What who watches a group receives (OTP: `{Ref, join | leave, Group, Pids}`). */
export interface GroupEvent<G = any> {
  readonly tag: "join" | "leave";
  readonly ref: number;
  readonly group: G;
  readonly pids: readonly Pid[];
}

export interface GroupWatch extends Disposable {
  /** In every {@link GroupEvent} that comes of it. */
  readonly ref: number;
  /** Ends it, and takes events of it that still wait out of the mailbox. True when it was active (OTP: `demonitor/1`). */
  cancel(): boolean;
}

export interface GroupMonitor extends GroupWatch {
  /** Who is in the group now. */
  readonly members: readonly Pid[];
}

export interface ScopeMonitor extends GroupWatch {
  /** The groups that are there now, and who is in them. */
  readonly groups: ReadonlyMap<unknown, readonly Pid[]>;
}

/**
 * Groups of processes (OTP: `pg`). A group is any value, compared with `===`; it is there as long as it has members. Reads
 * and changes of this node's members are immediate, so that groups over several nodes fit behind the same functions.
 */
export interface ProcessGroups {
  /** A process may join a group several times, and is then in it several times. One that is dead does not. */
  join(by: Caller, group: unknown, pids: Pid | readonly Pid[]): void;
  /** Takes back one join of each. False when none of them was in the group (OTP: `not_joined`). */
  leave(by: Caller, group: unknown, pids: Pid | readonly Pid[]): boolean;
  getMembers(by: Caller, group: unknown): readonly Pid[];
  /** Those of this node. */
  getLocalMembers(by: Caller, group: unknown): readonly Pid[];
  whichGroups(by: Caller): readonly unknown[];
  /** Those with members of this node. */
  whichLocalGroups(by: Caller): readonly unknown[];
  /** From now on the calling process gets a {@link GroupEvent} whenever somebody joins or leaves the group, or ends in it. */
  monitor(self: Self, group: unknown): GroupMonitor;
  /** As {@link ProcessGroups.monitor}, for all groups of the scope. */
  monitorScope(self: Self): ScopeMonitor;
  /** Groups of their own, which share nothing with those of other scopes. A scope is always there (OTP: `start_link/1`). */
  scope(name: string): ProcessGroups;
}

/** Stands for every group, among those that are watched. */
const ALL = Symbol("all groups");

/** The members of one scope in one system, and who watches them. */
class Scope {
  readonly members = new Entries<unknown, undefined>((entry) => this.tell("leave", entry.key, [entry.owner.pid]));
  /** By group; the value is the reference. */
  readonly watches = new Entries<unknown, number>();

  tell(tag: GroupEvent["tag"], group: unknown, pids: readonly Pid[]): void {
    for (const watched of [ALL, group]) {
      for (const { owner, value: ref } of this.watches.at(watched)) owner.enqueue(signal({ tag, ref, group, pids }));
    }
  }

  pidsIn(group: unknown): readonly Pid[] {
    return [...this.members.at(group)].filter(({ owner }) => !owner.dead).map(({ owner }) => owner.pid);
  }
}

class Watching implements GroupMonitor, ScopeMonitor {
  readonly ref: number;
  readonly members: readonly Pid[];
  readonly groups: ReadonlyMap<unknown, readonly Pid[]>;
  private readonly scope: Scope;
  private readonly entry: Entry<unknown, number> | undefined;

  constructor(process: ProcessSelf, scope: Scope, watched: unknown) {
    this.ref = newRef();
    this.scope = scope;
    this.members = scope.pidsIn(watched);
    const groups = watched === ALL ? scope.members.keys() : [];
    this.groups = new Map([...groups].map((group) => [group, scope.pidsIn(group)]));
    if (process.dead) process.zombie("monitor");
    else this.entry = scope.watches.add(watched, process, this.ref);
  }

  cancel(): boolean {
    const { entry, ref } = this;
    if (entry === undefined || !this.scope.watches.remove(entry)) return false;
    entry.owner.flush((message) => isGroupEvent(message) && message.ref === ref);
    return true;
  }

  [Symbol.dispose](): void {
    this.cancel();
  }
}

export function isGroupEvent(message: unknown): message is GroupEvent {
  const event = message as GroupEvent | null;
  return (
    typeof event === "object" && event !== null && (event.tag === "join" || event.tag === "leave") && "group" in event
  );
}

const scopes = perSystem(() => new Map<string, Scope>());

/** The groups of one scope: of the processes of the caller's system. */
class LocalGroups implements ProcessGroups {
  private readonly name: string;
  constructor(name: string) {
    this.name = name;
  }

  private scopeOf(by: Process): Scope {
    const known = scopes(by.kernel);
    let scope = known.get(this.name);
    if (scope === undefined) {
      scope = new Scope();
      known.set(this.name, scope);
    }
    return scope;
  }

  join(by: Caller, group: unknown, pids: Pid | readonly Pid[]): void {
    const caller = processOf(by);
    const processes = living("join", caller, pids);
    if (caller.dead) return caller.zombie("join");
    const scope = this.scopeOf(caller);
    for (const process of processes) scope.members.add(group, process, undefined);
    if (processes.length > 0) scope.tell("join", group, pidsOf(processes));
  }

  leave(by: Caller, group: unknown, pids: Pid | readonly Pid[]): boolean {
    const caller = processOf(by);
    const processes = living("leave", caller, pids);
    if (caller.dead) {
      caller.zombie("leave");
      return false;
    }
    const scope = this.scopeOf(caller);
    const left = processes.filter((process) => leaveOnce(scope, group, process));
    if (left.length > 0) scope.tell("leave", group, pidsOf(left));
    return left.length > 0;
  }

  getMembers(by: Caller, group: unknown): readonly Pid[] {
    return this.scopeOf(processOf(by)).pidsIn(group);
  }

  getLocalMembers(by: Caller, group: unknown): readonly Pid[] {
    return this.getMembers(by, group);
  }

  whichGroups(by: Caller): readonly unknown[] {
    return [...this.scopeOf(processOf(by)).members.keys()];
  }

  whichLocalGroups(by: Caller): readonly unknown[] {
    return this.whichGroups(by);
  }

  monitor(self: Self, group: unknown): GroupMonitor {
    return this.watch(processOf(self), group);
  }

  monitorScope(self: Self): ScopeMonitor {
    return this.watch(processOf(self), ALL);
  }

  private watch(process: ProcessSelf, watched: unknown): Watching {
    return new Watching(process, this.scopeOf(process), watched);
  }

  scope(name: string): ProcessGroups {
    if (typeof name === "string" && name !== "") return new LocalGroups(name);
    throw new BadArgument(`expected the name of a scope (a string), got: ${show(name)}`);
  }
}

const pidsOf = (processes: readonly Process[]): readonly Pid[] => processes.map(({ pid }) => pid);

/** Those of the pids that live. Throws, before anything is done, when one is no pid of this system. */
function living(operation: string, caller: Process, pids: Pid | readonly Pid[]): readonly Process[] {
  const processes = (Array.isArray(pids) ? (pids as readonly Pid[]) : [pids as Pid]).map(
    (pid) => addressOf(pid).process,
  );
  const foreign = processes.find((process) => process !== null && process.kernel !== caller.kernel);
  if (foreign) throw new BadArgument(`${operation}: expected pids of this system, got: ${show(foreign.pid)}`);
  return processes.filter((process) => process !== null && !process.dead) as readonly Process[];
}

function leaveOnce({ members }: Scope, group: unknown, process: Process): boolean {
  for (const entry of members.of(process))
    if (Object.is(entry.key, group) || entry.key === group) return members.remove(entry);
  return false;
}

/**
 * The groups of the default scope.
 *
 * @example
 * const reader = sim.spawn((process) => process.receive());
 * const news = pg.monitor(self, "news");
 * pg.join(self, "news", reader);
 * for (const pid of pg.getMembers(self, "news")) self.send(pid, "hello"); // it ends, and leaves
 * const joined = await self.receive(isGroupEvent);
 * expect([joined.tag, joined.group, joined.pids]).toEqual(["join", "news", [reader]]);
 * expect((await self.receive(isGroupEvent)).tag).toBe("leave");
 * expect(news.cancel()).toBe(true);
 */
export const pg: ProcessGroups = new LocalGroups("pg");
