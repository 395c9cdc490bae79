import { CallError } from "../../runtime/errors.ts";
import { processOf } from "../../runtime/self.ts";
import type { Milliseconds, Pid, Self } from "../../runtime/types.ts";
import { Refusal } from "../../supervisor/refusal.ts";
import type { Names } from "./names.ts";
import type { Drain } from "./socket-handler.ts";

/** WebSockets are told to go in batches, so that their clients do not come back all at once. */
export interface Batch {
  /** Default 10,000. */
  readonly size?: number;
  /** The pause between two batches. Default 2000 ms. */
  readonly interval?: Milliseconds;
  /** More than 100 of a batch are told in groups, at random moments within so long. Default 500 ms. */
  readonly jitter?: Milliseconds;
}

export interface DrainPlan {
  readonly servers: readonly Names[];
  /** How long the servers say that they are not ready, and still accept. */
  readonly readyDelay: Milliseconds;
  /** How long after the listeners have stopped WebSockets and streams are told. */
  readonly grace: Milliseconds;
  readonly batch: Required<Batch>;
}

/** Those of a batch are told in so many groups, at most; few are told at once. */
const GROUPS = 20;
const LEAST_GROUP = 100;

/**
 * Drains servers: what it is told by, in this order, is all there is to it. It resolves when nothing is left. Ending the
 * process that runs it stops it between two steps, and {@link undrain} takes back what was done.
 */
export async function drain(self: Self, { servers, readyDelay, grace, batch }: DrainPlan): Promise<void> {
  const { telemetry } = processOf(self).kernel;
  const patient = self.with({ timeout: "infinity" });
  const phase = (name: "unready" | "suspended" | "notify") =>
    telemetry.emit("http.drain.phase", {}, { pid: self.pid, phase: name });

  if (readyDelay > 0) for (const { connections } of servers) await unlessGone(self.call(connections, "unready"));
  phase("unready");
  if (readyDelay > 0) await self.sleep(readyDelay);

  // All of them, before one is waited for: a client that is turned away here must not find the next one open.
  for (const { listener } of servers) await unlessGone(self.call(listener, "suspend"));
  let total = NOTHING;
  for (const { connections } of servers) {
    const counts = (await unlessGone(self.call(connections, "drain"))) ?? NOTHING;
    total = {
      connections: total.connections + counts.connections,
      requests: total.requests + counts.requests,
      sockets: total.sockets + counts.sockets,
    };
  }
  phase("suspended");
  telemetry.emit("http.drain.start", total, { pid: self.pid });
  if (grace > 0) {
    const quiet = servers.map(({ connections }) => unlessGone(patient.call(connections, "quiet")));
    await Promise.race([Promise.all(quiet), self.sleep(grace)]);
  }

  phase("notify");
  const sockets: Pid[] = [];
  for (const { connections } of servers) sockets.push(...((await unlessGone(self.call(connections, "notify"))) ?? []));
  await notify(self, sockets, batch);
  await Promise.all(servers.map(({ connections }) => unlessGone(patient.call(connections, "empty"))));
}

/** Takes a drain back, or what there was of it. What a listener that cannot listen again says is the refusal. */
export async function undrain(self: Self, servers: readonly Names[]): Promise<undefined | Refusal> {
  let refused: undefined | Refusal;
  try {
    for (const { connections } of servers) await self.call(connections, "resume");
    for (const { listener } of servers) refused = (await self.call(listener, "resume")) ?? refused;
    return refused;
  } catch (error) {
    return new Refusal(error);
  }
}

async function notify(self: Self, pids: readonly Pid[], { size, interval, jitter }: Required<Batch>): Promise<void> {
  const { telemetry } = processOf(self).kernel;
  const rounds = Math.ceil(pids.length / size);
  for (let index = 0; index < rounds; index++) {
    const batch = pids.slice(index * size, (index + 1) * size);
    const metadata = { pid: self.pid, index, rounds };
    telemetry.emit("http.drain.batch", { count: batch.length, total: pids.length }, metadata);
    await tell(self, batch, jitter);
    if (index < rounds - 1) await self.sleep(interval);
  }
}

async function tell(self: Self, pids: readonly Pid[], jitter: Milliseconds): Promise<void> {
  const size = jitter === 0 ? pids.length : Math.max(LEAST_GROUP, Math.ceil(pids.length / GROUPS));
  for (let at = 0; at < pids.length; at += size) {
    if (at > 0) await self.sleep((self.random() * jitter) / GROUPS);
    for (const pid of pids.slice(at, at + size)) self.send(pid, { tag: "drain" } satisfies Drain);
  }
}

const NOTHING = { connections: 0, requests: 0, sockets: 0 };

/** A server that has ended, or ends meanwhile, has nothing left to drain. */
export async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof CallError && error.reason !== "timeout") return undefined;
    throw error;
  }
}
