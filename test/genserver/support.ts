import { type Async, type Caller, noreply, ok, type Reason, type Ref, reply, type Self } from "hornbeam";
import type { From, GenServer } from "hornbeam/genserver";

export type Log = readonly unknown[];
/** What a callback does: the test says it with the message. */
export type Act = (log: Log, self: Self, from: From) => Async<any>;

export interface Setup {
  /** Default: `ok([])`. */
  readonly init?: (self: Self) => Async<any>;
  readonly terminate?: (reason: Reason, log: Log, self: Self) => Async<void>;
}

/** A server that does in each callback what the message says, and keeps a log of plain messages as its state. */
export const Scripted = {
  init: ({ init = () => ok<Log>([]) }: Setup, self) => init(self),
  handleCall: {
    act: (act: Act, log, self, from) => act(log, self, from),
  },
  handleCast: {
    act: (act: Act, log, self) => act(log, self, undefined as never),
  },
  handleInfo: (message: unknown, log: Log, self: Self) => follow(message, log, self),
  handleContinue: (token: unknown, log, self) => follow(token, log, self),
} satisfies GenServer<Log>;

/** As {@link Scripted}, with a `terminate`. */
export const Terminating = (terminate: NonNullable<Setup["terminate"]>) =>
  ({ ...Scripted, terminate }) satisfies GenServer<Log>;

const follow = (message: unknown, log: Log, self: Self): Async<any> =>
  typeof message === "function" ? message(log, self) : noreply([...log, message]);

/** The log of a {@link Scripted}. */
export const logOf = async (by: Caller, pid: Ref<typeof Scripted>): Promise<Log> =>
  (await by.call(pid, "act", (log) => reply(log, log))) as Log;

/** A result, returned at once or as a promise. */
export const ways = {
  "at once": <T>(make: () => T): T => make(),
  "as a promise": async <T>(make: () => T): Promise<T> => {
    await undefined;
    return make();
  },
} as const;
export const WAYS = ["at once", "as a promise"] as const;
