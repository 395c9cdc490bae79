/** What happens between the same two: in its order. Anything else may happen in any. */
export class Lane {
  /** `deposit#1→store`. */
  readonly key: string;
  /** Of the key. */
  readonly hash: number;
  /** How many events of it are possible or wait behind one that is. */
  waiting = 0;
  /** How many events of each kind there have been, in a run that names them. */
  private readonly counts = new Map<string, number>();

  constructor(key: string) {
    this.key = key;
    this.hash = hashOf(key);
  }

  /** The name of the next event of a kind: the same in every run in which both do the same up to there. */
  name(kind: string): string {
    const count = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, count);
    const name = `${this.key}.${inOneWord(kind)}`;
    return count === 1 ? name : `${name}#${count}`;
  }
}

/** What processes and messages are called becomes a name in a script, where spaces, commas and arrows mean something. */
export const inOneWord = (name: string): string => name.replace(/[\s<>,;→]+/g, "_");

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
