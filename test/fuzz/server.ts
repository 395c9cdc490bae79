// The server that is fuzzed, in a process of its own. Its argument is a fault to have, so that a test can see it found.
import { createServer } from "node:http";
import { type AddressInfo, createServer as createNetServer, type Server } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { system } from "hornbeam";
import { type Conn, http, httpInfo, type PlugFn } from "hornbeam/http";
import { complaint } from "./well-formed.ts";

/** Something was wrong with a request that has reached a plug; `port` is the client's. */
export interface Complaint {
  readonly complaint: string;
  readonly port: number;
}

/** What the server says of itself, once it is at rest. */
export interface Vitals {
  readonly processes: number;
  readonly handles: number;
  /** Bytes, after a collection. */
  readonly heap: number;
  readonly rss: number;
  /** The longest that its event loop has stood still, in ms. */
  readonly stall: number;
  readonly refused: number;
}

export type Fault = "" | "unchecked" | "crashes" | "leaks" | "stalls" | "hangs" | "garbles" | "smuggles";

const fault = (process.argv[2] ?? "") as Fault;
const leaked: unknown[] = [];
let refused = 0;
let served = 0;

const world = system({ reports: false });
world.telemetry.on("http.request.refused", () => {
  refused++;
});
const delay = monitorEventLoopDelay();

const portOf = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });

/** A server of node:http alone: what it lets through is seen by the same eyes. */
function unchecked(): Promise<number> {
  const server = createServer({ requireHostHeader: false }, (request, response) => {
    const pairs = request.rawHeaders.flatMap((name, i, all) => (i % 2 === 0 ? [[name.toLowerCase(), all[i + 1]]] : []));
    const [path, query = ""] = (request.url ?? "").split("?", 2);
    const head = { method: request.method, path, query, host: "a", port: 80, headers: pairs };
    const wrong = complaint(head as never, `HTTP/${request.httpVersion}`, undefined);
    const body = wrong ?? "ok";
    const port = request.socket.remotePort ?? 0;
    if (wrong !== undefined) process.send?.({ complaint: wrong, port } satisfies Complaint);
    response.writeHead(wrong === undefined ? 200 : 500, { "content-length": body.length }).end(body);
  });
  const empty = (status: string): string => `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
  server.on("clientError", (_, socket) => socket.end(empty("400 Bad Request")));
  server.on("checkExpectation", (_, response) => response.writeHead(417, { "content-length": 0 }).end());
  return portOf(server);
}

/** A server that takes what it is sent, and neither answers nor closes; only the honest are answered. */
function silent(): Promise<number> {
  const answer = fault === "hangs" ? "" : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more";
  const server = createNetServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      if (String(data).startsWith("GET /honest ")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      else if (answer !== "") socket.end(answer);
    });
    if (fault === "garbles") socket.on("end", () => socket.end());
  });
  return portOf(server);
}

/** A server that takes every empty line for the end of a request. */
function smuggling(): Promise<number> {
  const server = createNetServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      for (const head of String(data).split("\r\n\r\n").slice(0, -1)) {
        const path = head.split(" ", 2)[1] ?? "";
        const seen = { method: "GET", path, query: "", host: "a", port: 80, headers: [["host", "a"]] };
        const wrong = path === "/smuggled" ? complaint(seen as never, "HTTP/1.1", undefined) : undefined;
        if (wrong !== undefined) process.send?.({ complaint: wrong, port: socket.remotePort ?? 0 } satisfies Complaint);
        if (!socket.destroyed) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      }
    });
  });
  return portOf(server);
}

const plug: PlugFn = async (conn: Conn) => {
  const { head, adapter } = conn.exchange;
  const { port } = adapter.peer;
  served++;
  if (fault === "crashes" && served === 200) process.exit(3);
  if (fault === "leaks") leaked.push(new Array(2000).fill(served));
  if (fault === "stalls" && served === 200) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
  const body = head.path.startsWith("/read") || head.method === "POST" ? await conn.readBody() : undefined;
  const wrong = complaint(head, adapter.protocol, body);
  if (wrong === undefined) return conn.sendResp(200, head.method === "HEAD" ? "" : "ok");
  process.send?.({ complaint: wrong, port } satisfies Complaint);
  return conn.sendResp(500, wrong);
};

async function checked(): Promise<number> {
  await world.start(http({ port: 0, plug }));
  return (await httpInfo(world)).port;
}

const gc = (globalThis as { readonly gc?: () => void }).gc as () => void;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function vitals(): Promise<Vitals> {
  for (let i = 0; i < 4; i++) {
    gc();
    await turn();
  }
  const { heapUsed: heap, rss } = process.memoryUsage();
  const stall = Math.round(delay.max / 1e6);
  delay.reset();
  const handles = process.getActiveResourcesInfo().filter((kind) => kind !== "Timeout" && kind !== "Immediate").length;
  return { processes: world.processes().length, handles, heap, rss, stall, refused };
}

process.on("message", async () => process.send?.(await vitals()));
process.on("disconnect", () => process.exit(0));
const start = { unchecked, hangs: silent, garbles: silent, smuggles: smuggling }[fault as string] ?? checked;
process.send?.(await start());
delay.enable();
