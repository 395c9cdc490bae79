import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async } from "../../runtime/types.ts";
import type { Conn } from "../conn/conn.ts";
import { emptyParams } from "../conn/query.ts";

/** Messages for the visitor by kind, such as `info` and `error`. */
export type Flash = Readonly<Record<string, string>>;

const KEY = "phoenixFlash";

/**
 * A plug that has the messages ready that the response before has put, as `conn.assigns.flash`. Those that are put now are
 * kept in the session if this response redirects (300 to 308), and so survive exactly one redirect (Phoenix:
 * `fetch_flash/2`). The session is fetched if it is not.
 *
 * @example
 * const browser = pipeline({ name: "browser" }).plug(fetchFlash);
 */
export function fetchFlash<A extends object>(conn: Conn<A>): Async<Conn<A & { readonly flash: Flash }>> {
  if (conn.private[KEY] === true) return conn as Conn<any>;
  const fetched = conn.fetchSession();
  return isThenable(fetched) ? (fetched as Promise<Conn<A>>).then(withFlash) : withFlash(fetched as Conn<A>);
}

function withFlash<A extends object>(conn: Conn<A>): Conn<A & { readonly flash: Flash }> {
  const kept = conn.getSession(KEY);
  const ready = conn.assign("flash", flashOf(kept)).putPrivate(KEY, true);
  return ready.registerBeforeSend((last) => {
    const flash = (last.assigns as { readonly flash: Flash }).flash;
    const some = Object.keys(flash).length > 0;
    if (some && isRedirect(last.status ?? 200)) return last.putSession(KEY, flash);
    return kept === undefined ? last : last.deleteSession(KEY);
  });
}

/** What a session has may be of another version of the program. */
function flashOf(kept: unknown): Flash {
  const flash = emptyParams() as Record<string, string>;
  if (typeof kept !== "object" || kept === null) return flash;
  for (const [kind, message] of Object.entries(kept)) if (typeof message === "string") flash[kind] = message;
  return flash;
}

const isRedirect = (status: number): boolean => status >= 300 && status <= 308;

/** Puts a message, which the page that is shown next has (Phoenix: `put_flash/3`). */
export function putFlash<A extends object>(conn: Conn<A>, kind: string, message: string): Conn<A> {
  if (typeof message !== "string") throw new BadArgument(`putFlash: expected a text, got: ${show(message)}`);
  return mergeFlash(conn, { [kind]: message });
}

/** Puts several messages (Phoenix: `merge_flash/2`). */
export function mergeFlash<A extends object>(conn: Conn<A>, messages: Flash): Conn<A> {
  return keepType(conn, { ...fetched("putFlash", conn), ...messages });
}

/** All messages, or the one of a kind (Phoenix: `Phoenix.Flash.get/2`). */
export function getFlash(conn: Conn<any>): Flash;
export function getFlash(conn: Conn<any>, kind: string): string | undefined;
export function getFlash(conn: Conn<any>, kind?: string): Flash | string | undefined {
  const flash = fetched("getFlash", conn);
  return kind === undefined ? flash : Object.hasOwn(flash, kind) ? flash[kind] : undefined;
}

/** Takes all messages away (Phoenix: `clear_flash/1`). */
export function clearFlash<A extends object>(conn: Conn<A>): Conn<A> {
  fetched("clearFlash", conn);
  return keepType(conn, {});
}

const keepType = <A extends object>(conn: Conn<A>, flash: Flash): Conn<A> =>
  conn.assign("flash", Object.assign(emptyParams(), flash) as Flash) as Conn<any>;

function fetched(what: string, conn: Conn<any>): Flash {
  if (conn.private[KEY] === true) return (conn.assigns as { readonly flash: Flash }).flash;
  throw new BadArgument(`${what}: the flash is not fetched; expected .plug(fetchFlash) in a pipeline before`);
}
