/** What is wrong with a run. */
export type Fault =
  /** More steps than allowed. */
  | "endless"
  /** The test waits, and nothing can happen any more. */
  | "stuck"
  /** A process used what the simulator does not control. */
  | "uncontrolled"
  /** What was always to hold did not. */
  | "always"
  /** What was to hold in the end did not. */
  | "eventually"
  /** Something was left over. */
  | "leak"
  /** The same schedule gave two different runs. */
  | "nondeterminism";

/** What the simulator itself finds, besides what a test throws. */
export class SimulationError extends Error {
  override readonly name = "SimulationError";
  readonly fault: Fault;
  constructor(fault: Fault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

/** What a callback throws when a simulation has it throw. */
export class InjectedError extends Error {
  override readonly name = "InjectedError";
  constructor(event: string) {
    super(`injected by the simulation in ${event}`);
  }
}
