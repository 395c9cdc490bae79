import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";

const LOCAL = /^\/(?!\/)/;
/** What browsers take for a way out: a backslash, or a tab that they skip. */
const FOREIGN = /\\|[\0-\x20]|^\/%09/;

/** A path of this site: what may come from a client and be redirected to (Phoenix: `redirect/2` with `:to`). */
export function checkLocal(to: string): string {
  if (typeof to === "string" && LOCAL.test(to) && !FOREIGN.test(to)) return to;
  const hint = "elsewhere only with { external: url }";
  throw new BadArgument(`redirect: expected a path of this site that starts with one "/", got: ${show(to)}; ${hint}`);
}
