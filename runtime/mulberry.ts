/** Mulberry32: small, seeded, good enough for choices. The next state, and a number in [0, 1). */
export function mulberry(state: number): [next: number, drawn: number] {
  const next = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(next ^ (next >>> 15), 1 | next);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return [next, ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32];
}
