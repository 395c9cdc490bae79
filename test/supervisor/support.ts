import {
  type ChildSpec,
  type Exit,
  exit,
  ignore,
  name,
  noreply,
  ok,
  type Pid,
  type Reason,
  type Self,
  stop,
} from "hornbeam";
import { child, type GenServer, type StartOptions } from "hornbeam/genserver";
import { type ChildTemplate, type SimpleInit, Supervisor, type SupervisorInit, supervisor } from "hornbeam/supervisor";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";

/** How one start of a worker goes: after so many milliseconds it is up, is ignored, or fails. */
export interface Outcome {
  readonly after?: number;
  readonly ignore?: true;
  readonly fail?: Reason;
}

/** What a worker does in its life. */
export interface Script {
  /** One outcome a start; beyond the list it is up at once. */
  readonly starts?: readonly Outcome[];
  readonly trapExit?: boolean;
  /** How long `terminate` takes, where it runs; `"forever"`: it never comes back. */
  readonly stopTime?: number | "forever";
  /** What `terminate` throws in the end. */
  readonly stopThrows?: Error;
  /** Or the reason it exits with. */
  readonly stopExits?: Reason;
  /** It unlinks itself from its supervisor as soon as it runs. */
  readonly unlinks?: boolean;
}

type WorkerOptions = Script & Omit<StartOptions, "id" | "name"> & { readonly name?: string };
type TreeOptions = (Partial<SupervisorInit> | SimpleInit) & { readonly options?: StartOptions };
/** What a child of a template is called, and what it does if not as the template says. */
type TemplateArgs = [id: string, script?: Script];

interface Job {
  readonly world: World;
  readonly id: string;
  readonly script: Script;
}

const UP: Outcome = {};

const Worker = {
  init: ({ world, id, script }: Job, self: Self<Exit>) => {
    const attempt = world.started(id, self.pid);
    self.trapExit = script.trapExit === true;
    if (script.unlinks === true) self.unlink(world.parentOf(self.pid));
    const outcome = script.starts?.[attempt - 1] ?? UP;
    const result = () => {
      if (outcome.ignore === true) return ignore;
      return outcome.fail === undefined ? ok({ world, id, script }) : stop(outcome.fail, undefined);
    };
    return outcome.after === undefined ? result() : self.sleep(outcome.after).then(result);
  },

  handleCast: {
    end: (reason: Reason, job) => stop(reason, job),
    crash: (error: Error) => {
      throw error;
    },
    link: (pid: Pid, job, self) => {
      self.link(pid);
      return noreply(job);
    },
  },

  handleInfo: ({ reason }: Exit, job, self) => {
    job.world.log.push(`heard ${job.world.nameOf(self.pid)} ${text(reason)}`);
    return noreply(job);
  },

  terminate: (reason: Reason, { world, script }: Job, self: Self): void | Promise<void> => {
    world.log.push(`terminate ${world.nameOf(self.pid)} ${text(reason)}`);
    const finish = () => {
      if (script.stopThrows !== undefined) throw script.stopThrows;
      if (script.stopExits !== undefined) exit(script.stopExits);
    };
    if (script.stopTime === "forever") return new Promise(() => {});
    return script.stopTime === undefined ? finish() : self.sleep(script.stopTime).then(finish);
  },
} satisfies GenServer<Job, Exit>;

/**
 * A simulation whose workers and supervisors write down what becomes of them. The second process that runs as `a` is
 * `a#2`; the log reads `start a#2`, `terminate a#2 shutdown`, `down a#2 shutdown`, in the order in which it happened.
 */
export class World {
  readonly sim: VirtualSystem;
  readonly log: string[] = [];
  /** What the supervisors reported: `exit a boom`, `startError a boom`, `shutdownError a killed`, `giveUp a boom`. */
  readonly reports: string[] = [];
  private readonly attempts = new Map<string, number>();
  private readonly names = new Map<Pid, string>();
  private readonly latest = new Map<string, Pid>();

  constructor(sim: VirtualSystem) {
    this.sim = sim;
    sim.telemetry.on("process.exit", (_, { pid, reason }) => {
      if (this.names.has(pid)) this.log.push(`down ${this.nameOf(pid)} ${text(reason)}`);
    });
    for (const event of ["exit", "startError", "shutdownError"] as const) {
      sim.telemetry.on(`supervisor.child.${event}`, (_: {}, { id, reason }: { id: string; reason: unknown }) => {
        this.reports.push(`${event} ${id} ${text(reason)}`);
      });
    }
    sim.telemetry.on("supervisor.giveUp", (_, { id, reason }) => {
      this.reports.push(`giveUp ${id} ${text(reason)}`);
    });
  }

