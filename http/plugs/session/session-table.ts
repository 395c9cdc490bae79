import { child, type GenServer } from "../../../genserver/genserver.ts";
import { checkCount, checkOptions } from "../../../runtime/checks.ts";
import { Entries, perSystem } from "../../../runtime/entries.ts";
import { BadArgument } from "../../../runtime/errors.ts";
import { show } from "../../../runtime/inspect.ts";
import { noreply, ok } from "../../../runtime/results.ts";
import { type ProcessSelf, processOf } from "../../../runtime/self.ts";
import type { Caller, ChildSpec, Milliseconds, Self } from "../../../runtime/types.ts";
import type { SessionData } from "./session-store.ts";

export interface SessionTableOptions {
  /** What {@link tableStore} finds it by. */
  readonly name: string;
  /** How long a session is kept that nobody reads or writes. Default 86,400,000 ms: a day. */
  readonly idleTime?: Milliseconds;
  /** How many are kept; beyond, the one goes that was idle longest. Default 100,000. */
  readonly max?: number;
}

const DAY: Milliseconds = 86_400_000;
const MANY = 100_000;

interface Row {
  readonly data: SessionData;
  readonly used: Milliseconds;
}

/** Sessions by id, those that were used last at the end. Read and written where the caller runs (Erlang: ETS). */
class Sessions {
  readonly owner: ProcessSelf;
  private readonly idleTime: Milliseconds;
  private readonly max: number;
  private readonly rows = new Map<string, Row>();
  private sweeping = false;

  constructor(owner: ProcessSelf, { idleTime = DAY, max = MANY }: SessionTableOptions) {
    this.owner = owner;
    this.idleTime = idleTime;
    this.max = max;
  }

  get(id: string): SessionData | undefined {
    const row = this.rows.get(id);
    if (row !== undefined) this.keep(id, row.data);
    return row?.data;
  }

  put(id: string, data: SessionData): void {
    this.keep(id, data);
    const [oldest] = this.rows.keys();
    if (this.rows.size > this.max && oldest !== undefined) this.rows.delete(oldest);
    if (this.sweeping) return;
    this.sweeping = true;
    this.owner.deliver("sweep");
  }

  delete(id: string): void {
    this.rows.delete(id);
  }

  /** Drops what was idle for too long. How long until there may be more of it; `undefined` when nothing is left. */
  sweep(): Milliseconds | undefined {
    for (const [id, row] of this.rows) {
      const left = this.idleTime - this.age(row);
      if (left >= 0) return left + 1;
      this.rows.delete(id);
    }
    this.sweeping = false;
    return undefined;
  }

  get size(): number {
    return this.rows.size;
  }

  private age(row: Row): Milliseconds {
    return this.owner.kernel.driver.now() - row.used;
  }

  private keep(id: string, data: SessionData): void {
    this.rows.delete(id);
    this.rows.set(id, { data, used: this.owner.kernel.driver.now() });
  }
}

/** The tables of each system. One is held by its process, and gone with it. */
const tablesOf = perSystem(() => new Entries<string, Sessions>());

/** The process of a table: it has nothing to do but to hold it, and to sweep it. */
const SessionTable = {
  init: (options: SessionTableOptions, self: Self) => {
    const process = processOf(self);
    const tables = tablesOf(process.kernel);
    if (tables.at(options.name).size > 0) {
      throw new BadArgument(`sessionTable: expected a name that no other table has, got: ${show(options.name)}`);
    }
    const sessions = new Sessions(process, options);
    tables.add(options.name, process, sessions);
    return ok(sessions);
  },

  handleInfo: (_: "sweep", sessions: Sessions, self: Self<"sweep">) => {
    const next = sessions.sweep();
    if (next !== undefined) self.sendAfter("sweep", next);
    return noreply(sessions);
  },
} satisfies GenServer<Sessions, "sweep">;

/**
 * A child that holds sessions in memory, for {@link tableStore} (Plug: the ETS table that `Plug.Session.ETS` wants). They are
 * gone when it crashes or the program ends. To be started before the server.
 *
 * @example
 * await sim.start(sessionTable({ name: "sessions", idleTime: 30 * 60_000 }));
 */
export function sessionTable(options: SessionTableOptions): ChildSpec {
  const { name, idleTime = DAY, max = MANY } = checkOptions("sessionTable", options);
  if (typeof name !== "string" || name === "") {
    throw new BadArgument(`sessionTable: expected a name (a string), got: ${show(name)}`);
  }
  checkCount("sessionTable max", max);
  if (typeof idleTime !== "number" || !(idleTime > 0)) {
    throw new BadArgument(`sessionTable: expected an idleTime above 0 ms, got: ${show(idleTime)}`);
  }
  return child(SessionTable, options, { id: name });
}

/**
 * How many sessions a table has, those included that have been idle too long and are not swept up yet.
 *
 * @example
 * await sim.start(sessionTable({ name: "sessions" }));
 * expect(countSessions(self, "sessions")).toBe(0);
 */
export const countSessions = (by: Caller, name: string): number => sessionsOf(by, name).size;

/** The table of that name in the caller's system. */
export function sessionsOf(by: Caller, name: string): Sessions {
  for (const { value } of tablesOf(processOf(by).kernel).at(name)) return value;
  throw new BadArgument(
    `tableStore: expected a session table that runs, got: ${show(name)}; is sessionTable({ name: ${show(name)} }) a child before the server?`,
  );
}
