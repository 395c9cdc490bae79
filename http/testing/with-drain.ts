import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { LiveSystem } from "../../runtime/system.ts";
import { AssertionError } from "../../runtime/testing/assertion-error.ts";
import type { VirtualDriver } from "../../runtime/testing/virtual-driver.ts";
import { inVirtualTime, type VirtualSystem } from "../../runtime/testing/virtual-time.ts";
import type { Async, Milliseconds, Pid } from "../../runtime/types.ts";
import { type HttpOptions, http, httpInfo } from "../index.ts";
import { type RawAnswer, RawClient } from "./raw-client.ts";

/** The server of a test; its port is a free one. */
export type WithDrainOptions = Omit<HttpOptions, "port" | "host" | "name">;

/** What became of a drain. */
export interface DrainReport {
  /** From {@link Draining.drain} until the server had stopped. */
  readonly took: Milliseconds;
  /** What still ran when the time was up, and was cut off: requests with their plug, for how long. */
  readonly cutOff: readonly string[];
}

/** The event loop is given so many turns in which nothing happens, before nothing is on its way. */
const QUIET_TURNS = 20;
/** How long a test waits for a connection to close or for a server to stop, in virtual time. */
const PATIENCE: Milliseconds = 120_000;
const KEY = "Sec-WebSocket-Key: aG9ybmJlYW0gaG9ybmJlYQ==";

/** A test's view of a server that is to drain: clients of all kinds, the drain, and the clock. */
export class Draining {
  readonly sim: VirtualSystem;
  readonly port: number;
  private readonly clients: RawClient[] = [];
  private readonly ends = new Map<RawClient, Milliseconds>();
  private readonly pids = new Map<Pid, RawClient>();
  private accepted: Pid | undefined;
  private begun = 0;
  private entering: Promise<unknown> = Promise.resolve();
  private began: Milliseconds | undefined;
  private ended: Milliseconds | undefined;
  private cutOff: readonly string[] = [];

  constructor(sim: VirtualSystem, port: number) {
    this.sim = sim;
    this.port = port;
    const { telemetry } = sim;
    telemetry.on("http.connection.start", (_, { pid }) => {
      this.accepted = pid;
    });
    telemetry.on("process.exit", (_, { pid }) => this.close(this.pids.get(pid)));
    telemetry.on("http.request.start", () => {
      this.begun++;
    });
    telemetry.on("http.drain.timeout", (_, { running }) => {
      this.cutOff = running;
    });
  }

  // ── clients ──

  /** Connects, and sends nothing yet. Rejects when nobody listens. */
  connect(): Promise<RawClient> {
    // One after the other, to know which connection is whose.
    const entered = this.entering.then(async () => {
      this.accepted = undefined;
      const client = await RawClient.connect(this.port);
      this.clients.push(client);
      client.closed.then(() => this.close(client));
      await this.settle();
      if (this.accepted !== undefined) this.pids.set(this.accepted, client);
      return client;
    });
    this.entering = entered.catch(() => {});
    return entered;
  }

  /** A client that never sends anything. */
  silent(): Promise<RawClient> {
    return this.connect();
  }

  /** A client in the middle of its request's head. */
  halfHead(): Promise<RawClient> {
    return this.sending("GET / HTTP/1.1\r\nHost: localhost\r\nX-");
  }

