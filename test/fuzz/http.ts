import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { misanswered, statuses } from "./answers.ts";
import { Grammar } from "./grammar.ts";
import type { Complaint, Fault, Vitals } from "./server.ts";

export interface FuzzOptions {
  readonly requests: number;
  readonly seed: number;
  /** Real time, after which it ends with what it has done. */
  readonly seconds?: number;
  /** How many at once. */
  readonly connections?: number;
  /** How long a connection may take to end, whose client has ended it, in ms. */
  readonly patience?: number;
  /** How long an honest request may wait for its answer, in ms. */
  readonly latency?: number;
  /** How much the heap may grow between a quarter of the requests and all of them, in bytes. */
  readonly growth?: number;
  /** Plays these connections alone, one after the other. */
  readonly only?: readonly [from: number, to: number];
  readonly fault?: Fault;
}

/** What was found: the connection that was played is replayed by its index under the same seed. */
export interface Finding {
  readonly what: string;
  readonly index?: number;
  readonly raw?: string;
}

export interface FuzzReport {
  readonly requests: number;
  readonly connections: number;
  readonly seconds: number;
  /** How often each status was answered. */
  readonly statuses: Readonly<Record<number, number>>;
  /** The longest that an honest request has waited for its answer, in ms. */
  readonly slowest: number;
  readonly quarter: Vitals | undefined;
  readonly end: Vitals | undefined;
  readonly finding: Finding | undefined;
}

/** When a client says that it has sent everything: at once, later, when it has been answered; or it is gone. */
type Leave = "ends" | "waits" | "hears" | "resets";

const PROGRAM = fileURLToPath(new URL("server.ts", import.meta.url));
const HONEST = "GET /honest HTTP/1.1\r\nHost: a\r\n\r\n";
/** Between two honest requests, in ms. */
const PAUSE = 20;
/** How long a client waits that does not say at once that it has sent everything, in ms. */
const LATE = 20;
const LAST_WORD = 300;

