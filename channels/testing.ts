import { child } from "../genserver/genserver.ts";
import { BadArgument } from "../runtime/errors.ts";
import { LiveSystem, type System } from "../runtime/system.ts";
import type { Pid } from "../runtime/types.ts";
import { DynamicSupervisor } from "../supervisor/dynamic-supervisor.ts";
import { decode, type Frame } from "./frame.ts";
import { Transport } from "./transport.ts";
import { type SocketOptions, SocketRoutes, type UserSocket } from "./user-socket.ts";
import type { Accept, WireEvents } from "./wire.ts";

// The test kit: a client without a socket. Everything behind the wire is the real thing.

export interface TestConnectOptions extends SocketOptions {
  readonly params?: Readonly<Record<string, unknown>>;
}

/** What a push or a join was answered with. */
export interface TestReply {
  readonly status: "ok" | "error";
  readonly response: any;
}

/** `connect` refused the client. */
export class ConnectionRefused extends Error {
  override readonly name = "ConnectionRefused";
  readonly reason: unknown;
  constructor(reason: unknown) {
    super("the socket refused the connection");
    this.reason = reason;
  }
}

/**
 * Connects a client to a user socket, as a browser would (Phoenix: `Phoenix.ChannelTest`). Rejects with {@link ConnectionRefused}.
 *
 * @example
 * const client = await connect(sim, Visitors, { params: { user: "ada" } });
 * const { response } = await client.join("room:lobby", { user: "ada" });
 */
export async function connect(
  system: System,
  module: UserSocket,
  options: TestConnectOptions = {},
): Promise<TestClient> {
  if (!(system instanceof LiveSystem)) throw new BadArgument("connect: expected a system or a simulation");
  const routes = new SocketRoutes(module, options);
  if (system.whereis(routes.channels) === undefined)
    await system.start(DynamicSupervisor.child({ name: routes.channels }));
  const connected = await routes.connect({ self: system.self }, options.params ?? {});
  if ("refused" in connected) throw new ConnectionRefused(connected.refused);
  const client = new TestClient(system, nextName(system));
  const pid = await system.start(child(Transport, connected.start(client.accept), { id: "test client" }));
  client.connected(pid);
  return client;
}

type Match = (frame: Frame) => boolean;

/** Somebody who waits for a frame. */
interface Waiter {
  readonly fits: Match;
  readonly resolve: (frame: Frame) => void;
  readonly reject: (error: Error) => void;
}

/** The client's end. */
export class TestClient {
  /** Everything the server has sent, in order. */
  readonly frames: Frame[] = [];
  /** How the server closed the connection; undefined while it is open. */
  closedWith: { readonly code: number; readonly reason: string } | undefined;
  /** The process that serves this connection. */
  transport: Pid | undefined;
  private readonly system: LiveSystem;
  private readonly name: string;
  private readonly waiters: Waiter[] = [];
  private readonly untaken: Frame[] = [];
  private readonly joinRefs = new Map<string, string>();
  private events: WireEvents | undefined;
  private refs = 0;

  constructor(system: LiveSystem, name: string) {
    this.system = system;
    this.name = name;
  }

  readonly accept: Accept = (events) => {
    this.events = events;
    return {
      send: (frame) => {
        const decoded = decode(String(frame));
        this.transmit(`server→${this.name}`, decoded.event, () => this.receive(decoded));
      },
      close: (code, reason) => this.transmit(`server→${this.name}`, "close", () => this.closed(code, reason)),
      terminate: () => this.closed(1006, ""),
    };
  };

  /** In a simulation, what is under way may be overtaken by what is not on this wire, be late, or be lost with the connection. */
  private transmit(wire: string, what: string, arrive: () => void): void {
    this.system.kernel.transmit(wire, what, arrive, () => this.closed(1006, ""));
  }

  connected(pid: Pid): void {
    this.transport = pid;
  }

  join(topic: string, payload: unknown = {}): Promise<TestReply> {
    const ref = String(++this.refs);
    this.joinRefs.set(topic, ref);
    return this.request([ref, ref, topic, "phx_join", payload]);
  }

  /** Sends an event to a joined topic, and waits for the answer. */
  push(topic: string, event: string, payload: unknown = {}): Promise<TestReply> {
    return this.request([this.joinRefs.get(topic) ?? null, String(++this.refs), topic, event, payload]);
  }

  /** Sends an event that is not answered. */
  cast(topic: string, event: string, payload: unknown = {}): void {
    this.sendRaw(JSON.stringify([this.joinRefs.get(topic) ?? null, String(++this.refs), topic, event, payload]));
  }

  leave(topic: string): Promise<TestReply> {
    return this.push(topic, "phx_leave");
  }

  heartbeat(): Promise<TestReply> {
    return this.request([null, String(++this.refs), "phoenix", "heartbeat", {}]);
  }

  /** The next frame of that topic and event: one that came already and was not taken yet, or one that will. */
  next(topic: string, event: string): Promise<Frame> {
    return this.wait((frame) => frame.topic === topic && frame.event === event);
  }

  /** What a client sends, unchecked: for the tests of what no client should send. */
  sendRaw(text: string): void {
    this.transmit(`${this.name}→server`, eventOf(text), () => {
      if (this.closedWith !== undefined) return;
      this.events?.alive();
      this.events?.text(text);
    });
  }

  /** The client goes away. */
  disconnect(): void {
    this.closed(1000, "");
  }

  /** Both ends hear of it; who waits for a frame hears that none will come. */
  private closed(code: number, reason: string): void {
    if (this.closedWith !== undefined) return;
    this.closedWith = { code, reason };
    this.events?.closed();
    for (const { reject } of this.waiters.splice(0)) reject(over(this.closedWith));
  }

  private async request(frame: readonly [unknown, string, string, string, unknown]): Promise<TestReply> {
    const answered = this.wait(({ event, ref }) => event === "phx_reply" && ref === frame[1]);
    this.sendRaw(JSON.stringify(frame));
    return (await answered).payload as TestReply;
  }

  private wait(fits: Match): Promise<Frame> {
    const at = this.untaken.findIndex(fits);
    if (at >= 0) return Promise.resolve(this.untaken.splice(at, 1)[0] as Frame);
    if (this.closedWith !== undefined) return Promise.reject(over(this.closedWith));
    return new Promise((resolve, reject) => this.waiters.push({ fits, resolve, reject }));
  }

  private receive(frame: Frame): void {
    if (this.closedWith !== undefined) return;
    this.frames.push(frame);
    const at = this.waiters.findIndex(({ fits }) => fits(frame));
    const [waiter] = at < 0 ? [] : this.waiters.splice(at, 1);
    if (waiter === undefined) this.untaken.push(frame);
    else this.system.kernel.scheduler.settle(this.system.self, waiter.resolve, frame);
  }
}

/** How many clients each system has had: a simulation calls them `client`, `client#2`, … */
const clients = new WeakMap<LiveSystem, number>();

function nextName(system: LiveSystem): string {
  const count = (clients.get(system) ?? 0) + 1;
  clients.set(system, count);
  return count === 1 ? "client" : `client#${count}`;
}

/** What a simulation calls a frame. */
function eventOf(text: string): string {
  try {
    return decode(text).event;
  } catch {
    return "text";
  }
}

const over = ({ code, reason }: { readonly code: number; readonly reason: string }): Error =>
  new Error(`no such frame will come: the connection was closed with ${code} ${reason}`);
