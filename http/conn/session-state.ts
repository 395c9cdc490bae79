import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Async } from "../../runtime/types.ts";
import type { Conn } from "./conn.ts";

/** What becomes of a session when the response is sent: nothing, or one of these. */
export type SessionChange = "write" | "renew" | "drop" | "ignore";

export interface SessionOptions {
  /** The same data under a new id, so that nobody who knows the old one has it: after a log-in. */
  readonly renew?: boolean;
  /** The session ends. */
  readonly drop?: boolean;
  /** Changes are not kept. */
  readonly ignore?: boolean;
}

type Data = Readonly<Record<string, unknown>>;
const CHANGES = ["renew", "drop", "ignore"] as const;

/** The session of a request, as far as it is known: an immutable value. */
export class SessionState {
  /** Fetches it: what the session plug has left to do. */
  readonly fetch: (conn: Conn<any>) => Async<Conn<any>>;
  /** Undefined before it is fetched. */
  readonly data: Data | undefined;
  readonly change: SessionChange | undefined;

  constructor(fetch: SessionState["fetch"], data: Data | undefined, change: SessionChange | undefined) {
    this.fetch = fetch;
    this.data = data;
    this.change = change;
  }

  /** The data that a store had: what was put before the session was fetched stays. */
  fetched(stored: Data): SessionState {
    return new SessionState(this.fetch, { ...stored, ...this.data }, this.change);
  }

  put(key: string, value: unknown): SessionState {
    return this.write({ ...this.data, [checkKey(key)]: value });
  }

  delete(key: string): SessionState {
    const { [checkKey(key)]: _, ...rest } = this.data ?? {};
    return this.write(rest);
  }

  clear(): SessionState {
    return this.write({});
  }

  /** The first of renew, drop and ignore that is set; a later write does not take it back. */
  configure(options: SessionOptions): SessionState {
    for (const name of Object.keys(options)) {
      if (!CHANGES.includes(name as (typeof CHANGES)[number])) {
        throw new BadArgument(`configureSession: expected renew, drop or ignore, got: ${show(options)}`);
      }
    }
    const change = CHANGES.find((name) => options[name] === true);
    return change === undefined ? this : new SessionState(this.fetch, this.data, change);
  }

  private write(data: Data): SessionState {
    return new SessionState(this.fetch, data, this.change ?? "write");
  }
}

function checkKey(key: string): string {
  if (typeof key === "string") return key;
  throw new BadArgument(`session: expected a key that is a string, got: ${show(key)}`);
}
