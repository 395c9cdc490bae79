import { child, type GenServer } from "../../genserver/genserver.ts";
import { ancestorsOf } from "../../runtime/ancestors.ts";
import { answer, type From } from "../../runtime/call.ts";
import { checkArray, checkCount, checkOptions } from "../../runtime/checks.ts";
import { BadArgument, exit } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { addressOf } from "../../runtime/pid.ts";
import { error, noreply, ok, reply } from "../../runtime/results.ts";
import { processOf } from "../../runtime/self.ts";
import { checkDelay } from "../../runtime/timers.ts";
import type { ChildSpec, Exit, Milliseconds, Pid, Reason, Self } from "../../runtime/types.ts";
import { type Batch, drain, undrain, unlessGone } from "./drain.ts";
import { type Names, namesOf } from "./names.ts";
import { serversOf } from "./servers.ts";

export interface DrainerOptions {
  /** The server to drain, or `servers`. */
  readonly server?: string;
  /** Several of them; `"all"` that there are when the drain begins. */
  readonly servers?: readonly string[] | "all";
  /** How long all of it may take: what is not done then is cut off, and named. */
  readonly shutdown: Milliseconds;
  /**
   * How long the server says that it is not ready, before it stops to listen: as long as load balancers need to notice.
   * Part of `shutdown`. Default 0.
   */
  readonly readyDelay?: Milliseconds;
  /** How long after that WebSockets and streams are told to end, at the latest. Default 1000 ms. */
  readonly grace?: Milliseconds;
  readonly batch?: Batch;
}

/** What became of a drain, and what of it was cut off: nothing, unless the time was up. */
export interface Drained {
  readonly outcome: "drained" | "timeout" | "resumed";
  readonly cutOff: readonly string[];
}

type Options = Required<Omit<DrainerOptions, "server" | "batch">> & { readonly batch: Required<Batch> };

/** What the drainer needs, beyond the time to drain, to say what it cut off. */
const LAST_REPORT: Milliseconds = 500;

/**
 * A drainer as a child (Plug: `Plug.Cowboy.Drainer`), for trees that are built by hand: `http` has one of its own, unless
 * its option `drain` is `false`. It has nothing to do until it is stopped, and as the child after its server it is stopped
 * first; therefore it refuses to start anywhere else. Throws BadArgument without `shutdown`, or a server.
 *
 * @example
 * const App = {
 *   init: () => ({
 *     strategy: "oneForOne",
 *     children: [http({ port: 0, plug: site.plug, drain: false }), drainer({ server: "http", shutdown: 10_000 })],
 *   }),
 * } satisfies Supervisor;
 */
export function drainer(options: DrainerOptions, id = "drainer"): ChildSpec {
  const checked = check(options);
  const name = options.server === undefined ? {} : { name: namesOf(options.server).drainer };
  return child(Drainer, checked, { id, shutdown: checked.shutdown + LAST_REPORT, ...name });
}

function check(options: DrainerOptions): Options {
  const { server, servers = server === undefined ? undefined : [server] } = checkOptions("drainer", options);
  const { shutdown, readyDelay = 0, grace = 1000, batch = {} } = options;
  if (servers === undefined || (server !== undefined && options.servers !== undefined)) {
    throw new BadArgument(`drainer: expected a server, or servers (a list or "all"), got: ${show(options)}`);
  }
  if (servers !== "all") checkArray("drainer: servers", servers);
  if (typeof shutdown !== "number") {
    throw new BadArgument(`drainer: expected shutdown, the time that a drain may take in ms, got: ${show(shutdown)}`);
  }
  for (const time of [shutdown, readyDelay, grace]) checkDelay(time);
  if (readyDelay >= shutdown && readyDelay > 0) {
    throw new BadArgument(`drainer: expected a readyDelay below shutdown (${shutdown} ms), got: ${show(readyDelay)}`);
  }
  const { size = 10_000, interval = 2000, jitter = 500 } = checkOptions("drainer: batch", batch);
  checkCount("drainer: size of a batch", size);
  for (const time of [interval, jitter]) checkDelay(time);
  return { servers, shutdown, readyDelay, grace, batch: { size, interval, jitter } };
}

/** What a process that drains reports to its drainer. */
interface Done extends Drained {
  readonly tag: "done";
}

/** A drain that somebody asked for, in a process of its own: the drainer must hear when it is taken back. */
interface Running {
  readonly pid: Pid;
  readonly asked: From[];
}

