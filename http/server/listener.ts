import { type AddressInfo, createServer, type Server } from "node:net";
import type { GenServer } from "../../genserver/genserver.ts";
import type { ProtocolOf } from "../../runtime/protocol.ts";
import { error, noreply, ok, reply } from "../../runtime/results.ts";
import { processOf } from "../../runtime/self.ts";
import type { Name, Self } from "../../runtime/types.ts";
import { Refusal } from "../../supervisor/refusal.ts";
import { AcceptErrors } from "./accept-errors.ts";
import type { Connections } from "./connections.ts";

export interface ListenerOptions {
  readonly connections: Name<ProtocolOf<typeof Connections>>;
  readonly port: number;
  readonly host: string;
  readonly scheme: "http" | "https";
}

export interface ListenerInfo {
  readonly status: "running" | "suspended";
  readonly scheme: "http" | "https";
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
    const { connections, host, port, scheme } = options;
    const { accept, pid, draining } = await self.call(connections, "door");
    self.link(pid);
    // Paused until it is their turn to be read; half open, because a client may have said all and still listen.
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, accept);
    self.own({ [Symbol.dispose]: () => void server.close() });
    const known = given.get(options);
    // One that crashes while its server drains does not undo that.
    if (draining && known !== undefined) return ok<State>({ server, scheme, host, port: known, status: "suspended" });
    try {
      const taken = await listen(server, known ?? port, host);
      const state: State = { server, scheme, host, port: taken, status: "running" };
      given.set(options, state.port);
      const errors = new AcceptErrors(self);
      server.on("error", (failure) => errors.add(failure));
      announce(self, state, "http.listener.start");
      return ok(state);
    } catch (failure) {
      return error(explain(failure as NodeJS.ErrnoException, host, port));
    }
  },

  handleCall: {
    info: (_, state) => {
      const { status, scheme, host, port } = state;
      return reply<ListenerInfo, State>({ status, scheme, host, port }, state);
    },

    suspend: (_, state, self, { pid }) => {
      // Who has ended, as a drain that was taken back, does not want it any more.
      if (state.status === "suspended" || !self.isAlive(pid)) return reply(undefined, state);
      state.server.close();
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

function announce(
  self: Self,
  { scheme, host, port }: State,
  event: "http.listener.start" | "http.listener.suspend",
): void {
  processOf(self).kernel.telemetry.emit(event, {}, { pid: self.pid, scheme, host, port });
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