  worker(id: string, options: WorkerOptions = {}): ChildSpec {
    const { starts, trapExit, stopTime, stopThrows, stopExits, unlinks, name: called, ...spec } = options;
    const script = { starts, trapExit, stopTime, stopThrows, stopExits, unlinks } as Script;
    return child(Worker, { world: this, id, script }, { id, ...spec, ...(called && { name: name(called) }) });
  }

  /** A supervisor that takes down its starts and its end as the workers do. */
  tree(id: string, { options, ...init }: TreeOptions): ChildSpec {
    const module = {
      init: (_: undefined, self: Self) => {
        this.started(id, self.pid);
        return { strategy: "oneForOne", children: [], ...init } as SupervisorInit | SimpleInit;
      },
    } satisfies Supervisor;
    return supervisor(module, undefined, { ...options, id });
  }

  /** What a `simpleOneForOne` supervisor starts workers of: `startChild(by, top, "a")` starts `a#1`. */
  template(options: WorkerOptions = {}): ChildTemplate<TemplateArgs, Pid> {
    const { start: _, ...spec } = this.worker("template", options);
    return { ...spec, start: (parent, id, script) => this.worker(id, { ...options, ...script }).start(parent) };
  }

  /** The `init` of a supervisor of one template. */
  simple(options: WorkerOptions = {}, flags: Partial<SimpleInit> = {}): SimpleInit {
    return { strategy: "simpleOneForOne", children: [this.template(options)], ...flags };
  }

  /** Starts the supervisor `top`, and forgets what was logged until it is up. */
  async start(init: TreeOptions): Promise<Pid> {
    const pid = await this.sim.start(this.tree("top", init));
    this.take();
    return pid;
  }

  /** Starts the supervisor `top` under a parent of its own, which ends with the reason that it is sent. */
  async startUnder(init: TreeOptions): Promise<{ readonly top: Pid; readonly parent: Pid }> {
    const { start } = this.tree("top", init);
    const parent = this.sim.spawn(async (self) => {
      self.trapExit = true;
      await start(self);
      const { end } = await self.receive((message: { end?: Reason }) => message.end !== undefined);
      exit(end as Reason);
    });
    await this.sim.idle();
    this.take();
    return { top: this.pid("top"), parent };
  }

  /** What was logged since the last time. */
  take(): string[] {
    return this.log.splice(0);
  }

  pid(id: string): Pid {
    const pid = this.latest.get(id);
    if (pid === undefined) throw new Error(`${id} was never started`);
    return pid;
  }

  nameOf(pid: Pid): string {
    return this.names.get(pid) ?? String(pid);
  }

  /** The pids of all that were started. */
  known(): readonly Pid[] {
    return [...this.names.keys()];
  }

  /** The children of a supervisor, last started first: `["b#2", "a stopped"]`. */
  async children(top: Pid): Promise<string[]> {
    const all = await Supervisor.whichChildren(this.sim, top);
    return all.map(({ id, pid }) => {
      if (pid === undefined) return `${id} stopped`;
      return pid === "restarting" ? `${id} restarting` : this.nameOf(pid);
    });
  }

  /** Kills the latest processes of these ids in one turn, and lets what follows come to rest. */
  async kill(...ids: string[]): Promise<void> {
    for (const id of ids) this.sim.kill(this.pid(id));
    await this.sim.idle();
  }

  /** Has the latest process of this id stop by itself, and lets what follows come to rest. */
  async end(id: string, reason: Reason): Promise<void> {
    this.sim.cast(this.pid(id), "end", reason);
    await this.sim.idle();
  }

  /** @internal For the scripts. */
  started(id: string, pid: Pid): number {
    const attempt = (this.attempts.get(id) ?? 0) + 1;
    this.attempts.set(id, attempt);
    this.names.set(pid, `${id}#${attempt}`);
    this.latest.set(id, pid);
    this.log.push(`start ${id}#${attempt}`);
    return attempt;
  }

  /** @internal For the scripts. */
  parentOf(pid: Pid): Pid {
    return this.sim.processes().find((info) => info.pid === pid)?.parent as Pid;
  }
}

/** Runs a test in virtual time; it fails when a process, a name or a timer is left over. */
export const inWorld = <T>(test: (world: World) => Promise<T>): Promise<T> =>
  inVirtualTime((sim) => test(new World(sim)));

/** A supervisor with a child that runs, one that was stopped, and one that is temporary. */
export async function mixed(world: World): Promise<Pid> {
  const children = [
    world.worker("running"),
    world.worker("stopped"),
    world.worker("temporary", { restart: "temporary" }),
  ];
  const top = await world.start({ children });
  await Supervisor.terminateChild(world.sim, top, "stopped");
  world.take();
  return top;
}

/** A reason in the log. */
function text(reason: unknown): string {
  if (typeof reason === "string") return reason;
  return reason instanceof Error ? reason.message : JSON.stringify(reason);
}
