import { randomBytes } from "node:crypto";
import { type Milliseconds, name, noreply, ok, reply } from "hornbeam";
import type { GenServer } from "hornbeam/genserver";

export interface User {
  readonly id: number;
  readonly email: string;
  readonly passwordHash: string;
}

interface Session {
  readonly userId: number;
  /** In the time of `self.now()`. */
  readonly since: Milliseconds;
}

interface State {
  /** By email. */
  readonly users: ReadonlyMap<string, User>;
  /** Who is logged in, by token. */
  readonly sessions: ReadonlyMap<string, Session>;
}

/** How long a log-in is good. */
export const SESSION_DAYS = 60;
const DAY: Milliseconds = 86_400_000;
const TOKEN_BYTES = 32;

/**
 * Who has an account, and who is logged in. It hashes no passwords, so that nobody waits for another's hash. What it knows
 * is gone when it crashes: a real service keeps it in a database.
 */
export const Users = {
  init: () => ok<State>({ users: new Map(), sessions: new Map() }),

  handleCall: {
    /** Undefined when the email is taken. */
    register: ({ email, passwordHash }: Pick<User, "email" | "passwordHash">, state) => {
      const key = email.toLowerCase();
      if (state.users.has(key)) return reply(undefined, state);
      const user: User = { id: state.users.size + 1, email, passwordHash };
      return reply(user, { ...state, users: new Map(state.users).set(key, user) });
    },

    byEmail: (email: string, state) => reply(state.users.get(email.toLowerCase()), state),

    /** A token for somebody who has logged in. */
    openSession: (userId: number, state, self) => {
      const token = randomBytes(TOKEN_BYTES).toString("base64url");
      return reply(token, { ...state, sessions: new Map(state.sessions).set(token, { userId, since: self.now() }) });
    },

    bySession: (token: string, state, self) => {
      const session = state.sessions.get(token);
      if (session === undefined || session.since + SESSION_DAYS * DAY < self.now()) return reply(undefined, state);
      return reply(
        [...state.users.values()].find(({ id }) => id === session.userId),
        state,
      );
    },

    /** Every session ends with the old password. */
    changePassword: ({ id, passwordHash }: Pick<User, "id" | "passwordHash">, state) => {
      const users = [...state.users].map(
        ([key, user]) => [key, user.id === id ? { ...user, passwordHash } : user] as const,
      );
      const sessions = [...state.sessions].filter(([, { userId }]) => userId !== id);
      return reply("changed", { users: new Map(users), sessions: new Map(sessions) });
    },
  },

  handleCast: {
    closeSession: (token: string, state) => {
      const sessions = new Map(state.sessions);
      sessions.delete(token);
      return noreply({ ...state, sessions });
    },
  },
} satisfies GenServer<State>;

export const users = name<typeof Users>("users");
