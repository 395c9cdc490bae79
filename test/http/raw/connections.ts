import { get, last, NEXT, post, type Row, refused, request, served } from "./row.ts";

const upgrade = (protocol: string, ...lines: string[]): string =>
  get("Connection: Upgrade", `Upgrade: ${protocol}`, ...lines);

/** RFC 9110 §7.8: an offer that nobody takes is none. */
export const upgrades: readonly Row[] = [
  last("h2c", get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")),
  last("TLS/1.2", upgrade("TLS/1.2")),
  last("websocket, where none is", upgrade("websocket", "Sec-WebSocket-Version: 13")),
  served("a protocol of nothing", upgrade("")),
  last("several protocols", upgrade("websocket, h2c")),
  served("an Upgrade that Connection does not name", get("Upgrade: websocket")),
  served("an Upgrade and no more of it", get("Connection: Upgrade")),
  last("an Upgrade with a body", `${get("Connection: Upgrade", "Upgrade: x", "Content-Length: 2")}ab`),
  last("a WebSocket with a body, where none is", `${upgrade("websocket", "Content-Length: 2")}ab`),
  last("a WebSocket with half a body, where none is", `${upgrade("websocket", "Content-Length: 5")}ab`),
  last("a WebSocket with what follows, where none is", `${upgrade("websocket")}ab${NEXT}`),
  last("an Upgrade and a request behind it", `${upgrade("websocket")}${NEXT}`),
  last("an Upgrade that closes", get("Connection: Upgrade, close", "Upgrade: x")),
  last("an Upgrade on HTTP/1.0", request("GET / HTTP/1.0", "Connection: Upgrade", "Upgrade: websocket")),
  refused(400, "an Upgrade without a Host", request("GET / HTTP/1.1", "Connection: Upgrade", "Upgrade: x")),
  refused(
    400,
    "an Upgrade with two Hosts",
    request("GET / HTTP/1.1", "Host: a", "Host: b", "Connection: Upgrade", "Upgrade: x"),
  ),
];

/** RFC 9112 §9: how long a connection lasts, and what shares it. */
export const connections: readonly Row[] = [
  served("three requests at once", NEXT.repeat(3), 3),
  served("a hundred requests at once", NEXT.repeat(100), 100),
  served("requests with bodies at once", `${post("Content-Length: 2")}ab`.repeat(5), 5),
  served("requests at once with line breaks between", `${NEXT}\r\n${NEXT}\r\n\r\n${NEXT}`, 3),
  served("a request cut within the one behind it", [NEXT + NEXT.slice(0, 10), NEXT.slice(10)], 2),
  { ...served("HEAD before GET", `${request("HEAD /a HTTP/1.1", "Host: a")}${NEXT}`, 2) },
  last("close", get("Connection: close")),
  last("Close", get("Connection: Close")),
  last("close among others", get("Connection: keep-alive, x, close")),
  last("close twice", get("Connection: close", "Connection: close")),
  last("what follows a request that closes", get("Connection: close") + NEXT.repeat(3)),
  last("close behind a request that stays", NEXT + get("Connection: close"), 2),
  served("keep-alive", get("Connection: keep-alive")),
  served("a Connection of nothing", get("Connection:")),
  served("an option that is not known", get("Connection: x")),
  served("an option that is longer than close", get("Connection: closed")),
  served("a Connection that names Host", get("Connection: host")),
  served("Keep-Alive with parameters", get("Connection: keep-alive", "Keep-Alive: timeout=1, max=0")),
  last("Proxy-Connection, which Node takes for Connection", get("Proxy-Connection: close")),
  served(
    "keep-alive and close on HTTP/1.0, of which Node hears only the first",
    request("GET / HTTP/1.0", "Connection: keep-alive, close"),
  ),
  last("HTTP/1.0 and another behind it", request("GET / HTTP/1.0") + NEXT),
  {
    ...refused(400, "a malformed request behind one that is fine", `${NEXT}GET / HTTP/1.1\r\nHost : a\r\n\r\n`),
    answers: [200, 400],
    plugs: 1,
  },
  {
    ...refused(400, "a request without a Host behind one that is fine", `${NEXT}${request("GET / HTTP/1.1")}`),
    answers: [200, 400],
    plugs: 1,
  },
  {
    ...refused(400, "two that are fine, one that is not, and one more", `${NEXT}${NEXT}GET\r\n\r\n${NEXT}`),
    answers: [200, 200, 400],
    plugs: 2,
  },
  {
    ...refused(400, "a body that is longer than its length", `${post("Content-Length: 2")}abc${NEXT}`),
    answers: [200, 400],
    plugs: 1,
  },
];
