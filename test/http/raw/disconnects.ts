import { NEXT, post, type Row, request } from "./row.ts";

const HEAD = post("Content-Length: 4");
const CHUNKED = post("Transfer-Encoding: chunked");

/** A client that says that it has nothing more to send, after each byte of a request. */
const ends = (what: string, raw: string, head: number, from = 0): Row[] =>
  Array.from({ length: raw.length - from }, (_, i) => ({
    what: `${what}, ended after ${from + i} bytes`,
    raw: raw.slice(0, from + i),
    leaves: "ends",
    answers: from + i === 0 ? [] : [400],
    connection: "closed",
    plugs: from + i < head ? 0 : 1,
  }));

/** A client that is gone after each byte of a head. */
const resets = (what: string, head: string): Row[] =>
  Array.from({ length: head.length }, (_, sent) => ({
    what: `${what}, reset after ${sent} bytes`,
    raw: head.slice(0, sent),
    leaves: "resets",
    answers: [],
    connection: "closed",
    plugs: 0,
  }));

/** What a connection that breaks off at any point comes to (RFC 9112 §8). */
export const disconnects: readonly Row[] = [
  ...ends("a body with a length", `${HEAD}abcd`, HEAD.length),
  ...ends("a chunked body", `${CHUNKED}3;x=y\r\nabc\r\n0\r\nX-A: 1\r\n\r\n`, CHUNKED.length, CHUNKED.length),
  ...resets("a head", HEAD),
  { what: "a request, ended behind it", raw: NEXT, leaves: "ends", answers: [200], connection: "closed", plugs: 1 },
  {
    what: "a request and a half, ended",
    raw: NEXT + NEXT.slice(0, 20),
    leaves: "ends",
    answers: [200, 400],
    connection: "closed",
    plugs: 1,
  },
  {
    what: "a request without a Host, ended behind it",
    raw: request("GET / HTTP/1.1"),
    leaves: "ends",
    answers: [400],
    connection: "closed",
    plugs: 0,
  },
  {
    what: "line breaks, ended behind them",
    raw: "\r\n\r\n",
    leaves: "ends",
    answers: [],
    connection: "closed",
    plugs: 0,
  },
];
