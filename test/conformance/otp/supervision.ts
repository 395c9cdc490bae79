import { AlreadyStarted, CallError, type Pid, StartError, type WithExtra } from "hornbeam";
import { BadSpec, type Spec, Supervisor, SupervisorError } from "hornbeam/supervisor";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { Actor, Command } from "./actor.ts";
import type { Document, Step } from "./corpus.ts";
import { perform, type Table } from "./operations.ts";
import type { SupervisionScenario, SupervisorBody, TreeOperations } from "./scenarios.ts";
import { asJson, byText, Changing, eventually, settle } from "./trace.ts";
import { childSpec, Tree, TreeSupervisor } from "./tree.ts";
import { fromBadSpec, fromCallError, fromReason, reasonOf, snake } from "./values.ts";

/** Everything is replayed. */

/** Replays trees of supervisors and scripted workers. */
export function replay({ scenario }: Document<SupervisionScenario>): Promise<readonly Step[]> {
  return inVirtualTime({ time: "manual" }, async (sim) => {
    const world = new World(sim);
    const trace = [await world.record("boot", world.boot(scenario.root))];
    for (const op of scenario.ops) trace.push(await world.record(op.op, perform(world.table, op)));
    return trace;
  });
}

class World {
  private readonly sim: VirtualSystem;
  private readonly tree: Tree;
  private readonly boss = new Actor("boss");
  private readonly children = new Changing();

  constructor(sim: VirtualSystem) {
    this.sim = sim;
    this.tree = new Tree(sim);
    this.boss.pid = sim.spawn(this.boss.task, { trapExit: true });
  }

  /** The boss starts the root, and stays its parent. */
  boot(body: SupervisorBody): Promise<unknown> {
    const job = { tree: this.tree, path: "root", body };
    return new Promise((resolve) => {
      const start = new Command((self) => {
        resolve(this.attempt(Supervisor.startLink(self, TreeSupervisor, job), this.started));
      });
      this.sim.send(this.boss.pid, start);
    });
  }

  async record(step: string, value: unknown): Promise<Step> {
    const result = eventually(value);
    await settle(this.sim);
    const events = this.tree.takeEvents();
    return asJson({ step, result: result(), events, tree: this.children.next(await this.snapshot()) });
  }

  readonly table: Table<TreeOperations> = {
    worker: ({ target, action }) => this.ifAlive([target], (pid) => this.sim.cast(pid, "finish", action)),
    signal: ({ target, reason }) => this.ifAlive([target], (pid) => this.sim.exit(pid, reasonOf(reason))),
    kill_many: ({ targets }) => {
      const [parent = ""] = targets.map((path) => path.slice(0, path.lastIndexOf("/")));
      return this.isAlive(parent) ? this.ifAlive(targets, (pid) => this.sim.exit(pid, "kill")) : "not_alive";
    },
    stop_root: ({ reason }) =>
      this.ifAlive(["root"], (root) => {
        this.sim.send(this.boss.pid, new Command((self) => self.exit(root, reasonOf(reason))));
      }),

    terminate_child: (op) =>
      this.ask(op.sup, (pid) => this.attempt(Supervisor.terminateChild(this.sim, pid, this.child(op)), done)),
    // OTP takes a pid here too, and refuses it; the types of the library do not take it.
    delete_child: (op) =>
      this.ask(op.sup, (pid) => this.attempt(Supervisor.deleteChild(this.sim, pid, this.child(op) as string), done)),
    restart_child: (op) =>
      this.ask(op.sup, (pid) =>
        this.attempt(Supervisor.restartChild(this.sim, pid, this.child(op) as string), this.started),
      ),
    start_child: ({ sup, spec, args }) =>
      this.ask(sup, (pid) => {
        if (spec === undefined) return this.attempt(Supervisor.startChild(this.sim, pid, args), this.started);
        const started = Supervisor.startChild(this.sim, pid, childSpec(this.tree, sup, spec));
        return this.attempt(started, this.started, (reason) => [reason, "child"]);
      }),
    which_children: ({ sup }) => this.ask(sup, (pid) => this.attempt(this.whichChildren(pid), (children) => children)),
    count_children: ({ sup }) =>
      this.ask(sup, (pid) => this.attempt(Supervisor.countChildren(this.sim, pid), (count) => count)),
    get_childspec: (op) =>
      this.ask(op.sup, (pid) => this.attempt(Supervisor.getChildSpec(this.sim, pid, this.child(op)), specOf)),
  };

  private readonly started = (result: Pid | WithExtra | undefined): unknown => this.tree.started(result);

  /** The child that an operation means: by its id, or by the pid that it has or had. */
  private child({ sup, child, by }: { readonly sup: string; readonly child: string; readonly by?: "pid" }) {
    return (by === "pid" && this.tree.latest(`${sup}/${child}`)) || child;
  }

  /** Does something to the latest process of each path, if all of them run. */
  private ifAlive(paths: readonly string[], action: (pid: Pid) => void): "sent" | "not_alive" {
    if (!paths.every((path) => this.isAlive(path))) return "not_alive";
    for (const path of paths) action(this.tree.latest(path) as Pid);
    return "sent";
  }

  private isAlive(path: string): boolean {
    const pid = this.tree.latest(path);
    return pid !== undefined && this.sim.isAlive(pid);
  }

  private ask(path: string, request: (pid: Pid) => Promise<unknown>): Promise<unknown> | "no_such" {
    const pid = this.tree.latest(path);
    return pid === undefined ? "no_such" : request(pid);
  }

  /** What OTP's function returns; `failed` is what stands in its error when a child did not start. */
  private async attempt<T>(
    request: Promise<T>,
    succeeded: (value: T) => unknown,
    failed: (reason: unknown) => unknown = (reason) => reason,
  ): Promise<unknown> {
    try {
      return succeeded(await request);
    } catch (error) {
      if (error instanceof CallError) return fromCallError(error);
      if (error instanceof AlreadyStarted) return ["error", ["already_started", this.tree.nameOf(error.pid)]];
      if (error instanceof SupervisorError) return ["error", snake(error.reason)];
      if (error instanceof BadSpec) return ["error", fromBadSpec(error)];
      if (!(error instanceof StartError)) throw error;
      return error.reason === "ignore" ? "ignore" : ["error", failed(fromReason(error.reason))];
    }
  }

  private async whichChildren(supervisor: Pid): Promise<unknown[]> {
    const children = await Supervisor.whichChildren(this.sim, supervisor);
    const entries = children.map(({ id, pid, type }) => [id ?? "undefined", this.tree.nameOf(pid), type]);
    // Those of a simple_one_for_one supervisor have no ids, and no order.
    return children[0]?.id === undefined ? entries.toSorted(byText) : entries;
  }

  private async snapshot(): Promise<object> {
    const living = [...this.tree.supervisors].map(
      async ([name, pid]) => [name, await this.whichChildren(pid)] as const,
    );
    return Object.fromEntries(await Promise.all(living));
  }
}

const done = (): "ok" => "ok";

const specOf = ({ start: _, shutdown, ...spec }: Spec): unknown => [
  "ok",
  { ...spec, shutdown: typeof shutdown === "string" ? snake(shutdown) : shutdown },
];
