// Slow clients beside busy ones: 2,000 connections that send one byte in 10 seconds must be closed by their deadline, and
// must not be felt by those that send 1,000 requests a second.
//
//   node --conditions=hornbeam-source test/soak/slow-clients.ts --slow 2000 --rate 1000 --seconds 30
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Program } from "../system/program.ts";

const { values } = parseArgs({
  options: {
    slow: { type: "string", default: "2000" },
    rate: { type: "string", default: "1000" },
    /** How long the busy clients are measured alone, half of it before and half of it after. */
    seconds: { type: "string", default: "20" },
    /** The server's headersTimeout. Between two bytes of a slow client there is two thirds of it, or 10 s. */
    deadline: { type: "string", default: "15000" },
  },
});
const slow = Number(values.slow);
const rate = Number(values.rate);
const alone = Number(values.seconds) * 1000;
const deadline = Number(values.deadline);
const BYTE_EVERY = Math.min(10_000, (deadline * 2) / 3);
/** How much later than its deadline a connection may be closed. */
const SLACK = 2000;
const BUSY = 50;

const failures: string[] = [];
/** The measurement is over: what the end of the server does to its clients is no failure. */
let over = false;
const failed = (what: string): void => {
  if (!over) failures.push(what);
};

/** A client that sends a request each `pace` ms on a connection that it keeps, and notes how long each takes. */
class Busy {
  times: number[] = [];
  private sent = 0;
  private waiting = false;
  private readonly socket: Socket;
  private timer: NodeJS.Timeout | undefined;

  constructor(port: number, pace: number) {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.socket = socket.setEncoding("latin1");
    let text = "";
    socket.on("data", (part: string) => {
      text += part;
      if (!text.endsWith("done\n")) return;
      if (!text.startsWith("HTTP/1.1 200 ")) failed(`a busy client got ${text.slice(0, 40)}`);
      text = "";
      this.waiting = false;
      this.times.push(performance.now() - this.sent);
    });
    socket.on("error", (error) => failed(`a busy client: ${error.message}`));
    socket.on("close", () => failed("the connection of a busy client was closed"));
    setTimeout(() => {
      this.timer = setInterval(() => {
        if (this.waiting) return;
        this.waiting = true;
        this.sent = performance.now();
        socket.write("GET /fast HTTP/1.1\r\nHost: localhost\r\n\r\n");
      }, pace);
    }, Math.random() * pace);
  }

  stop(): void {
    clearInterval(this.timer);
    this.socket.destroy();
  }
}

const p99 = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.POSITIVE_INFINITY;

/** A body has the 15 seconds that readBody waits by default. */
const limit = Math.max(deadline, 15_000) + SLACK;

/** One measurement: without the slow clients, with them, and without them again. How many times as long the others wait. */
async function measure(): Promise<number> {
  const server = new Program("test/soak/server.ts", { LIMITS: JSON.stringify({ headersTimeout: deadline }) });
  const port = Number((await server.line(/listening on (\d+) and/))[1]);
  over = false;
  const busy = Array.from({ length: BUSY }, () => new Busy(port, (1000 * BUSY) / rate));
  const take = (): number[] => busy.flatMap((client) => client.times.splice(0));
  await sleep(2000);
  take();
  await sleep(alone / 2);
  const without = take();

  // In a process of their own: what they cost themselves must not count.
  const args = [port, slow, BYTE_EVERY].map(String);
  const dawdlers = new Program("test/soak/dawdlers.ts", {}, args);
  await dawdlers.line(/begins/);
  // Nor what Node takes to start another program.
  take();
  const late = sleep(limit + 15_000, "late" as const, { ref: false });
  const code = await Promise.race([dawdlers.code(), late]);
  const beside = take();
  await sleep(alone / 2);
  without.push(...take());
  over = true;
  for (const client of busy) client.stop();
  await dawdlers[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();

  if (code !== 0) failures.push(`the slow clients: ${code === "late" ? "not closed" : dawdlers.output}`);
  const longest = code === 0 ? Number(dawdlers.output.split("\n")[1]) : Number.POSITIVE_INFINITY;
  const ratio = p99(beside) / p99(without);
  console.log(
    `slow clients: ${slow} closed after ${Math.round(longest)} ms at most (limit ${limit}); ` +
      `p99 of ${beside.length} requests beside them ${p99(beside).toFixed(2)} ms, of ${without.length} without ${p99(without).toFixed(2)} ms, ratio ${ratio.toFixed(2)}; ` +
      `${failures.length} failures`,
  );
  if (longest > limit) failures.push(`the slow clients: closed after ${Math.round(longest)} ms, limit ${limit}`);
  return ratio;
}

// A p99 is what the machine's other work makes of it, too: the median of three counts.
const ratios: number[] = [];
for (let i = 0; i < 3 && failures.length === 0; i++) ratios.push(await measure());
const median = ratios.toSorted((a, b) => a - b)[1] ?? Number.POSITIVE_INFINITY;
console.log(`slow clients: p99 beside them ${median.toFixed(2)} times that without them, limit 2`);
for (const failure of failures.slice(0, 20)) console.error(failure);
process.exit(median < 2 && failures.length === 0 ? 0 : 1);
