import { get, post, type Row, refused, request, served } from "./row.ts";

const coded = (...lines: string[]): string => `${post(...lines)}0\r\n\r\n`;

const TE = "Transfer-Encoding";

/** RFC 9112 §6.1: what could be understood in two ways is understood in none. */
export const smuggling: readonly Row[] = [
  served("chunked in capitals", coded(`${TE}: CHUNKED`)),
  served("chunked with spaces before it", coded(`${TE}: \t chunked`)),
  served("chunked with a space behind it", coded(`${TE}: chunked `)),
  // Node shows it without the tab, and then does not take it for chunked.
  { ...refused(400, "chunked with a tab behind it", coded(`${TE}: chunked\t`)), plugs: 1 },
  refused(400, "a length before chunked (CL.TE)", coded("Content-Length: 5", `${TE}: chunked`)),
  refused(400, "a length behind chunked (TE.CL)", coded(`${TE}: chunked`, "Content-Length: 5")),
  refused(400, "a length of 0 and chunked", coded("Content-Length: 0", `${TE}: chunked`)),
  refused(400, "a length and chunked on GET", `${get("Content-Length: 5", `${TE}: chunked`)}0\r\n\r\n`),
  refused(400, "a length and a coding that is none", coded("Content-Length: 5", `${TE}: x`)),
  refused(400, "a length and an empty coding", coded("Content-Length: 5", `${TE}:`)),
  refused(400, "chunked twice", coded(`${TE}: chunked`, `${TE}: chunked`)),
  refused(400, "chunked twice in one", coded(`${TE}: chunked, chunked`)),
  refused(400, "chunked, then identity", coded(`${TE}: chunked`, `${TE}: identity`)),
  refused(400, "identity, then chunked", coded(`${TE}: identity`, `${TE}: chunked`)),
  refused(400, "chunked, then x (TE.TE)", coded(`${TE}: chunked`, `${TE}: x`)),
  refused(400, "x, then chunked (TE.TE)", coded(`${TE}: x`, `${TE}: chunked`)),
  refused(400, "chunked, then gzip", coded(`${TE}: chunked, gzip`)),
  refused(501, "gzip, then chunked", coded(`${TE}: gzip, chunked`)),
  refused(501, "deflate, then chunked", coded(`${TE}: deflate,chunked`)),
  refused(501, "identity, then chunked, in one", coded(`${TE}: identity, chunked`)),
  refused(400, "gzip alone", coded(`${TE}: gzip`)),
  refused(400, "identity", coded(`${TE}: identity`)),
  refused(400, "xchunked", coded(`${TE}: xchunked`)),
  refused(400, "chunkedx", coded(`${TE}: chunkedx`)),
  refused(400, "chunked in quotes", coded(`${TE}: "chunked"`)),
  refused(400, "chunked with a parameter", coded(`${TE}: chunked;q=1`)),
  refused(400, "chunked and a comma", coded(`${TE}: chunked,`)),
  refused(400, "a comma and chunked", coded(`${TE}: ,chunked`)),
  refused(400, "chunked apart by a space", coded(`${TE}: chun ked`)),
  refused(400, "chunked with a vertical tab", coded(`${TE}: \x0bchunked`)),
  refused(400, "chunked with a form feed", coded(`${TE}: \fchunked`)),
  refused(400, "chunked with a NUL", coded(`${TE}: chunked\0`)),
  refused(400, "chunked with a no-break space", coded(`${TE}: \xa0chunked`)),
  refused(400, "chunked with a CR", coded(`${TE}: chunked\r`)),
  refused(400, "no coding", coded(`${TE}:`)),
  refused(400, "a coding of spaces", coded(`${TE}:   `)),
  refused(400, "a folded coding", coded(`${TE}:`, " chunked")),
  refused(400, "a space before the colon", coded(`${TE} : chunked`)),
  refused(400, "a tab before the colon", coded(`${TE}\t: chunked`)),
  refused(400, "a space before the name", coded("X: 1", ` ${TE}: chunked`)),
  refused(400, "a name behind a LF", coded(`X: 1\n${TE}: chunked`)),
  refused(400, "a name with a NUL", coded(`${TE}\0: chunked`)),
  refused(400, "a name with a vertical tab", coded(`\x0b${TE}: chunked`)),
  refused(400, "chunked on HTTP/1.0", `${request("POST /read HTTP/1.0", "Host: a", `${TE}: chunked`)}0\r\n\r\n`),
  refused(
    400,
    "chunked on HTTP/1.0 that is to be kept open",
    `${request("POST /read HTTP/1.0", "Host: a", "Connection: keep-alive", `${TE}: chunked`)}0\r\n\r\n`,
  ),
  refused(
    400,
    "chunked that the connection is said to drop, and a length",
    coded(`Connection: ${TE}`, `${TE}: chunked`, "Content-Length: 4"),
  ),
  {
    ...refused(
      400,
      "an underscore for the hyphen is another header, and the body is the next request",
      coded("Transfer_Encoding: chunked"),
    ),
    answers: [200, 400],
    plugs: 1,
  },
];
