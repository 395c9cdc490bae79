import type { Socket } from "node:net";
import type { ProcessSelf } from "../../runtime/self.ts";
import type { ChildSpec, Milliseconds, Pid, Self } from "../../runtime/types.ts";
import { Refusal } from "../../supervisor/refusal.ts";
import type { ConnectionInfo } from "./connection-info.ts";
import type { Shared } from "./shared.ts";
import type { Drain } from "./socket-handler.ts";
import { traffic } from "./traffic.ts";

/** A connection that speaks something else now, in a process of its own. */
export interface Upgraded {
  readonly socket: Socket;
  readonly since: Milliseconds;
  readonly remoteAddress: string;
  readonly path: string;
}

/** A WebSocket that is to be started. */
export interface UpgradeStart {
  readonly child: ChildSpec;
  readonly upgraded: Upgraded;
}

/** The WebSockets of a server: their processes are started here, and know how to end by themselves. */
export class UpgradedSockets {
  private readonly self: ProcessSelf;
  private readonly shared: Shared;
  private readonly all = new Map<Pid, Upgraded>();

  constructor(self: ProcessSelf, shared: Shared) {
    this.self = self;
    this.shared = shared;
  }

  get size(): number {
    return this.all.size;
  }

  get pids(): Iterable<Pid> {
    return this.all.keys();
  }

  has(pid: Pid): boolean {
    return this.all.has(pid);
  }

  async start({ child, upgraded }: UpgradeStart): Promise<Pid | "ignore" | Refusal> {
    try {
      const pid = await child.start(this.self as Self);
      if (pid === "ignore") return pid;
      this.all.set(pid, upgraded);
      // It was decided before the drain, and missed what the others were told.
      if (this.shared.notified) this.self.send(pid, { tag: "drain" } satisfies Drain);
      return pid;
    } catch (error) {
      return new Refusal(error);
    }
  }

  /** Its process has ended, if it was one of them. */
  ended(pid: Pid): void {
    this.all.delete(pid);
  }

  /** Each of them in words. */
  describe(): readonly string[] {
    return [...this.all].map(([pid, { path, remoteAddress }]) => `${pid} a WebSocket of ${remoteAddress} at ${path}`);
  }

  list(now: Milliseconds): readonly ConnectionInfo[] {
    const { draining } = this.shared;
    return [...this.all].map(([pid, { socket, since, remoteAddress }]) => ({
      pid,
      protocol: "websocket",
      remoteAddress,
      age: now - since,
      state: "websocket",
      requests: [],
      served: 0,
      draining,
      ...traffic(socket),
    }));
  }
}
