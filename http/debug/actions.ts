import type { Async } from "../../runtime/types.ts";
import type { Conn } from "../conn/conn.ts";
import { decodeQuery } from "../conn/query.ts";
import { sign, verify } from "../crypto/message-verifier.ts";
import { HttpError } from "../errors.ts";

/** What an error offers to do about itself (Plug: `Plug.Exception.actions/1`): in a field of its own, `actions`. */
export interface DebugAction {
  /** What the button says. */
  readonly label: string;
  /** Which of the debugger's actions it is. */
  readonly action: string;
  /** Values that JSON has. */
  readonly args?: readonly unknown[];
}

/** What can be done from the page, by name. */
export type DebugActions = Readonly<Record<string, (...args: any[]) => Async<unknown>>>;

/** A button of the page. */
export interface ActionForm {
  readonly label: string;
  readonly token: string;
}

export const ACTION_PATH = "/__plug__/debugger/action";

const SALT = "plug-debugger-actions";
const LONGEST = 100_000;

/** The buttons for what an error offers, and the debugger knows; none without a secret to sign them with. */
export function formsOf(reason: unknown, known: DebugActions, secret: string | undefined): readonly ActionForm[] {
  const offered: unknown = reason instanceof Error ? (reason as { readonly actions?: unknown }).actions : undefined;
  if (secret === undefined || !Array.isArray(offered)) return [];
  return (offered as readonly DebugAction[])
    .filter(({ action }) => Object.hasOwn(known, action))
    .map(({ label, action, args = [] }) => ({ label, token: sign(secret, SALT, [action, args]) }));
}

export const isAction = (conn: Conn<any>): boolean => conn.method === "POST" && conn.requestPath === ACTION_PATH;

/** Does what a button says, if it was one of ours, and goes back to where it stood. */
export async function runAction(conn: Conn<any>, known: DebugActions, secret: string): Promise<Conn<any>> {
  const body = new TextDecoder().decode(await conn.readBody({ length: LONGEST }));
  const { encoded_handler: token, last_path: path } = decodeQuery(body);
  const signed = verify<[action: string, args: unknown[]]>(secret, SALT, typeof token === "string" ? token : undefined);
  const [action, args] = signed ?? ["", []];
  const run = Object.hasOwn(known, action) ? known[action] : undefined;
  if (run === undefined) throw new HttpError(403, "this action of the debugger is too old, or none of ours");
  await run(...args);
  return conn.redirect(typeof path === "string" && LOCAL.test(path) ? path : "/");
}

/** A path of this site, and nothing that a browser would take for more. */
const LOCAL = /^\/(?![/%])[!-[\]-~]*$/;

/** Where to go back to: the page itself if it may be asked for again, otherwise the one before. */
export function lastPathOf(conn: Conn<any>): string {
  const { method, requestPath, queryString } = conn;
  if (method === "GET") return `${requestPath}${queryString === "" ? "" : `?${queryString}`}`;
  const referer = conn.getReqHeader("referer") ?? "/";
  if (!URL.canParse(referer, conn.requestUrl)) return "/";
  const url = new URL(referer, conn.requestUrl);
  return url.hostname === conn.host ? `${url.pathname}${url.search}` : "/";
}
