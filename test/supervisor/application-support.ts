import { error, type Reason, type TelemetryEvents } from "hornbeam";
import { Application, type SupervisorInit } from "hornbeam/supervisor";
import type { Script, World } from "./support.ts";

interface AppOptions extends Partial<SupervisorInit> {
  readonly applications?: readonly Application[];
  /** What the one worker of its tree does. */
  readonly worker?: Script & { readonly restart?: "permanent" | "transient" | "temporary" };
  /** `start` returns this error. */
  readonly fails?: Reason;
  readonly startThrows?: unknown;
  readonly prepStopThrows?: Error;
  readonly stopThrows?: Error;
}

/**
 * An application `db` with a supervisor `db top` and a worker `db worker`, whose callbacks write down what they were
 * called with: `prepStop db {"of":"db"} top up`.
 */
export function app(world: World, name: string, options: AppOptions = {}): Application {
  const { applications = [], worker, fails, startThrows, prepStopThrows, stopThrows, ...init } = options;
  const tops: string[] = [];
  return {
    name,
    applications,
    start: () => {
      world.log.push(`start ${name}`);
      if (fails !== undefined) return error(fails);
      if (startThrows !== undefined) throw startThrows;
      tops.push(`${name} top`);
      const children = [world.worker(`${name} worker`, worker)];
      return { top: world.tree(`${name} top`, { children, ...init }), state: { of: name } };
    },
    prepStop: (state: object, self) => {
      const up = self.isAlive(world.pid(`${name} top`));
      world.log.push(`prepStop ${name} ${JSON.stringify(state)} top ${up ? "up" : "gone"}`);
      if (prepStopThrows !== undefined) throw prepStopThrows;
      return { prepared: state };
    },
    stop: (state: object) => {
      world.log.push(`stop ${name} ${JSON.stringify(state)}`);
      if (stopThrows !== undefined) throw stopThrows;
    },
  };
}

/** The names of the applications that run, the last started first. */
export const running = async (world: World): Promise<string[]> =>
  (await Application.whichApplications(world.sim)).map(({ name }) => name);

type ApplicationEvent = Extract<keyof TelemetryEvents, `application.${string}`>;

/** What the applications report, as `exit db shutdown` or `startError db`. */
export function reported(world: World): string[] {
  const seen: string[] = [];
  const listen = (event: ApplicationEvent): void => {
    world.sim.telemetry.on(event, (_: {}, metadata: { application: string; reason?: unknown; system?: boolean }) => {
      const { application, reason, system } = metadata;
      const what = [event.slice("application.".length), application, typeof reason === "string" ? reason : ""];
      seen.push([...what.filter(Boolean), ...(system === true ? ["system"] : [])].join(" "));
    });
  };
  for (const event of ["start", "startError", "stop", "exit", "exception"] as const) listen(`application.${event}`);
  return seen;
}
