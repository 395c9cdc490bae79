let refs = 0;

/** A number that stands for one monitor, call or alias, and for nothing else in this program. */
export const newRef = (): number => ++refs;