interface State {
  readonly options: Options;
  readonly running: Running | undefined;
}

/**
 * Lets servers end without cutting anybody off: see {@link drain} for what it does. At its stop it does that before its
 * supervisor goes on to the listener; asked for a drain, it can also take that back.
 */
export const Drainer = {
  init: (options: Options, self: Self) => {
    self.trapExit = true;
    const misplaced = whyMisplaced(options, self);
    return misplaced === undefined ? ok<State>({ options, running: undefined }) : error(misplaced);
  },

  handleCall: {
    drain: (_, { options, running }, self, from) => {
      running?.asked.push(from);
      return noreply({ options, running: running ?? { pid: drainApart(self, options), asked: [from] } });
    },

    resume: async (_, { options, running }, self) => {
      if (running !== undefined) {
        self.exit(running.pid, "kill");
        for (const from of running.asked) answer(from, { outcome: "resumed", cutOff: [] } satisfies Drained);
      }
      return reply(await undrain(self, namesIn(options, self)), { options, running: undefined } as State);
    },
  },

  handleInfo: (message: Done | Exit, { options, running }: State) => {
    if (running === undefined) return noreply({ options, running });
    if (message.tag === "done") {
      const { outcome, cutOff } = message;
      for (const from of running.asked) answer(from, { outcome, cutOff } satisfies Drained);
      return noreply({ options, running: undefined });
    }
    if (message.pid !== running.pid) return noreply({ options, running });
    // A drain that crashed is this process's crash: who asked for it is told by that.
    return exit(message.reason);
  },

  terminate: async (reason: Reason, { options, running }: State, self: Self) => {
    if (reason !== "shutdown") return;
    if (running !== undefined) self.exit(running.pid, "kill");
    const { outcome, cutOff } = await run(self, running === undefined ? options : { ...options, readyDelay: 0 });
    if (outcome === "timeout") exit({ drainTimeout: cutOff });
  },
} satisfies GenServer<State>;

function drainApart(self: Self, options: Options): Pid {
  const report = async (drainer: Self): Promise<void> => {
    const result = await run(drainer, options);
    if (result.outcome === "timeout") {
      for (const { connections } of namesIn(options, drainer)) await unlessGone(drainer.call(connections, "cutOff"));
    }
    drainer.send(self.pid, { tag: "done", ...result } satisfies Done);
  };
  return self.spawnLink(report, { label: "a drain" });
}

/** Drains until it is done, or the time is up. */
async function run(self: Self, options: Options): Promise<Drained> {
  const { telemetry } = processOf(self).kernel;
  const began = self.now();
  const servers = namesIn(options, self);
  const drained = drain(self, { ...options, servers }).then(() => true);
  const inTime = await Promise.race([drained, self.sleep(options.shutdown).then(() => false)]);
  const duration = self.now() - began;
  if (inTime) {
    telemetry.emit("http.drain.stop", { duration }, { pid: self.pid });
    return { outcome: "drained", cutOff: [] };
  }
  telemetry.emit("http.drain.phase", {}, { pid: self.pid, phase: "deadline" });
  const cutOff: string[] = [];
  for (const { connections } of servers) cutOff.push(...((await unlessGone(self.call(connections, "running"))) ?? []));
  telemetry.emit("http.drain.timeout", { duration }, { pid: self.pid, running: cutOff });
  return { outcome: "timeout", cutOff };
}

const namesIn = ({ servers }: Options, self: Self): readonly Names[] =>
  (servers === "all" ? serversOf(self) : servers).map(namesOf);

/** A drainer that stands before its server is stopped after it, and would do nothing, silently. */
function whyMisplaced(options: Options, self: Self): Error | undefined {
  const { parent } = processOf(self);
  const names = options.servers === "all" ? serversOf(self) : options.servers;
  const isBefore = (name: string): boolean => {
    const listener = self.whereis(namesOf(name).listener);
    if (listener === undefined) return false;
    return parent === null || ancestorsOf(addressOf(listener)).some((pid) => pid === parent);
  };
  if (options.servers === "all" ? names.some(isBefore) : names.every(isBefore)) return undefined;
  const which = options.servers === "all" ? "any server" : names.filter((name) => !isBefore(name)).join(", ");
  return new BadArgument(
    `drainer: expected to be started after ${which}, by the same supervisor, got: no listener of it there yet; put it behind its server in the list of children, so that it is stopped first`,
  );
}
