import { ok, type Pid } from "hornbeam";
import type { Channel, UserSocket } from "hornbeam/channels";
import { connect, type TestClient, type TestConnectOptions } from "hornbeam/channels/test";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";

/** `[join_ref, ref, topic, event, payload]`, as on the wire. */
export type WireFrame = readonly unknown[];

export const joins = (topic: string, ref: unknown, payload: unknown = {}): WireFrame => [
  ref,
  ref,
  topic,
  "phx_join",
  payload,
];

/** What the server says, written short. */
export const replied = (joinRef: unknown, ref: unknown, topic: unknown, status: string, response: unknown = {}) => [
  joinRef,
  ref,
  topic,
  "phx_reply",
  { status, response },
];
export const closed = (ref: unknown, topic: string): WireFrame => [ref, ref, topic, "phx_close", {}];
export const crashed = (ref: unknown, topic: string): WireFrame => [
  ref,
  ref,
  topic,
  "phx_error",
  { reason: "channel_crash" },
];

/** Time moves only when the test says so; it fails when a process, a name or a timer is left over. */
export const inSim = <T>(test: (sim: VirtualSystem) => Promise<T>): Promise<T> =>
  inVirtualTime({ time: "manual" }, test);

/** A user socket that lets everybody in, and serves `room:*`. */
export const serving = (channel: Channel<any, any>): UserSocket => ({
  connect: (_params, socket) => ok(socket),
  channels: { "room:*": channel },
});

/** A client that speaks in frames, and sees every frame it gets. */
export class Talk {
  readonly client: TestClient;
  private readonly sim: VirtualSystem;

  constructor(sim: VirtualSystem, client: TestClient) {
    this.sim = sim;
    this.client = client;
  }

  static async open(
    sim: VirtualSystem,
    module: Channel<any, any> | UserSocket,
    options?: TestConnectOptions,
  ): Promise<Talk> {
    const userSocket = "connect" in module ? module : serving(module);
    return new Talk(sim, await connect(sim, userSocket, options));
  }

  /** Sends frames in one turn, lets everything come to rest, and gives what was answered. */
  async says(...frames: readonly WireFrame[]): Promise<WireFrame[]> {
    for (const frame of frames) this.client.sendRaw(JSON.stringify(frame));
    return this.hears();
  }

  /** What has come since the last time. */
  async hears(): Promise<WireFrame[]> {
    await this.sim.idle();
    const frames = this.client.frames.splice(0);
    return frames.map(({ joinRef, ref, topic, event, payload }) => [joinRef, ref, topic, event, payload]);
  }

  /** Joins, and gives the process that the topic is served by. */
  async enters(topic: string, ref: unknown = "1", payload: unknown = {}): Promise<Pid> {
    const before = new Set(this.sim.processes().map(({ pid }) => pid));
    await this.says(joins(topic, ref, payload));
    const started = this.sim.processes().find(({ pid, label }) => !before.has(pid) && label.endsWith(topic));
    if (started === undefined) throw new Error(`nobody serves ${topic}`);
    return started.pid;
  }
}
