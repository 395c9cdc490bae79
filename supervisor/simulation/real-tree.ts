import { GenServer } from "../../genserver/genserver.ts";
import { AlreadyStarted, BadArgument, CallError } from "../../runtime/errors.ts";
import type { Simulation } from "../../runtime/simulation/world.ts";
import type { ChildSpec, Pid } from "../../runtime/types.ts";
import { SupervisorError } from "../refusal.ts";
import { Supervisor } from "../supervisor.ts";
import { DeviationError, deviationsOf } from "./comparison.ts";
import type { Answer, Fault } from "./fault.ts";
import type { Journal } from "./journal.ts";
import { begin, type ModelChild, type ModelState, type Prediction, predict } from "./model.ts";
import { type Picture, pictureOf } from "./picture.ts";
import { idOf, parentOf, type SupervisorShape } from "./shape.ts";
import { specAt } from "./tree-spec.ts";

/** What is predicted of a tree so far. */
export interface TreeModel {
  state: ModelState;
}

/** A tree that runs in a simulation, and what its supervisors said when they were last asked. */
export class RealTree {
  readonly sim: Simulation;
  readonly journal: Journal | undefined;
  /** Of the root. */
  private readonly id: string;
  private readonly root: Pid;
  private picture: Picture = new Map();
  /** The paths of processes that are no supervisors, for all that is known. */
  private workers: ReadonlySet<string> = new Set();

  private constructor(sim: Simulation, id: string, root: Pid, journal: Journal | undefined) {
    this.sim = sim;
    this.id = id;
    this.root = root;
    this.journal = journal;
  }

  /** Starts a tree, and its model. */
  static async start(
    sim: Simulation,
    spec: ChildSpec,
    shape: SupervisorShape,
    journal?: Journal,
  ): Promise<{ readonly model: TreeModel; readonly real: RealTree }> {
    const prediction = begin(shape, sim.now());
    const real = new RealTree(sim, shape.id, await sim.start(spec), journal);
    const model: TreeModel = { state: { ...prediction.state, root: undefined } };
    await real.compare(model, prediction, undefined, "ok");
    return { model, real };
  }

  /** The process at a path; undefined: none runs there. */
  at(path: string): Pid | undefined {
    const seen = this.picture.get(path);
    return typeof seen === "object" ? seen : undefined;
  }

  /** Lets something happen to the tree and to the model, and rejects with a {@link DeviationError} where they differ. */
  async happens(fault: Fault, model: TreeModel): Promise<Prediction> {
    const prediction = predict(model.state, fault);
    const answer = await this.perform(fault);
    await this.compare(model, prediction, fault, answer);
    return prediction;
  }

  private async compare(model: TreeModel, prediction: Prediction, fault: Fault | undefined, answer: Answer) {
    const { sim, picture: before, journal } = this;
    await sim.advance(Math.max(0, prediction.state.now - sim.now()));
    this.workers = workersOf(prediction.state);
    const after = await this.look();
    const entries = journal && { now: sim.now(), entries: journal.take() };
    const deviations = deviationsOf(model.state, prediction, { before, after, answer, journal: entries });
    if (deviations.length > 0) throw new DeviationError(fault, deviations);
    // What the model knows nothing of may have taken time.
    model.state = { ...prediction.state, now: sim.now() };
  }

  /** Asks the supervisors until they are at rest. Whom the model knows no children of is not asked. */
  private async look(): Promise<Picture> {
    const { sim, id, root, workers } = this;
    for (;;) {
      await sim.idle();
      const since = sim.now();
      const picture = await pictureOf(sim, id, root, workers);
      const restless = sim.now() > since || [...picture.values()].includes("restarting");
      if (restless) continue;
      this.picture = picture;
      return picture;
    }
  }

  private async perform(fault: Fault): Promise<Answer> {
    switch (fault.type) {
      case "wait":
        return "ok";
      case "failStarts":
      case "ignoreStart":
        this.journalFor(fault).plan(fault);
        return "ok";
      case "kill":
        return this.ends(fault.path, async (pid) => this.sim.kill(pid));
      case "end": {
        const reason = fault.reason === "crash" ? new Error("crash") : fault.reason;
        return this.ends(fault.path, (pid) => GenServer.stop(this.sim, pid, reason));
      }
      default:
        return this.administer(fault);
    }
  }

  private async ends(path: string, end: (pid: Pid) => Promise<void>): Promise<Answer> {
    const pid = this.at(path);
    if (pid === undefined) return "noProcess";
    await end(pid);
    return "ok";
  }

  private async administer(fault: Fault & { path: string }): Promise<Answer> {
    const { sim } = this;
    const path = fault.type === "startChild" ? fault.path : (parentOf(fault.path) ?? "");
    const supervisor = this.at(path);
    if (supervisor === undefined || this.workers.has(path)) return "noProcess";
    try {
      if (fault.type === "terminateChild") await Supervisor.terminateChild(sim, supervisor, idOf(fault.path));
      else if (fault.type === "deleteChild") await Supervisor.deleteChild(sim, supervisor, idOf(fault.path));
      else return (await this.startOf(fault, supervisor)) === undefined ? "ignored" : "ok";
      return "ok";
    } catch (error) {
      return answerOf(error);
    }
  }

  private startOf(fault: Fault & { path: string }, supervisor: Pid): Promise<Pid | undefined> {
    if (fault.type !== "startChild") return Supervisor.restartChild(this.sim, supervisor, idOf(fault.path));
    const path = `${fault.path}/${fault.child.id}`;
    return Supervisor.startChild(this.sim, supervisor, specAt(fault.child, path, this.journal));
  }

  private journalFor({ type }: Fault): Journal {
    if (this.journal !== undefined) return this.journal;
    throw new BadArgument(`${type}: expected a tree that treeSpec made with a journal, got: one that has none`);
  }
}

function workersOf({ root }: ModelState): ReadonlySet<string> {
  const paths = new Set<string>();
  const add = ({ path, shape, children }: ModelChild): void => {
    if (shape.type === "worker") paths.add(path);
    for (const child of children) add(child);
  };
  if (root !== undefined) add(root);
  return paths;
}

/** A start that fails is an answer, too; only that nobody answered is not. */
function answerOf(error: unknown): Answer {
  if (error instanceof SupervisorError && error.reason !== "maxChildren" && error.reason !== "simpleOneForOne") {
    return error.reason;
  }
  if (error instanceof AlreadyStarted) return "alreadyStarted";
  if (error instanceof CallError) throw error;
  return "failed";
}
