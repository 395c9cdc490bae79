import { Entries, perSystem } from "../../runtime/entries.ts";
import { type ProcessSelf, processOf } from "../../runtime/self.ts";
import type { Caller } from "../../runtime/types.ts";
import type { Shared } from "./shared.ts";

/** The servers of a system by name. Each is there as long as the process of its connections is. */
const servers = perSystem(() => new Entries<string, Shared>());

export function addServer(connections: ProcessSelf, name: string, shared: Shared): void {
  servers(connections.kernel).add(name, connections, shared);
}

export const serversOf = (by: Caller): readonly string[] => [...servers(processOf(by).kernel).keys()];

/**
 * Whether a server wants to be sent requests: it runs, and does not drain. What load balancers ask for; see
 * {@link Readiness}.
 *
 * @example
 * await sim.start(http({ port: 0, plug: site.plug }));
 * expect(isReady(sim)).toBe(true);
 */
export function isReady(by: Caller, server = "http"): boolean {
  const [entry] = servers(processOf(by).kernel).at(server);
  return entry?.value.ready === true;
}
