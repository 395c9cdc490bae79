import type { Process } from "./process.ts";

/** From how many on a look at each would cost more than a hash. */
const MANY = 8;

/**
 * The processes that a process is linked to, in the order in which they were. Most have one to three: a short array; who
 * has many, such as a supervisor, has a Set. Null: none.
 */
export type Links = Process[] | Set<Process> | null;

export function withLink(links: Links, peer: Process): Links {
  if (links === null) return [peer];
  if (!Array.isArray(links)) return links.add(peer);
  if (links.includes(peer)) return links;
  if (links.length === MANY) return new Set(links).add(peer);
  links.push(peer);
  return links;
}

export function withoutLink(links: Links, peer: Process): Links {
  if (links === null) return null;
  if (!Array.isArray(links)) {
    links.delete(peer);
    return links.size === 0 ? null : links;
  }
  const index = links.indexOf(peer);
  if (index < 0) return links;
  if (links.length === 1) return null;
  links.splice(index, 1);
  return links;
}

export const isLinked = (links: Links, peer: Process): boolean =>
  links !== null && (Array.isArray(links) ? links.includes(peer) : links.has(peer));
