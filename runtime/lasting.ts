const kept: object[] = [];

/**
 * Keeps one object of a kind for ever. V8 forgets a hidden class of which nothing has lived at a few collections, and
 * with it the code that it made for that: what comes and goes by the thousand, and may all be gone then, would be slow
 * again each time.
 */
export const lasting = (one: object): void => void kept.push(one);

/** For the fields of such an object that would hold a process or the like. */
export const NOTHING = null as never;
