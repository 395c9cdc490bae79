// Clients that go on and on, from one server to the next, and count everything that goes wrong.
import { readFileSync } from "node:fs";
import { type ClientHttp2Session, connect, constants } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { keepAliveClient } from "../system/keep-alive-client.ts";

/** Where clients connect to: the newest server. */
export interface Target {
  plain: number;
  secure: number;
  /** No other server will come: who is sent away does not come back. */
  last: boolean;
}

export class Tally {
  readonly failures: string[] = [];
  answers = 0;
  closed = 0;
  open = 0;

  failed(what: string): void {
    this.failures.push(what);
  }
}

/** Sends one request after the other over HTTP/1.1, and goes elsewhere when an answer says close. */
export async function http1(target: Target, tally: Tally, path: string, pace: number): Promise<void> {
  for (;;) {
    const { failure } = await keepAliveClient(target.plain, path, pace, () => {
      tally.answers++;
    });
    if (failure !== undefined) tally.failed(`HTTP/1.1 ${path}: ${failure}`);
    if (target.last) return;
  }
}

const CA = readFileSync(new URL("../http/fixtures/tls/cert.pem", import.meta.url));

/** Opens a stream every now and then over HTTP/2, and goes elsewhere when it is told to go away. */
export async function http2(target: Target, tally: Tally, pace: number): Promise<void> {
  let again = 0;
  for (;;) {
    const session = connect(`https://localhost:${target.secure}`, { ca: CA });
    session.on("error", (error) => tally.failed(`HTTP/2: ${error.message}`));
    const over = new Promise((resolve) => session.once("close", resolve));
    while (!session.closed && !session.destroyed) {
      const count = 1 + again;
      again = 0;
      for (let i = 0; i < count; i++) {
        stream(session, tally, () => {
          again++;
        });
      }
      await sleep(pace * (0.5 + Math.random()));
    }
    await over;
    if (target.last) return;
  }
}

/** `refused`: the server has not seen it (RFC 9113 §8.7), as when its GOAWAY has crossed it; it is sent again elsewhere. */
function stream(session: ClientHttp2Session, tally: Tally, refused: () => void): void {
  const request = session.request({ ":path": "/work" });
  let status = 0;
  let body = "";
  request.on("response", (headers) => {
    status = Number(headers[":status"]);
  });
  request.setEncoding("utf8").on("data", (text: string) => {
    body += text;
  });
  // The close that follows says it.
  request.on("error", () => {});
  request.on("close", () => {
    if (status === 200 && body === "done\n") tally.answers++;
    else if (request.rstCode === constants.NGHTTP2_REFUSED_STREAM) refused();
    else tally.failed(`HTTP/2 stream: closed with ${request.rstCode} after ${status} ${body}`);
  });
}

/** Has a WebSocket open, and opens the next when the server says that it restarts. */
export async function webSocket(target: Target, tally: Tally): Promise<void> {
  for (;;) {
    const client = new WebSocket(`ws://127.0.0.1:${target.plain}/socket/websocket?vsn=2.0.0`);
    client.on("error", (error) => tally.failed(`WebSocket: ${error.message}`));
    client.on("open", () => {
      tally.open++;
    });
    const code = await new Promise<number>((resolve) => client.once("close", resolve));
    tally.open--;
    if (code === 1012) tally.closed++;
    else tally.failed(`WebSocket: closed with ${code}`);
    if (target.last) return;
  }
}
