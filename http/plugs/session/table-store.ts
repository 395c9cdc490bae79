import { randomBytes } from "node:crypto";
import { BadArgument } from "../../../runtime/errors.ts";
import { show } from "../../../runtime/inspect.ts";
import { NO_SESSION, type SessionData, type SessionStore } from "./session-store.ts";
import { sessionsOf } from "./session-table.ts";

export interface TableStoreOptions {
  /** The name that was given to {@link sessionTable}. */
  readonly table: string;
}

/** In bytes; nobody guesses one. */
const ID = 96;

/**
 * Keeps sessions in memory, and only an id in the cookie (Plug: `Plug.Session.ETS`). A session is good in this process of the
 * operating system alone, and forgotten at its end; it may hold what `structuredClone` can copy, and each request has a
 * copy of its own. An id that is not known is no session, and the next write makes a new id: nobody can make another use an
 * id of his choice.
 *
 * @example
 * pipeline().plug(plug(Session, { store: tableStore({ table: "sessions" }), key: "_chat" }))
 */
export function tableStore({ table }: TableStoreOptions): SessionStore {
  if (typeof table !== "string") throw new BadArgument(`tableStore: expected a table (a string), got: ${show(table)}`);
  return {
    get(conn, id) {
      const data = sessionsOf(conn.self, table).get(id);
      return data === undefined ? NO_SESSION : { id, data: structuredClone(data) };
    },

    put(conn, id = randomBytes(ID).toString("base64url"), data) {
      sessionsOf(conn.self, table).put(id, copyOf(data));
      return id;
    },

    delete(conn, id) {
      sessionsOf(conn.self, table).delete(id);
    },
  };
}

function copyOf(data: SessionData): SessionData {
  try {
    return structuredClone(data);
  } catch (error) {
    throw new BadArgument(`expected a session of values that can be copied, got: ${show(data)}`, { cause: error });
  }
}
