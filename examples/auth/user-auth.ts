import {
  type Conn,
  currentPath,
  deleteCsrfToken,
  type Flash,
  type Halted,
  type PutCookieOptions,
  putFlash,
} from "hornbeam/http";
import { SESSION_DAYS, type User, users } from "./users.ts";

// Who is it? The plugs of the router, and what the controllers do when somebody comes or goes.

export interface Visitor {
  readonly flash: Flash;
  readonly currentUser: User | undefined;
}
export interface Member extends Visitor {
  readonly currentUser: User;
}

const REMEMBER_ME = "_auth_remember_me";
const REMEMBER: PutCookieOptions = { sign: true, maxAge: SESSION_DAYS * 86_400, sameSite: "lax" };

/** The user of the session, or of the cookie that remembers one. */
export async function fetchCurrentUser<A extends object>(
  conn: Conn<A>,
): Promise<Conn<A & { readonly currentUser: User | undefined }>> {
  const [token, known] = tokenOf(conn);
  const user = token === undefined ? undefined : await conn.self.call(users, "bySession", token);
  return known.assign("currentUser", user);
}

function tokenOf<A extends object>(conn: Conn<A>): [token: string | undefined, conn: Conn<A>] {
  const token = conn.getSession<string>("userToken");
  if (token !== undefined) return [token, conn];
  const opened = conn.fetchCookies({ signed: [REMEMBER_ME] });
  const remembered = opened.cookies[REMEMBER_ME];
  if (typeof remembered !== "string") return [undefined, opened];
  return [remembered, opened.putSession("userToken", remembered)];
}

/**
 * Logs in, and goes on to where the visitor wanted to go. The session gets a new id and loses what it had, so that nobody
 * who had it before has this one.
 */
export async function logInUser(conn: Conn<any>, user: User, { rememberMe = false } = {}): Promise<Conn> {
  const token = await conn.self.call(users, "openSession", user.id);
  const returnTo = conn.getSession<string>("userReturnTo") ?? "/";
  const renewed = renewSession(conn).putSession("userToken", token);
  const remembered = rememberMe ? renewed.putRespCookie(REMEMBER_ME, token, REMEMBER) : renewed;
  return remembered.redirect(returnTo);
}

/** Logs out, here and wherever else this session is known. */
export function logOutUser(conn: Conn<any>): Conn {
  const token = conn.getSession<string>("userToken");
  if (token !== undefined) conn.self.cast(users, "closeSession", token);
  return renewSession(conn).deleteRespCookie(REMEMBER_ME).redirect("/");
}

function renewSession(conn: Conn<any>): Conn<any> {
  deleteCsrfToken(conn);
  return conn.configureSession({ renew: true }).clearSession();
}

/** For pages that make no sense to who is logged in. */
export const redirectIfUserIsAuthenticated = <A extends Visitor>(conn: Conn<A>): Conn<A> | Halted =>
  conn.assigns.currentUser === undefined ? conn : conn.redirect("/").halt();

/** For pages of members. Behind it there is a user, and the compiler knows. */
export function requireAuthenticatedUser(conn: Conn<Visitor>): Conn<Member> | Halted {
  const { currentUser } = conn.assigns;
  if (currentUser !== undefined) return conn.assign("currentUser", currentUser);
  const asked = conn.method === "GET" ? conn.putSession("userReturnTo", currentPath(conn)) : conn;
  return putFlash(asked, "error", "You must log in to see this page.").redirect("/users/log-in").halt();
}
