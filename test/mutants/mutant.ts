/** A deliberate fault in one file of the sources. */
export interface Mutant {
  /** What is wrong with it. */
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  /** What occurs there once. */
  readonly find: string;
  readonly replace: string;
}

/** The faults of one file. */
export const of = (
  file: string,
  faults: Readonly<Record<string, readonly [find: string, replace: string]>>,
): Mutant[] => Object.entries(faults).map(([name, [find, replace]]) => ({ name, file, find, replace }));

/** The source of the file of a mutant, with its fault. */
export function applied({ name, file, find, replace }: Mutant, source: string): string {
  const parts = source.split(find);
  if (parts.length === 2) return parts.join(replace);
  throw new Error(`mutant "${name}": expected its snippet once in ${file}, got: ${parts.length - 1} times`);
}
