import type { Process } from "./process.ts";

/** From how many on a look at each would cost more than a hash. */
const MANY = 8;

/**
 * The processes that a process is linked to, in the order in which they were. Most have one to three: one stands for
 * itself, a few are an array of just that size; who has many, such as a supervisor, has a Set. Null: none.
 */
export type Links = Process | readonly Process[] | Set<Process> | null;

export function withLink(links: Links, peer: Process): Links {
  if (links === null || links === peer) return peer;
  if (links instanceof Set) return links.add(peer);
  if (!isSeveral(links)) return [links, peer];
  if (links.includes(peer)) return links;
  return links.length === MANY ? new Set(links).add(peer) : [...links, peer];
}

export function withoutLink(links: Links, peer: Process): Links {
  if (links === null || links === peer) return null;
  if (links instanceof Set) {
    links.delete(peer);
    return links.size === 0 ? null : links;
  }
  if (!isSeveral(links) || !links.includes(peer)) return links;
  const rest = links.filter((other) => other !== peer);
  return rest.length === 1 ? (rest[0] as Process) : rest;
}

export const isLinked = (links: Links, peer: Process): boolean => linked(links).includes(peer);

/** All of them. */
export function linked(links: Links): readonly Process[] {
  if (links === null) return [];
  if (links instanceof Set) return [...links];
  return isSeveral(links) ? links : [links];
}

const isSeveral = (links: Process | readonly Process[]): links is readonly Process[] => Array.isArray(links);
