import { simulate } from "hornbeam/simulation";
import {
  begin,
  type Case,
  type Fault,
  Journal,
  type Prediction,
  predict,
  RealTree,
  type SupervisorShape,
  statusOf,
  treeSpec,
} from "hornbeam/supervisor/simulation";

/** What becomes of a tree after the last of some faults. */
export function upon(tree: SupervisorShape, ...faults: readonly Fault[]): Prediction {
  let prediction = begin(tree);
  for (const fault of faults) prediction = predict(prediction.state, fault);
  return prediction;
}

/** What happened then: `end a#1 killed`, without the root's name; with the time where it is not 0. */
export const events = ({ entries }: Prediction): readonly string[] =>
  entries.map(({ at, type, name, reason = "" }) =>
    `${at === 0 ? "" : `${at}: `}${type} ${short(name)} ${reason}`.trim(),
  );

/** What there is: `a#2`, or `a stopped`. */
export const there = ({ state }: Prediction): readonly string[] =>
  [...statusOf(state)].map(([path, name]) => (name === "stopped" ? `${short(path)} stopped` : short(name)));

const short = (name: string): string => name.replace(/^app\//, "");

export const kill = (path: string): Fault => ({ type: "kill", path: at(path) });
export const crash = (path: string): Fault => ({ type: "end", path: at(path), reason: "crash" });
export const normal = (path: string): Fault => ({ type: "end", path: at(path), reason: "normal" });
export const shutdown = (path: string): Fault => ({ type: "end", path: at(path), reason: "shutdown" });
export const failStarts = (path: string, times: number): Fault => ({ type: "failStarts", path: at(path), times });
export const ignoreStart = (path: string): Fault => ({ type: "ignoreStart", path: at(path) });
export const terminate = (path: string): Fault => ({ type: "terminateChild", path: at(path) });
export const restart = (path: string): Fault => ({ type: "restartChild", path: at(path) });
export const remove = (path: string): Fault => ({ type: "deleteChild", path: at(path) });
export const wait = (time: number): Fault => ({ type: "wait", time });

const at = (path: string): string => (path === "app" ? "app" : `app/${path}`);

/** Runs a case on real supervisors, beside the model. `spec`: of another tree than the one that is predicted. */
export async function tried(
  { tree, faults }: Case,
  schedules: number,
  spec: typeof treeSpec = treeSpec,
): Promise<void> {
  await simulate({ seed: 1, schedules }, async (sim) => {
    const journal = new Journal(sim);
    const { model, real } = await RealTree.start(sim, spec(tree, journal), tree, journal);
    for (const fault of faults) await real.happens(fault, model);
  });
}
