/**
 * The smallest part of a list that is still enough (Zeller and Hildebrandt's ddmin): nothing can be taken out of it by
 * itself. Asks `isEnough` at most `limit` times; what is found by then is given back.
 */
export async function shrink<T>(
  list: readonly T[],
  isEnough: (part: readonly T[]) => Promise<boolean>,
  limit: number,
): Promise<readonly T[]> {
  let asked = 0;
  const enough = async (part: readonly T[]): Promise<boolean> => asked++ < limit && isEnough(part);
  if (list.length === 0 || (await enough([]))) return [];
  let rest = list;
  for (let parts = 2; rest.length > 1; ) {
    const smaller = await smallerPart(rest, parts, enough);
    if (smaller !== undefined) {
      parts = smaller.length < rest.length / 2 ? 2 : Math.max(2, parts - 1);
      rest = smaller;
    } else if (parts >= rest.length) break;
    else parts = Math.min(rest.length, parts * 2);
  }
  return rest;
}

/** One of the parts alone, or all but one of them. */
async function smallerPart<T>(
  list: readonly T[],
  parts: number,
  enough: (part: readonly T[]) => Promise<boolean>,
): Promise<readonly T[] | undefined> {
  const size = Math.ceil(list.length / parts);
  const starts = Array.from({ length: Math.ceil(list.length / size) }, (_, i) => i * size);
  for (const start of starts) {
    const part = list.slice(start, start + size);
    if (part.length < list.length && (await enough(part))) return part;
  }
  if (parts === 2) return undefined;
  for (const start of starts) {
    const rest = [...list.slice(0, start), ...list.slice(start + size)];
    if (await enough(rest)) return rest;
  }
  return undefined;
}
