import type { Server } from "node:http";
import { type AddressInfo, Server as NetServer } from "node:net";
import type { GenServer } from "../genserver/genserver.ts";
import type { ProtocolOf } from "../runtime/protocol.ts";
import { error, noreply, ok, reply } from "../runtime/results.ts";
import { processOf } from "../runtime/self.ts";
import type { Name, Self } from "../runtime/types.ts";
import { Refusal } from "../supervisor/refusal.ts";
import type { Connections } from "./connections.ts";

export interface ListenerOptions {
  readonly connections: Name<ProtocolOf<typeof Connections>>;
  readonly port: number;
  readonly host: string;
}

export interface ListenerInfo {
  readonly status: "running" | "suspended";
  readonly host: string;
  readonly port: number;
}

interface State extends ListenerInfo {
  readonly server: Server;
}

/** The port that was taken for port 0: after a crash the listener comes back on the same one. */
const given = new WeakMap<ListenerOptions, number>();

/**
 * Accepts connections: the process that owns the listening socket. Suspended, it refuses new connections and leaves
 * those that are open alone (Ranch: `suspend_listener`).
 */
export const Listener = {
  init: async (options: ListenerOptions, self) => {
    const { connections, host, port } = options;
    const { server, pid } = await self.call(connections, "server");
    self.link(pid);
    self.own({ [Symbol.dispose]: () => stopListening(server) });
    try {
      const state: State = {
        server,
        host,
        port: await listen(server, given.get(options) ?? port, host),
        status: "running",
      };
      given.set(options, state.port);
      announce(self, state, "http.listener.start");
      return ok(state);
    } catch (failure) {
      return error(explain(failure as NodeJS.ErrnoException, host, port));
    }
  },

  handleCall: {
    info: (_, state) => reply<ListenerInfo, State>({ status: state.status, host: state.host, port: state.port }, state),

    suspend: (_, state, self) => {
      if (state.status === "suspended") return reply(undefined, state);
      stopListening(state.server);
      announce(self, state, "http.listener.suspend");
      return reply(undefined, { ...state, status: "suspended" });
    },

    resume: async (_, state, self) => {
      if (state.status === "running") return reply(undefined, state);
      try {
        await listen(state.server, state.port, state.host);
      } catch (failure) {
        return reply(new Refusal(explain(failure as NodeJS.ErrnoException, state.host, state.port)), state);
      }
      announce(self, state, "http.listener.start");
      return reply(undefined, { ...state, status: "running" });
    },
  },

  handleInfo: (_: unknown, state) => noreply(state),
} satisfies GenServer<State>;

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host }, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** `http.Server.close` would also cut connections that look idle while a request is on the wire; this only stops listening. */
function stopListening(server: Server): void {
  NetServer.prototype.close.call(server);
}

function announce(self: Self, { host, port }: State, event: "http.listener.start" | "http.listener.suspend"): void {
  processOf(self).kernel.telemetry.emit(event, {}, { pid: self.pid, host, port });
}

function explain(failure: NodeJS.ErrnoException, host: string, port: number): Error {
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: "another program listens there",
    EACCES: "this user may not listen there (ports below 1024 are the administrator's)",
    EADDRNOTAVAIL: "this machine has no such address",
  };
  const reason = why[failure.code ?? ""] ?? failure.message;
  return new Error(`cannot listen on ${host}:${port}: ${reason}`, { cause: failure });
}
