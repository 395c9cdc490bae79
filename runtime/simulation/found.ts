/** What a search knows of a failure besides its text, for programs that read it. */
export interface Found {
  /** Of the run, and of its replay. */
  readonly seed: number;
  /** Which one of the search it was, from 1 up. */
  readonly schedule: number;
  /** Of the smallest run that fails. */
  readonly steps: number;
  /** How many order constraints bring it about; none where the order of production does. */
  readonly orders: number;
  /** How many faults that takes besides. */
  readonly faults: number;
  /** As the option `replay` takes them; undefined when no constraints bring it about again. */
  readonly replay: string | undefined;
}

const known = new WeakMap<Error, Found>();

export function keep(error: Error, found: Found): Error {
  known.set(error, found);
  return error;
}

/** Of an error that `simulate` has failed with; undefined of any other. */
export const foundBy = (error: unknown): Found | undefined => (error instanceof Error ? known.get(error) : undefined);
