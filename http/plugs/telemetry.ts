import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { processOf } from "../../runtime/self.ts";
import type { TelemetryEvents } from "../../runtime/telemetry.ts";
import type { Milliseconds } from "../../runtime/types.ts";
import type { Conn } from "../conn/conn.ts";

export interface PlugTelemetryOptions {
  /** What the events are called: `site` makes `site.start` and `site.stop`. Words of letters, digits, `_`, with dots between. */
  readonly eventPrefix: string;
  /** Handed on with both events. */
  readonly options?: unknown;
}

/** The events of a {@link PlugTelemetry} plug, to be declared by those who listen to them. */
export interface PlugTelemetryEvents {
  readonly start: [measurements: { readonly time: Milliseconds }, metadata: PlugTelemetryMetadata];
  readonly stop: [measurements: { readonly duration: Milliseconds }, metadata: PlugTelemetryMetadata];
}

export interface PlugTelemetryMetadata {
  /** As it came to the plug, and as it is about to be sent. */
  readonly conn: Conn<any>;
  readonly options: unknown;
}

interface Ready {
  readonly start: keyof TelemetryEvents;
  readonly stop: keyof TelemetryEvents;
  readonly options: unknown;
}

const PREFIX = /^\w+(\.\w+)*$/;

/**
 * Emits an event when a request comes to it, and one when its response is about to be sent, with the time between (Plug:
 * `Plug.Telemetry`). There is no second one for a request that crashes or sends nothing: `http.request.stop` is for
 * every request. What listens declares the events: `interface TelemetryEvents { "site.start": PlugTelemetryEvents["start"] }` in
 * `declare module "hornbeam"`.
 *
 * @example
 * pipeline().plug(plug(PlugTelemetry, { eventPrefix: "site.endpoint" }))
 */
export const PlugTelemetry = {
  name: "PlugTelemetry",

  init: (given: PlugTelemetryOptions): Ready => {
    const prefix: unknown = given?.eventPrefix;
    if (typeof prefix !== "string" || !PREFIX.test(prefix)) {
      throw new BadArgument(`PlugTelemetry: expected eventPrefix to be words with dots between, got: ${show(prefix)}`);
    }
    return { start: eventOf(prefix, "start"), stop: eventOf(prefix, "stop"), options: given.options };
  },

  call: <A extends object>(conn: Conn<A>, { start, stop, options }: Ready): Conn<A> => {
    const { telemetry } = processOf(conn.self).kernel;
    const since = conn.self.now();
    telemetry.emit(start, { time: since } as never, { conn, options } as never);
    return conn.registerBeforeSend((last) => {
      telemetry.emit(stop, { duration: conn.self.now() - since } as never, { conn: last, options } as never);
      return last;
    });
  },
};

/** The events of users are none that the library knows. */
const eventOf = (prefix: string, event: string): keyof TelemetryEvents => `${prefix}.${event}` as keyof TelemetryEvents;
