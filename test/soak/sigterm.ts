// SIGTERM under load, again and again: a new server starts, the old one is told to stop, and no request may fail. Clients of
// HTTP/1.1, HTTP/2 and WebSockets, and requests that take a second. Every failure counts, of whatever kind.
//
//   node --conditions=hornbeam-source test/soak/sigterm.ts --rounds 100 --sockets 1000
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Program } from "../system/program.ts";
import { http1, http2, Tally, type Target, webSocket } from "./clients.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "100" },
    sockets: { type: "string", default: "1000" },
    clients: { type: "string", default: "100" },
  },
});
const rounds = Number(values.rounds);
const sockets = Number(values.sockets);
const clients = Number(values.clients);

/** How long a server may take from the signal to its end. */
const DEADLINE = 15_000;
/** How long the clients may take until all of them are on the new server. */
const SETTLE = 60_000;

async function start(): Promise<{ program: Program; plain: number; secure: number }> {
  const program = new Program("test/soak/server.ts");
  const [, plain, secure] = await program.line(/listening on (\d+) and (\d+)/);
  return { program, plain: Number(plain), secure: Number(secure) };
}

async function until(holds: () => boolean, what: string): Promise<void> {
  const end = performance.now() + SETTLE;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`${what} did not come about within ${SETTLE} ms`);
    await sleep(20);
  }
}

const tally = { fast: new Tally(), long: new Tally(), h2: new Tally(), ws: new Tally() };
const all = Object.values(tally);
let server = await start();
const target: Target = { plain: server.plain, secure: server.secure, last: false };
const running = [
  ...Array.from({ length: clients }, () => http1(target, tally.fast, "/work", 100)),
  ...Array.from({ length: clients / 5 }, () => http1(target, tally.long, "/long", 100)),
  ...Array.from({ length: clients / 5 }, () => http2(target, tally.h2, 100)),
  ...Array.from({ length: sockets }, () => webSocket(target, tally.ws)),
];
let slowest = 0;
const exits: (number | null)[] = [];

try {
  for (let round = 1; round <= rounds; round++) {
    await until(() => tally.ws.open === sockets, "that all WebSockets are open");
    const answers = tally.fast.answers;
    await until(() => tally.fast.answers >= answers + clients * 3, "that all clients are answered");
    const old = server;
    target.last = round === rounds;
    if (!target.last) {
      server = await start();
      Object.assign(target, { plain: server.plain, secure: server.secure });
    }
    const told = performance.now();
    old.program.signal("SIGTERM");
    const code = await Promise.race([old.program.code(), sleep(DEADLINE, "late" as const, { ref: false })]);
    slowest = Math.max(slowest, performance.now() - told);
    exits.push(code === "late" ? null : code);
    if (code !== 0) all[0]?.failed(`round ${round}: ended with ${code}; ${old.program.output}`);
    await old.program[Symbol.asyncDispose]();
  }
  await Promise.race([Promise.all(running), sleep(SETTLE, undefined, { ref: false })]);
} catch (error) {
  all[0]?.failed(String(error));
}
await server.program[Symbol.asyncDispose]();

const failures = all.flatMap((each) => each.failures);
for (const failure of failures.slice(0, 20)) console.error(failure);
const well = exits.filter((code) => code === 0).length;
console.log(
  `sigterm: ${well} of ${rounds} servers ended with 0, the slowest after ${Math.round(slowest)} ms; ` +
    `${tally.fast.answers} requests over HTTP/1.1, ${tally.long.answers} of a second, ${tally.h2.answers} over HTTP/2, ` +
    `${tally.ws.closed} WebSockets told to come back; ${failures.length} failures`,
);
process.exit(failures.length === 0 && well === rounds && tally.ws.closed === rounds * sockets ? 0 : 1);
