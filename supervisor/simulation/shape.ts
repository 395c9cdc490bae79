import type { Milliseconds, Restart, Shutdown } from "../../runtime/types.ts";

// A supervision tree as plain data: what its specs and flags say, and nothing that runs.

interface ChildShape {
  readonly id: string;
  readonly restart: Restart;
  readonly shutdown: Shutdown;
  readonly significant: boolean;
}

/** A process that has no children, or none that are known. */
export interface WorkerShape extends ChildShape {
  readonly type: "worker";
  /** How long it takes to stop when it is told to. Above 0, it traps exits, and outlives a supervisor that is killed. */
  readonly stopTime: Milliseconds;
}

export interface SupervisorShape extends ChildShape {
  readonly type: "supervisor";
  readonly strategy: "oneForOne" | "oneForAll" | "restForOne";
  readonly maxRestarts: number;
  readonly maxSeconds: number;
  readonly autoShutdown: "never" | "anySignificant" | "allSignificant";
  /** In start order. */
  readonly children: readonly Shape[];
}

export type Shape = WorkerShape | SupervisorShape;

type Overrides<S extends Shape> = Partial<Omit<S, "type" | "id" | "children">>;

/** A worker, with the defaults of a child spec: `permanent`, 5000 ms to stop, which it does at once. */
export const workerShape = (id: string, overrides: Overrides<WorkerShape> = {}): WorkerShape => ({
  type: "worker",
  id,
  restart: "permanent",
  shutdown: 5000,
  significant: false,
  stopTime: 0,
  ...overrides,
});

/** A supervisor, with the defaults of its flags and its spec: `oneForOne`, 3 restarts in 5 s, all the time to stop. */
export const supervisorShape = (
  id: string,
  children: readonly Shape[],
  overrides: Overrides<SupervisorShape> = {},
): SupervisorShape => ({
  type: "supervisor",
  id,
  restart: "permanent",
  shutdown: "infinity",
  significant: false,
  strategy: "oneForOne",
  maxRestarts: 3,
  maxSeconds: 5,
  autoShutdown: "never",
  ...overrides,
  children,
});

/** A supervisor and what is below it, with their paths: parents first, children in start order. */
export function* pathsOf(shape: Shape, parent = ""): Generator<readonly [path: string, shape: Shape]> {
  const path = `${parent}${shape.id}`;
  yield [path, shape];
  if (shape.type === "supervisor") for (const child of shape.children) yield* pathsOf(child, `${path}/`);
}

/** The path of the supervisor above; undefined: the root is nobody's child. */
export const parentOf = (path: string): string | undefined => {
  const end = path.lastIndexOf("/");
  return end < 0 ? undefined : path.slice(0, end);
};

export const idOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
