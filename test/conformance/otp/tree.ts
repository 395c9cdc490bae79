import {
  type ChildSpec,
  type Exit,
  exit,
  ignore,
  noreply,
  ok,
  type Pid,
  type Reason,
  type Self,
  stop,
  type WithExtra,
} from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import {
  type ChildTemplate,
  type SimpleInit,
  type Supervisor,
  type SupervisorInit,
  supervisor,
} from "hornbeam/supervisor";
import type { VirtualSystem } from "hornbeam/test";
import type { ChildBody, Ending, Outcome, SupervisorBody, TemplateArgs, WorkerBody } from "./scenarios.ts";
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

  constructor(sim: VirtualSystem) {
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
  enter(path: string, pid: Pid, supervises = false): Entry {
    const attempt = (this.attempts.get(path) ?? 0) + 1;
    const name = `${path}#${attempt}`;
    this.attempts.set(path, attempt);
    this.latests.set(path, pid);
    this.names.set(pid, name);
    if (supervises) this.supervisors.set(name, pid);
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

  /** `{ok, Pid}` or `{ok, Pid, Extra}`. */
  started(result: Pid | WithExtra | undefined): unknown {
    if (result === undefined || !("extra" in result)) return ["ok", this.nameOf(result)];
    return ["ok", this.nameOf(result.pid), result.extra];
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
    const { name, attempt } = tree.enter(path, self.pid);
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
    const { attempt } = tree.enter(path, self.pid, true);
    const outcome = outcomeOf(body.init, attempt);
    if (outcome === "ignore") return ignore;
    return outcome === "ok" ? flags(tree, path, body) : fail(outcome);
  },
} satisfies Supervisor;

const flags = (tree: Tree, path: string, body: SupervisorBody): SupervisorInit | SimpleInit => {
  const isSimple = body.strategy === "simple_one_for_one";
  const children = (body.children ?? []).map((each) => (isSimple ? template : childSpec)(tree, path, each));
  return {
    strategy: camel(body.strategy) as SupervisorInit["strategy"],
    // OTP's default; the library's is 3.
    maxRestarts: body.intensity ?? 1,
    maxSeconds: 3600,
    autoShutdown: camel(body.auto_shutdown ?? "never") as NonNullable<SupervisorInit["autoShutdown"]>,
    children: children as readonly ChildSpec[],
  };
};

/** A spec as the scenario has it, right or wrong. */
export function childSpec(tree: Tree, parent: string, { worker, supervisor: nested, ...body }: ChildBody): ChildSpec {
  const path = `${parent}/${body.id}`;
  const start = worker
    ? startOf(tree, path, worker)
    : nested && supervisor(TreeSupervisor, { tree, path, body: nested }, { id: path }).start;
  return specOf(body, start);
}

/** The one child of a simple_one_for_one supervisor. What `start_child` says decides its path, and may replace its `init`. */
function template(tree: Tree, parent: string, { worker, ...body }: ChildBody): ChildTemplate {
  const start = (self: Self, { name, init }: TemplateArgs) =>
    startOf(tree, `${parent}/${name}`, { ...worker, ...(init && { init }) })(self);
  return specOf(body, worker && start);
}

/** `{ok, Pid}`, or `{ok, Pid, extra_info}`. */
const startOf = (tree: Tree, path: string, body: WorkerBody) => async (parent: Self) => {
  const pid = await child(Worker, { tree, path, body }, { id: path }).start(parent);
  return body.extra && pid !== "ignore" ? { pid, extra: "extra_info" } : pid;
};

function specOf(body: ChildBody, start: unknown): ChildSpec {
  const shutdown = typeof body.shutdown === "string" ? camel(body.shutdown) : body.shutdown;
  return { ...body, shutdown, start } as unknown as ChildSpec;
}

const outcomeOf = (outcomes: readonly Outcome[] | undefined, attempt: number): Outcome =>
  outcomes?.[attempt - 1] ?? "ok";

function fail([kind, reason]: Ending): never {
  if (kind === "raise") throw new Raised(reason);
  return exit(reasonOf(reason));
}
