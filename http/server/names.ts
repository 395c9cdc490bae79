import { name, type ProtocolOf } from "../../runtime/protocol.ts";
import type { Name } from "../../runtime/types.ts";
import type { Connections } from "./connections.ts";
import type { Drainer } from "./drainer.ts";
import type { Listener } from "./listener.ts";

/** What the processes of a server are registered as. */
export interface Names {
  readonly connections: Name<ProtocolOf<typeof Connections>>;
  readonly listener: Name<ProtocolOf<typeof Listener>>;
  readonly drainer: Name<ProtocolOf<typeof Drainer>>;
}

export function namesOf(server: string): Names {
  return {
    connections: name<typeof Connections>(`${server}.connections`),
    listener: name<typeof Listener>(`${server}.listener`),
    drainer: name<typeof Drainer>(`${server}.drainer`),
  };
}
