import { once } from "node:events";
import { connect, type Socket as NetSocket } from "node:net";
import { type SocketOptions, socket, type UserSocket } from "hornbeam/channels";
import { http, httpInfo, router } from "hornbeam/http";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { WebSocket } from "ws";
import { joins, type WireFrame } from "./support.ts";

/** For tests with real sockets. */
export const REAL = 20_000;

export interface Live {
  readonly sim: VirtualSystem;
  readonly port: number;
  /** `ws://…/socket/websocket?vsn=2.0.0` */
  readonly url: string;
  dial(query?: string): Promise<Line>;
}

/** A server on a free port of this machine, whose time moves only when the test says so. */
export function serve(module: UserSocket, options: SocketOptions, test: (live: Live) => Promise<void>): Promise<void> {
  const lines: Line[] = [];
  return inVirtualTime({ time: "manual" }, async (sim) => {
    const site = router().get("/", (conn) => conn.text("a page\n"));
    await sim.start(http({ port: 0, plug: site.plug, sockets: { "/socket": socket(module, options) }, drain: 1000 }));
    const { port } = await httpInfo(sim);
    const url = `ws://127.0.0.1:${port}/socket/websocket?vsn=2.0.0`;
    const dial = async (query = ""): Promise<Line> => {
      const line = new Line(new WebSocket(url + query));
      lines.push(line);
      await once(line.webSocket, "open");
      return line;
    };
    await test({ sim, port, url, dial }).finally(() => {
      for (const { webSocket } of lines) webSocket.terminate();
    });
  });
}

/** A WebSocket client that speaks in frames. */
export class Line {
  readonly webSocket: WebSocket;
  /** How the connection ended. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  private readonly frames: WireFrame[] = [];
  private waiter: ((frame: WireFrame) => void) | undefined;

  constructor(webSocket: WebSocket) {
    this.webSocket = webSocket;
    this.closed = new Promise((resolve) => {
      webSocket.on("close", (code, reason) => {
        resolve({ code, reason: String(reason) });
        this.arrived(["the connection was closed", code]);
      });
    });
    webSocket.on("error", () => {});
    webSocket.on("message", (data) => this.arrived(JSON.parse(String(data)) as WireFrame));
  }

  private arrived(frame: WireFrame): void {
    if (this.waiter === undefined) this.frames.push(frame);
    else this.waiter(frame);
    this.waiter = undefined;
  }

  says(...frames: readonly WireFrame[]): void {
    for (const frame of frames) this.webSocket.send(JSON.stringify(frame));
  }

  /** The next frame. */
  hears(): Promise<WireFrame> {
    const frame = this.frames.shift();
    if (frame !== undefined) return Promise.resolve(frame);
    return new Promise((resolve) => {
      this.waiter = resolve;
    });
  }

  /** Sends a frame, and gives the next that comes. */
  asks(frame: WireFrame): Promise<WireFrame> {
    this.says(frame);
    return this.hears();
  }

  enters(topic: string, ref = "1"): Promise<WireFrame> {
    return this.asks(joins(topic, ref));
  }
}

/** The headers that make a request an upgrade, by name; those that a test does not want are undefined. */
export function upgradeHeaders(changes: Readonly<Record<string, string | undefined>> = {}): string {
  const headers: Record<string, string | undefined> = {
    Host: "127.0.0.1",
    Connection: "Upgrade, close",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...changes,
  };
  const lines = Object.entries(headers).filter(([, value]) => value !== undefined);
  return lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
}

/** Everything that a request sent as it stands is answered with, until the server ends the connection. */
export async function rawRequest(port: number, head: string): Promise<string> {
  const net = connect(port, "127.0.0.1");
  let answer = "";
  net.setEncoding("latin1").on("data", (text) => {
    answer += text;
  });
  net.on("error", () => {});
  net.write(`${head}\r\n`);
  await once(net, "close");
  return answer;
}

/** A WebSocket whose bytes the test writes itself. It never answers a close. */
export async function rawSocket(port: number): Promise<NetSocket> {
  const net = connect(port, "127.0.0.1");
  net.on("error", () => {});
  net.write(`GET /socket/websocket?vsn=2.0.0 HTTP/1.1\r\n${upgradeHeaders()}\r\n`);
  await once(net, "data");
  return net;
}

/** A masked frame of less than 126 bytes; the mask is zero. */
export const rawFrame = (opcode: number, payload: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
