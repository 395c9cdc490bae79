/** A request as its bytes, and all that the server may do about it. */
export interface Row {
  readonly what: string;
  /** In Latin-1. Of several pieces, each is sent when the server has taken in the one before. */
  readonly raw: string | readonly string[];
  /** What the client does when it has sent everything: it says that nothing follows, or is gone. */
  readonly leaves?: "ends" | "resets";
  /** The statuses of all answers, in order. */
  readonly answers: readonly number[];
  /** Whether the connection takes another request afterwards. `waiting`: not yet, it waits for the rest of this one. */
  readonly connection: "open" | "closed" | "waiting";
  /** How many requests have reached a plug. */
  readonly plugs: number;
  /** The parser of a Node before 24 refuses it with another status. */
  readonly older?: number;
}

/** Reaches no plug, is answered with that status, and ends its connection. */
export const refused = (status: number, what: string, raw: Row["raw"], older?: number): Row => ({
  what,
  raw,
  answers: [status],
  connection: "closed",
  plugs: 0,
  ...(older === undefined ? {} : { older }),
});

/** Is refused by the router, before a plug of a route has run; the connection goes on. */
export const declined = (status: number, what: string, raw: Row["raw"]): Row => ({
  what,
  raw,
  answers: [status],
  connection: "open",
  plugs: 0,
});

/** Is served, and the connection goes on. */
export const served = (what: string, raw: Row["raw"], requests = 1): Row => ({
  what,
  raw,
  answers: Array<number>(requests).fill(200),
  connection: "open",
  plugs: requests,
});

/** Is served, and the connection ends with the answer. */
export const last = (what: string, raw: Row["raw"], requests = 1): Row => ({
  ...served(what, raw, requests),
  connection: "closed",
});

/** Is not a whole request yet: no answer, no plug, and the connection waits. */
export const unfinished = (what: string, raw: Row["raw"], plugs = 0): Row => ({
  what,
  raw,
  answers: [],
  connection: "waiting",
  plugs,
});

export const request = (line: string, ...headers: string[]): string => `${[line, ...headers].join("\r\n")}\r\n\r\n`;

/** A request that is fine but for these headers. */
export const get = (...headers: string[]): string => request("GET / HTTP/1.1", "Host: a", ...headers);

/** A request whose body the plug reads. */
export const post = (...headers: string[]): string => request("POST /read HTTP/1.1", "Host: a", ...headers);

/** One whose body is chunked. */
export const chunked = (body: string): string => `${post("Transfer-Encoding: chunked")}${body}`;

export const NEXT = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
