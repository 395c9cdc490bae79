import type { GenServer } from "../genserver/genserver.ts";
import { exit } from "../runtime/errors.ts";
import type { ProtocolOf } from "../runtime/protocol.ts";
import { ok } from "../runtime/results.ts";
import { processOf } from "../runtime/self.ts";
import type { Milliseconds, Name, Reason, Self } from "../runtime/types.ts";
import type { Connections } from "./connections.ts";
import type { Listener } from "./listener.ts";

export interface DrainerOptions {
  readonly connections: Name<ProtocolOf<typeof Connections>>;
  readonly listener: Name<ProtocolOf<typeof Listener>>;
  /** How long requests and WebSockets may take to end. */
  readonly drain: Milliseconds;
}

/**
 * Lets a server end without cutting anybody off (Plug: `Plug.Cowboy.Drainer`). It has nothing to do until it is stopped;
 * as the child after the listener it is stopped first. Then: no new connections, `Connection: close` on every answer,
 * requests in flight are waited for, and WebSockets are closed last.
 */
export const Drainer = {
  init: (options: DrainerOptions, self: Self) => {
    self.trapExit = true;
    return ok(options);
  },

  terminate: async (reason: Reason, { connections, listener, drain }: DrainerOptions, self: Self) => {
    if (reason !== "shutdown") return;
    const { telemetry } = processOf(self).kernel;
    const began = self.now();
    const patient = self.with({ timeout: "infinity" });
    await self.call(listener, "suspend");
    telemetry.emit("http.drain.start", await self.call(connections, "counts"), { pid: self.pid });
    const drained = patient
      .call(connections, "drain")
      .then(() => patient.call(connections, "drainSockets"))
      .then(() => true);
    const inTime = await Promise.race([drained, self.sleep(drain).then(() => false)]);
    const duration = self.now() - began;
    if (inTime) {
      telemetry.emit("http.drain.stop", { duration }, { pid: self.pid });
      return;
    }
    const running = await self.call(connections, "running");
    telemetry.emit("http.drain.timeout", { duration }, { pid: self.pid, running });
    exit({ drainTimeout: running });
  },
} satisfies GenServer<DrainerOptions>;
