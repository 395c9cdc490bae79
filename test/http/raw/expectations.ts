import { get, last, post, type Row, refused, request, served, unfinished } from "./row.ts";

/** RFC 9110 §10.1.1. */
export const expectations: readonly Row[] = [
  {
    ...served("100-continue, and the body is read", [post("Content-Length: 2", "Expect: 100-continue"), "ab"]),
    answers: [100, 200],
  },
  {
    ...served("100-Continue in another case", [post("Content-Length: 2", "Expect: 100-CONTINUE"), "ab"]),
    answers: [100, 200],
  },
  {
    ...served("100-continue, and the chunks are read", [
      post("Transfer-Encoding: chunked", "Expect: 100-continue"),
      "1\r\na\r\n0\r\n\r\n",
    ]),
    answers: [100, 200],
  },
  {
    ...served("100-continue, and the body was sent at once", `${post("Content-Length: 2", "Expect: 100-continue")}ab`),
    answers: [100, 200],
  },
  {
    ...unfinished("100-continue, and no body comes", post("Content-Length: 2", "Expect: 100-continue"), 1),
    answers: [100],
  },
  last("100-continue, and nobody reads the body", get("Content-Length: 2", "Expect: 100-continue")),
  last("100-continue, and nobody reads the body that comes", `${get("Content-Length: 2", "Expect: 100-continue")}ab`),
  {
    ...last(
      "100-continue on HTTP/1.0 is not known",
      `${request("POST /read HTTP/1.0", "Host: a", "Content-Length: 2", "Expect: 100-continue")}ab`,
    ),
  },
  refused(417, "an expectation that is not known", post("Content-Length: 2", "Expect: 200-ok")),
  refused(417, "an expectation that is not known, and the body", `${post("Content-Length: 2", "Expect: 200-ok")}ab`),
  refused(417, "100-continue and another one", post("Content-Length: 2", "Expect: 100-continue, x")),
  refused(417, "100-continue with a parameter", post("Content-Length: 2", "Expect: 100-continue;x=1")),
  refused(417, "100-continue with a value", post("Content-Length: 2", "Expect: x=100-continue")),
  refused(417, "100-continue in quotes", post("Content-Length: 2", 'Expect: "100-continue"')),
  refused(417, "another one, and 100-continue", post("Content-Length: 2", "Expect: x", "Expect: 100-continue")),
  refused(417, "an expectation of nothing", post("Content-Length: 2", "Expect:")),
  refused(417, "an expectation on GET", get("Expect: x")),
  refused(
    400,
    "an expectation without a Host",
    request("POST /read HTTP/1.1", "Content-Length: 2", "Expect: 100-continue"),
  ),
  refused(
    400,
    "an unknown expectation without a Host",
    request("POST /read HTTP/1.1", "Content-Length: 2", "Expect: x"),
  ),
];
