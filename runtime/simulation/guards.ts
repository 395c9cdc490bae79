import { BadArgument } from "../errors.ts";
import { show } from "../inspect.ts";
import { SimulationError } from "./failure.ts";

/** What the simulator does not control, and what a process uses instead. */
const INSTEAD = {
  setTimeout: "self.sleep or self.sendAfter",
  setInterval: "self.sendAfter",
  setImmediate: "self.send to itself",
  Date: "self.now()",
  "performance.now": "self.now()",
  "Math.random": "self.random()",
  fetch: "an adapter that the test replaces",
} as const;

/** A global whose use in a process a simulation refuses. */
export type Uncontrolled = keyof typeof INSTEAD;

const ALL = Object.keys(INSTEAD) as readonly Uncontrolled[];

export function checkAllowed(allow: readonly Uncontrolled[]): ReadonlySet<Uncontrolled> {
  if (!Array.isArray(allow) || !allow.every((each) => ALL.includes(each))) {
    throw new BadArgument(`simulate: expected allow to be a list of ${ALL.join(", ")}, got: ${show(allow)}`);
  }
  return new Set(allow);
}

/** Whose code runs, if it is that of a simulated process. */
interface Running {
  readonly path: string;
  readonly allowed: ReadonlySet<Uncontrolled>;
  /** Ends the run: who used it may well catch the error. */
  readonly fail: (error: Error) => void;
}

let running: () => Running | undefined = () => undefined;
let users = 0;
let restore: () => void = () => {};

/** Sets who is asked whose code runs. */
export const watchRunning = (who: () => Running | undefined): void => {
  running = who;
};

/** Replaces the globals until the function that it returns is called. */
export function guard(): () => void {
  if (users++ === 0) restore = install();
  let released = false;
  return () => {
    if (released) return;
    released = true;
    if (--users === 0) restore();
  };
}

function refuse(what: Uncontrolled): void {
  const self = running();
  if (self === undefined || self.allowed.has(what)) return;
  const error = new SimulationError(
    "uncontrolled",
    `${self.path} used ${what}, which the simulator does not control: expected ${INSTEAD[what]} (or the option allow: ["${what}"])`,
  );
  self.fail(error);
  throw error;
}

function install(): () => void {
  const undo = [
    replaceFunction(globalThis, "setTimeout", "setTimeout"),
    replaceFunction(globalThis, "setInterval", "setInterval"),
    replaceFunction(globalThis, "setImmediate", "setImmediate"),
    replaceFunction(globalThis, "fetch", "fetch"),
    replaceFunction(Math, "random", "Math.random"),
    replaceFunction(performance, "now", "performance.now"),
    replace(globalThis, "Date", guardedDate(Date)),
  ];
  return () => {
    for (const each of undo) each();
  };
}

function replaceFunction<O extends object>(owner: O, key: keyof O & string, what: Uncontrolled): () => void {
  const real = owner[key] as (...args: unknown[]) => unknown;
  function guarded(this: unknown, ...args: unknown[]): unknown {
    refuse(what);
    return Reflect.apply(real, this, args);
  }
  // `util.promisify(setTimeout)` and the like look at what the function carries.
  Object.defineProperties(guarded, Object.getOwnPropertyDescriptors(real));
  return replace(owner, key, guarded);
}

function replace(owner: object, key: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, key);
  Object.defineProperty(owner, key, {
    configurable: true,
    writable: true,
    enumerable: before?.enumerable ?? false,
    value,
  });
  return () => {
    if (before === undefined) Reflect.deleteProperty(owner, key);
    else Object.defineProperty(owner, key, before);
  };
}

/** `new Date(moment)` says nothing of the present, and is allowed. */
function guardedDate(real: DateConstructor): DateConstructor {
  const now = (): number => {
    refuse("Date");
    return real.now();
  };
  return new Proxy(real, {
    construct(target, args, newTarget) {
      if (args.length === 0) refuse("Date");
      return Reflect.construct(target, args, newTarget);
    },
    apply(target) {
      refuse("Date");
      return target();
    },
    get: (target, key, receiver) => (key === "now" ? now : Reflect.get(target, key, receiver)),
  });
}
