import { CallError } from "../../runtime/errors.ts";
import { type ProcessSelf, processOf } from "../../runtime/self.ts";
import type { Caller, Milliseconds, Pid, Self } from "../../runtime/types.ts";
import { unwrap } from "../../supervisor/refusal.ts";
import { type AwaitedCount, type Comparison, checkAwaited, holds } from "./awaited-counts.ts";
import type { ConnectionInfo } from "./connection-info.ts";
import type { Counts } from "./counts.ts";
import { undrain } from "./drain.ts";
import type { Drained } from "./drainer.ts";
import type { Bounds } from "./limits.ts";
import type { ListenerInfo } from "./listener.ts";
import { namesOf } from "./names.ts";

/** What a server is, has and allows. */
export interface HttpInfo extends ListenerInfo, Counts {
  /** Whether it wants to be sent requests: see {@link isReady}. */
  readonly ready: boolean;
  readonly draining: boolean;
  /** Those that were given, or their defaults; one that is lifted is Infinity. */
  readonly limits: Bounds;
}

/**
 * Where a server listens, what it has now and has had, and its limits. Rejects with `noproc` when there is no such server.
 *
 * @example
 * await sim.start(http({ port: 0, plug: site.plug }));
 * expect(await httpInfo(sim)).toMatchObject({ status: "running", connections: 0, accepted: 0 });
 */
export async function httpInfo(by: Caller, server = "http"): Promise<HttpInfo> {
  const { listener, connections } = namesOf(server);
  return { ...(await by.call(listener, "info")), ...(await by.call(connections, "standing")) };
}

/**
 * Lists the connections of a server, its WebSockets and those that wait for their turn: who they are, what they are doing,
 * and in which plug each of their requests is.
 *
 * @example
 * await sim.start(http({ port: 0, plug: site.plug }));
 * expect(await connections(sim)).toEqual([]);
 */
export const connections = (by: Caller, server = "http"): Promise<readonly ConnectionInfo[]> =>
  by.call(namesOf(server).connections, "list");

/**
 * A connection or WebSocket does not count for `maxConnections` any more, and another one gets its place (Ranch:
 * `remove_connection`). It is still listed, drained and waited for. False when the server has no such connection.
 *
 * @example
 * await sim.start(http({ port: 0, plug: site.plug }));
 * for (const { pid, state } of await connections(sim)) if (pid && state === "websocket") await removeConnection(sim, pid);
 */
export const removeConnection = (by: Caller, pid: Pid, server = "http"): Promise<boolean> =>
  by.call(namesOf(server).connections, "remove", pid);

/**
 * Waits until a server has so many connections, WebSockets and removed ones included (Ranch: `wait_for_connections`). It
 * is told when their number changes; nobody polls. A server that has gone has none. Rejects with `timeout` after
 * `options.timeout` (default: it waits as long as it takes), and when the server goes while more are waited for.
 *
 * @example
 * await sim.start(http({ port: 0, plug: site.plug }));
 * await waitForConnections(sim, "==", 0);
 */
export async function waitForConnections(
  by: Caller,
  comparison: Comparison,
  count: number,
  {
    server = "http",
    timeout = "infinity",
  }: { readonly server?: string; readonly timeout?: Milliseconds | "infinity" } = {},
): Promise<void> {
  const awaited: AwaitedCount = { comparison, connections: count };
  checkAwaited(awaited);
  try {
    await by.with({ timeout }).call(namesOf(server).connections, "awaitCount", awaited);
  } catch (error) {
    if (!(error instanceof CallError) || error.reason === "timeout" || !holds(0, awaited)) throw error;
  }
}

/**
 * Stops accepting connections: the listening socket is closed, and new clients are refused by the kernel. Those that are
 * open go on. May be repeated; {@link resume} takes it back.
 *
 * @example
 * await sim.start(http({ port: 0, plug: site.plug }));
 * await suspend(sim);
 * await resume(sim);
 */
export const suspend = (by: Caller, server = "http"): Promise<void> => by.call(namesOf(server).listener, "suspend");

/**
 * Accepts connections again, on the same port, also when that was a free one for port 0; and takes a {@link drainServer}
 * back that is under way. Rejects when the port is taken; the server then stays suspended. A server that is being stopped
 * cannot be resumed: the call rejects when it has ended.
 */
export async function resume(by: Caller, server = "http"): Promise<void> {
  const names = namesOf(server);
  const caller: ProcessSelf = processOf(by);
  await unwrap(
    caller.whereis(names.drainer) === undefined
      ? undrain(caller as Self, [names])
      : by.with({ timeout: "infinity" }).call(names.drainer, "resume"),
  );
}

/**
 * Drains a server that goes on to stand, as it would be drained at its stop: for an operator who takes a machine out, or a
 * `preStop` hook. Resolves when nothing is left, when the time is up (and says what was cut off), or when {@link resume}
 * has taken it back.
 *
 * @example
 * await sim.start(http({ port: 0, plug: site.plug }));
 * expect(await drainServer(sim)).toEqual({ outcome: "drained", cutOff: [] });
 * await resume(sim);
 */
export const drainServer = (by: Caller, server = "http"): Promise<Drained> =>
  by.with({ timeout: "infinity" }).call(namesOf(server).drainer, "drain");
