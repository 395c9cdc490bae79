import type { Async } from "../../../runtime/types.ts";
import type { Conn } from "../../conn/conn.ts";

/** What a session holds, by key. */
export type SessionData = Readonly<Record<string, unknown>>;

/** A session as a store has found it; without an id there was none. */
export interface StoredSession {
  readonly id: string | undefined;
  readonly data: SessionData;
}

/**
 * Where sessions are kept (Plug: `Plug.Session.Store`). Reading may take time. Writing gives the cookie at once; what takes
 * longer is given to `conn.holdResponse`, so that the response does not overtake it, and is not sent if it fails.
 */
export interface SessionStore {
  /** The session that a cookie stands for. A cookie that is not good has no id, and is no error. */
  get(conn: Conn<any>, cookie: string): Async<StoredSession>;
  /** Keeps a session, under a new id if it has none, and gives what the cookie is to hold. */
  put(conn: Conn<any>, id: string | undefined, data: SessionData): string;
  /** Forgets a session. */
  delete(conn: Conn<any>, id: string): void;
}

export const NO_SESSION: StoredSession = Object.freeze({ id: undefined, data: Object.freeze({}) });