/** Sends mutated requests to a server in a process of its own, and stops at the first thing that must not be. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const child = fork(PROGRAM, [options.fault ?? ""], { execArgv: ["--conditions=hornbeam-source", "--expose-gc"] });
  try {
    const [port] = (await once(child, "message")) as [number];
    return await new Fuzz(child, port, options).run();
  } finally {
    child.removeAllListeners("exit");
    child.kill("SIGKILL");
  }
}

class Fuzz {
  private readonly child: ChildProcess;
  private readonly port: number;
  private readonly options: Required<Omit<FuzzOptions, "only">> & Pick<FuzzOptions, "only">;
  private readonly began = performance.now();
  private readonly counts: Record<number, number> = {};
  /** Who has played last on a port. */
  private readonly ports = new Map<number, Omit<Finding, "what">>();
  private heard: (vitals: Vitals | undefined) => void = () => {};
  private finding: Finding | undefined;
  private requests = 0;
  private index = 0;
  private played = 0;
  private slowest = 0;
  private done = false;

  constructor(child: ChildProcess, port: number, options: FuzzOptions) {
    this.child = child;
    this.port = port;
    this.options = {
      seconds: Number.POSITIVE_INFINITY,
      connections: 64,
      patience: 10_000,
      latency: 5000,
      growth: 4_000_000,
      fault: "",
      ...options,
    };
    child.on("exit", (code, signal) => {
      // Whatever else was noticed came of it.
      this.finding = { what: `the server has ended: ${signal ?? code}, by one of ${this.newest()}` };
      this.heard(undefined);
    });
    child.on("message", (message: Complaint | Vitals) => {
      if ("processes" in message) this.heard(message);
      else this.found({ what: `a plug has seen ${message.complaint}`, ...this.ports.get(message.port) });
    });
  }

  async run(): Promise<FuzzReport> {
    const { requests, only } = this.options;
    const start = await this.vitals();
    const honest = this.honest();
    if (only === undefined) await this.upTo(Math.floor(requests / 4));
    else for (let i = only[0]; i <= only[1]; i++) await this.play(i);
    const quarter = await this.atRest(start);
    if (only === undefined) await this.upTo(requests);
    let end = await this.atRest(start);
    const grown = (): number => (end?.heap ?? 0) - (quarter?.heap ?? 0);
    let { growth } = this.options;
    if (grown() > growth && only === undefined) {
      // What is compiled and collected makes some megabytes more or less: a leak goes on as it has begun.
      await this.upTo(2 * requests);
      end = await this.atRest(start);
      growth *= 7 / 3;
    }
    this.done = true;
    await honest;
    if (this.finding !== undefined) await this.lastWord();
    if (grown() > growth) this.found({ what: `the heap has grown by ${grown()} bytes since 1/4` });
    const seconds = (performance.now() - this.began) / 1000;
    const { played: connections, counts, slowest, finding } = this;
    return { requests: this.requests, connections, seconds, statuses: counts, slowest, quarter, end, finding };
  }

  private found(finding: Finding): void {
    this.finding ??= finding;
  }

  /** A server that ends is noticed by its clients first. */
  private async lastWord(): Promise<void> {
    if (this.child.exitCode === null) await Promise.race([once(this.child, "exit"), sleep(LAST_WORD)]);
  }

  /** The connections of which one may be to blame when the server has ended. */
  private newest(): string {
    return `the connections ${Math.max(0, this.index - 2 * this.options.connections)} to ${this.index}`;
  }

  private get over(): boolean {
    return this.finding !== undefined || performance.now() - this.began > this.options.seconds * 1000;
  }

  private async upTo(requests: number): Promise<void> {
    const loop = async (): Promise<void> => {
      while (this.requests < requests && !this.over) await this.play(this.index++);
    };
    await Promise.all(Array.from({ length: this.options.connections }, loop));
  }

  /** One connection: some requests, in some pieces, and one of the ways to leave. */
  private async play(index: number): Promise<void> {
    const grammar = new Grammar(this.options.seed * 1_000_003 + index);
    const { raw, requests } = grammar.payload();
    const cuts = grammar.chance(0.2) ? Array.from({ length: 4 }, () => grammar.below(raw.length + 1)) : [];
    const leave = grammar.pick<Leave>(["ends", "ends", "ends", "ends", "waits", "resets"]);
    this.requests += requests;
    this.played++;
    const text = await this.exchange(raw, [...cuts.toSorted((a, b) => a - b), raw.length], leave, index);
    for (const status of statuses(text)) this.counts[status] = (this.counts[status] ?? 0) + 1;
    const what = misanswered(text, leave === "resets");
    if (what !== undefined) this.found({ what, index, raw });
  }

  /** Resolves to what was answered, once the connection has closed. */
  private exchange(raw: string, given: readonly number[], leave: Leave, index: number): Promise<string> {
    return new Promise((resolve) => {
      const cuts = [...given];
      let text = "";
      let failure: string | undefined;
      const socket = connect({ port: this.port, host: "127.0.0.1", allowHalfOpen: true });
      const late = setTimeout(() => {
        this.found({ what: `the connection did not end within ${this.options.patience} ms`, index, raw });
        socket.destroy();
      }, this.options.patience);
      let wait: NodeJS.Timeout | undefined;
      const go = (): void => {
        if (leave === "resets") socket.resetAndDestroy();
        else socket.end();
      };
      const send = (from: number): void => {
        const to = cuts.shift() as number;
        socket.write(raw.slice(from, to), "latin1");
        if (cuts.length > 0) setImmediate(send, to);
        else if (leave === "hears") return;
        else if (leave === "waits") wait = setTimeout(go, LATE);
        else go();
      };
      socket.once("connect", () => {
        this.ports.set(socket.localPort ?? 0, { index, raw });
        send(0);
      });
      socket.setEncoding("latin1");
      socket.on("data", (data) => {
        text += data;
        if (leave === "hears") go();
      });
      socket.on("end", () => socket.end());
      socket.on("error", (error: NodeJS.ErrnoException) => {
        failure = error.code ?? error.message;
      });
      socket.once("close", () => {
        clearTimeout(late);
        clearTimeout(wait);
        // This machine has no port left for a client: nothing was sent.
        if (failure === "EADDRNOTAVAIL") {
          resolve(sleep(PAUSE).then(() => this.exchange(raw, given, leave, index)));
          return;
        }
        resolve(text === "" && leave === "hears" ? `(${failure ?? "closed"})` : text);
      });
    });
  }

  /** Beside them all, a client that does nothing wrong is answered in time. */
  private async honest(): Promise<void> {
    while (!this.done && !this.over) {
      const began = performance.now();
      const text = await this.exchange(HONEST, [HONEST.length], "hears", -1);
      const took = performance.now() - began;
      this.slowest = Math.max(this.slowest, took);
      if (!text.startsWith("HTTP/1.1 200 ") || took > this.options.latency) {
        this.found({
          what: `an honest request was answered after ${Math.round(took)} ms with ${JSON.stringify(text)}`,
        });
      }
      await sleep(PAUSE);
    }
  }

  /** What the server says of itself; `undefined` when it has ended. */
  private vitals(): Promise<Vitals | undefined> {
    if (!this.child.connected) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.heard = resolve;
      this.child.send("vitals", (error) => {
        if (error !== null) resolve(undefined);
      });
    });
  }

  /** The server has let go of everything that it had begun since the start. */
  private async atRest(start: Vitals | undefined): Promise<Vitals | undefined> {
    const until = performance.now() + this.options.patience;
    for (;;) {
      const now = await this.vitals();
      if (now === undefined || start === undefined || this.finding !== undefined) return now;
      // The honest client may be there.
      if (now.processes <= start.processes + 2 && now.handles <= start.handles + 1) return now;
      if (performance.now() > until) {
        const { processes, handles } = now;
        this.found({
          what: `${processes} processes and ${handles} handles are left, of ${start.processes} and ${start.handles}`,
        });
        return now;
      }
      await sleep(PAUSE);
    }
  }
}
