import { type ChildSpec, type Exit, exit, ignore, noreply, ok, type Pid, type Reason, type Self, stop } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import type { Sim } from "hornbeam/sim";
import { type Supervisor, type SupervisorInit, supervisor } from "hornbeam/supervisor";
import type { ChildBody, Ending, Outcome, SupervisorBody, WorkerBody } from "./scenarios.ts";
import { camel, fromReason, Raised, reasonOf } from "./values.ts";

export type TreeEvent = readonly [kind: string, name: string, ...rest: unknown[]];

/** What is known of the processes of a tree: their names, `path#attempt`, and what became of them. */
export class Tree {
  /** Those of the supervisors that run. */
  readonly supervisors = new Map<string, Pid>();
  private events: TreeEvent[] = [];
  private readonly attempts = new Map<string, number>();
  private readonly latests = new Map<string, Pid>();
  private readonly names = new Map<Pid, string>();
  private readonly extras = new Set<Pid>();

  constructor(sim: Sim) {
    sim.telemetry.on("process.exit", (_, { pid, reason }) => {
      const name = this.names.get(pid);
      if (name === undefined) return;
      this.log("down", name, fromReason(reason));
      this.supervisors.delete(name);
    });
  }

  log(...event: TreeEvent): void {
    this.events.push(event);
  }

  /** The events since the last time. */
  takeEvents(): TreeEvent[] {
    return this.events.splice(0);
  }

  /** A process enters its `init`. */
  enter(path: string, pid: Pid, kind: { readonly extra?: boolean; readonly supervises?: boolean }): Entry {
    const attempt = (this.attempts.get(path) ?? 0) + 1;
    const name = `${path}#${attempt}`;
    this.attempts.set(path, attempt);
    this.latests.set(path, pid);
    this.names.set(pid, name);
    if (kind.extra) this.extras.add(pid);
    if (kind.supervises) this.supervisors.set(name, pid);
    this.log("start", name);
    return { name, attempt };
  }

  latest(path: string): Pid | undefined {
    return this.latests.get(path);
  }

  nameOf(pid: Pid | "restarting" | undefined): string {
    if (pid === undefined || pid === "restarting") return String(pid);
    return this.names.get(pid) ?? String(pid);
  }

  /** `{ok, Pid}` or `{ok, Pid, Extra}`. The library has no second value of a start: that the child has one is known here. */
  started(pid: Pid | undefined): unknown {
    const ok = ["ok", this.nameOf(pid)];
    return pid !== undefined && this.extras.has(pid) ? [...ok, "extra_info"] : ok;
  }
}

interface Entry {
  readonly name: string;
  readonly attempt: number;
}

interface Job<Body> {
  readonly tree: Tree;
  readonly path: string;
  readonly body: Body;
}

interface State {
  readonly tree: Tree;
  readonly name: string;
  readonly body: WorkerBody;
}

const Worker = {
  init: ({ tree, path, body }: Job<WorkerBody>, self: Self) => {
    const { name, attempt } = tree.enter(path, self.pid, { extra: body.extra === true });
    self.trapExit = body.trap_exit === true;
    const outcome = outcomeOf(body.init, attempt);
    if (outcome === "ok") return ok({ tree, name, body });
    if (outcome === "ignore") return ignore;
    return outcome[0] === "stop" ? stop(reasonOf(outcome[1]), undefined) : fail(outcome);
  },

  handleCast: {
    finish: (ending: Ending, state) => (ending[0] === "stop" ? stop(reasonOf(ending[1]), state) : fail(ending)),
  },

  handleInfo: ({ reason }: Exit, state) => {
    state.tree.log("info", state.name, ["EXIT", fromReason(reason)]);
    return noreply(state);
  },

  terminate: (reason: Reason, { tree, name, body }, self): void | Promise<void> => {
    tree.log("terminate", name, fromReason(reason));
    const { delay, then } = body.terminate ?? {};
    const finish = () => {
      if (then !== undefined) fail(then);
    };
    return delay === undefined ? finish() : self.sleep(delay).then(finish);
  },
} satisfies GenServer<State, Exit>;

export const TreeSupervisor = {
  init: ({ tree, path, body }: Job<SupervisorBody>, self: Self) => {
    const { attempt } = tree.enter(path, self.pid, { supervises: true });
    const outcome = outcomeOf(body.init, attempt);
    if (outcome === "ignore") return ignore;
    return outcome === "ok" ? flags(tree, path, body) : fail(outcome);
  },
} satisfies Supervisor;

const flags = (tree: Tree, path: string, body: SupervisorBody): SupervisorInit => ({
  strategy: camel(body.strategy) as SupervisorInit["strategy"],
  // OTP's default; the library's is 3.
  maxRestarts: body.intensity ?? 1,
  maxSeconds: 3600,
  autoShutdown: camel(body.auto_shutdown ?? "never") as NonNullable<SupervisorInit["autoShutdown"]>,
  children: (body.children ?? []).map((each) => childSpec(tree, path, each)),
});

/** A spec as the scenario has it, right or wrong. */
export function childSpec(tree: Tree, parent: string, { worker, supervisor: nested, ...body }: ChildBody): ChildSpec {
  const path = `${parent}/${body.id}`;
  const started = worker
    ? child(Worker, { tree, path, body: worker }, { id: path })
    : nested && supervisor(TreeSupervisor, { tree, path, body: nested }, { id: path });
  const shutdown = typeof body.shutdown === "string" ? camel(body.shutdown) : body.shutdown;
  return { ...body, shutdown, start: started?.start } as unknown as ChildSpec;
}

const outcomeOf = (outcomes: readonly Outcome[] | undefined, attempt: number): Outcome =>
  outcomes?.[attempt - 1] ?? "ok";

function fail([kind, reason]: Ending): never {
  if (kind === "raise") throw new Raised(reason);
  return exit(reasonOf(reason));
}
