export { InjectedError, SimulationError } from "./failure.ts";
export type { Faults, Victims } from "./faults.ts";
export { type Found, foundBy } from "./found.ts";
export type { Uncontrolled } from "./guards.ts";
export { type Explored, type SimulateOptions, simulate } from "./simulate.ts";
export { exhaustive, fifo, pct, random, rota, type Search, standard } from "./strategy.ts";
export type { Simulation } from "./world.ts";