  /** A client that has sent 2 of the 4 bytes of its body. */
  halfBody(path = "/", method = "POST"): Promise<RawClient> {
    return this.sending(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nab`);
  }

  /** A client that has sent a request, which has begun: it is answered when its plug is done. */
  async inFlight(path = "/", method = "GET"): Promise<RawClient> {
    const { begun } = this;
    const client = await this.sending(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    if (this.begun > begun) return client;
    throw new AssertionError(`inFlight: expected a request that begins, got: ${show(client.text)}`, this.inFlight);
  }

  /** A client that has sent a request, and reads nothing of the answer until it is told to (`resume()`). */
  async slowReader(path = "/"): Promise<RawClient> {
    const client = (await this.connect()).pause();
    client.request("GET", path);
    await this.settle();
    return client;
  }

  /** A client that has had an answer, and keeps its connection. */
  async keepAlive(path = "/"): Promise<RawClient> {
    const client = await this.connect();
    await client.get(path);
    await this.settle();
    return client;
  }

  /** A client that has sent several requests at once. */
  pipelined(...paths: string[]): Promise<RawClient> {
    return this.sending(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join(""));
  }

  /** A client that speaks WebSocket: it was answered with 101. */
  async webSocket(path: string): Promise<RawClient> {
    const client = await this.connect();
    // Its connection lives on in another process.
    for (const [pid, other] of this.pids) if (other === client) this.pids.delete(pid);
    const upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", KEY];
    const { status } = await client.request("GET", path, upgrade).answer();
    if (status === 101) return client;
    throw new AssertionError(`webSocket: expected an answer with status 101, got: ${status}`, this.webSocket);
  }

  private async sending(raw: string): Promise<RawClient> {
    const client = (await this.connect()).send(raw);
    await this.settle();
    return client;
  }

  /** The answer that a client waits for. Time passes until it is there. */
  async answer(client: RawClient): Promise<RawAnswer> {
    let there = false;
    const answer = client.answer().finally(() => {
      there = true;
    });
    answer.catch(() => {});
    await this.until(() => there, "answer: expected an answer", this.answer);
    return answer;
  }

  // ── the drain ──

  /** Tells the system to stop, as SIGTERM does: the server drains. Resolves when it waits for somebody, or has stopped. */
  async drain(): Promise<void> {
    if (this.began !== undefined) throw new BadArgument("drain: expected to be called once, got: a second time");
    this.began = this.sim.now();
    void this.sim.stop().then(() => {
      this.ended = this.sim.now();
    });
    await this.settle();
  }

  /** Lets time pass until the server has stopped. */
  async drained(): Promise<DrainReport> {
    if (this.began === undefined) throw new BadArgument("drained: expected drain() before, got: none");
    const ended = (): boolean => this.ended !== undefined;
    await this.until(ended, "drained: expected the server to stop", this.drained);
    return { took: (this.ended as Milliseconds) - this.began, cutOff: this.cutOff };
  }

  /** Whether a client's connection is open: all that was on its way has arrived. */
  async isOpen(client: RawClient): Promise<boolean> {
    await this.settle();
    return !this.ends.has(client);
  }

  /**
   * Lets time pass until a connection is closed, and gives when that was, from the beginning of the drain on (before one, of
   * the system). Throws when it is still open after two minutes.
   */
  async closedAfter(client: RawClient): Promise<Milliseconds> {
    const closed = (): boolean => this.ends.has(client);
    await this.until(closed, "closedAfter: expected a connection that closes", this.closedAfter);
    return (this.ends.get(client) as Milliseconds) - (this.began ?? 0);
  }

  // ── time ──

  /** Lets time pass, timer by timer, and all that they cause arrive. */
  async advance(time: Milliseconds): Promise<void> {
    const target = this.sim.now() + time;
    await this.settle();
    while (this.sim.now() < target) await this.step(target);
  }

  private async until(done: () => boolean, what: string, called: (...args: any[]) => unknown): Promise<void> {
    const limit = this.sim.now() + PATIENCE;
    for (await this.settle(); !done(); await this.step(limit)) {
      if (this.sim.now() >= limit) throw new AssertionError(`${what} within ${PATIENCE} ms, got: none`, called);
    }
  }

  /** To the next timer, but not beyond `limit`. */
  private async step(limit: Milliseconds): Promise<void> {
    const { clock } = (this.sim as unknown as LiveSystem).kernel.driver as VirtualDriver;
    await this.sim.advance(clock.next(limit) - this.sim.now());
    await this.settle();
  }

  /** Until nothing is on its way, neither in the system nor on the wire. */
  private async settle(): Promise<void> {
    for (let quiet = 0, before = -1; quiet < QUIET_TURNS; quiet++) {
      if (quiet === 0) await this.sim.idle();
      await new Promise((resolve) => setImmediate(resolve));
      const now = this.activity();
      if (now !== before) quiet = -1;
      before = now;
    }
  }

  private activity(): number {
    const { reductions } = (this.sim as unknown as LiveSystem).kernel.scheduler;
    return this.clients.reduce((sum, { events }) => sum + events, reductions);
  }

  private close(client: RawClient | undefined): void {
    if (client !== undefined && !this.ends.has(client)) this.ends.set(client, this.sim.now());
  }

  /** Ends all clients, whatever they are at. */
  disconnect(): void {
    for (const client of this.clients) client.destroy();
  }
}

/**
 * Runs a test against a server on a real socket, whose time passes only when the test says so: what becomes of clients that
 * are silent, slow or half through when the server is told to stop.
 *
 * @example
 * await withDrain({ plug: site.plug, drain: 5000 }, async (d) => {
 *   const [idle, half] = [await d.keepAlive("/hello/world"), await d.halfHead()];
 *   await d.drain();
 *   expect(await d.isOpen(idle)).toBe(true);
 *   expect([await d.closedAfter(idle), await d.closedAfter(half)]).toEqual([1000, 1000]);
 *   expect(await d.drained()).toEqual({ took: 1000, cutOff: [] });
 * });
 */
export function withDrain<T>(options: WithDrainOptions, test: (d: Draining) => Async<T>): Promise<T> {
  return inVirtualTime({ time: "manual" }, async (sim) => {
    await sim.start(http({ ...options, port: 0, name: "http" }));
    const draining = new Draining(sim, (await httpInfo(sim)).port);
    try {
      return await test(draining);
    } finally {
      draining.disconnect();
    }
  });
}
