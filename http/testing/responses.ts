import { AssertionError } from "../../runtime/testing/assertion-error.ts";
import type { Async, Reason } from "../../runtime/types.ts";
import { Conn } from "../conn/conn.ts";
import { statusOf } from "../server/request.ts";
import { crashedBy } from "./conn.ts";
import { type SentResponse, sentBy } from "./sent.ts";

// What a test expects of a response (Phoenix: `Phoenix.ConnTest`). A failure shows the response.

/**
 * The body of a response with that status, of any type (Phoenix: `response/2`).
 *
 * @example
 * expect(response(await call(site.plug, conn("GET", "/hello/world")), 200)).toBe("world");
 */
export const response = (conn: Conn<any>, status: number): string => expected(conn, status, response).body;

/**
 * The text of a `text/*` response with that status (Phoenix: `text_response/2`).
 *
 * @example
 * expect(textResponse(await call(site.plug, conn("GET", "/hello/world")), 200)).toBe("world");
 */
export const textResponse = (conn: Conn<any>, status: number): string =>
  expected(conn, status, textResponse, "text").body;

/**
 * The page of a `text/html` response with that status (Phoenix: `html_response/2`).
 *
 * @example
 * const page = (it: Conn) => it.html("<h1>hello</h1>");
 * expect(htmlResponse(await call(page, conn("GET", "/")), 200)).toContain("<h1>");
 */
export const htmlResponse = (conn: Conn<any>, status: number): string =>
  expected(conn, status, htmlResponse, "html").body;

/**
 * The value of a JSON response with that status (Phoenix: `json_response/2`).
 *
 * @example
 * const list = (it: Conn) => it.json([1, 2]);
 * expect(jsonResponse(await call(list, conn("GET", "/")), 200)).toEqual([1, 2]);
 */
export const jsonResponse = (conn: Conn<any>, status: number): any =>
  expected(conn, status, jsonResponse, "json").json();

/**
 * Where a response sends its client (Phoenix: `redirected_to/2`), which must have that status.
 *
 * @example
 * const away = (it: Conn) => it.redirect("/login");
 * expect(redirectedTo(await call(away, conn("GET", "/")))).toBe("/login");
 */
export function redirectedTo(conn: Conn<any>, status = 302): string {
  const sent = expected(conn, status, redirectedTo);
  const location = sent.header("location");
  if (location !== undefined) return location;
  throw failed(redirectedTo, "a location header", "none", sent);
}

const TYPES = { text: /^text\//, html: /^text\/html(?:;|$)/, json: /^application\/(?:[^;]*\+)?json(?:;|$)/ };

/**
 * The response that an error was answered with (Phoenix: `assert_error_sent/2`): `work` must pass a conn through a plug
 * with {@link call}, which must throw.
 *
 * @example
 * const { body } = await assertErrorSent(404, () => call(site.plug, conn("GET", "/nowhere")));
 * expect(body).toContain("no route for GET /nowhere");
 */
export async function assertErrorSent(status: number, work: () => Async<unknown>): Promise<SentResponse> {
  let result: unknown;
  try {
    result = await work();
  } catch (error) {
    const exchange = crashedBy(error);
    if (exchange === undefined) throw error;
    const sent = sentBy(new Conn(exchange), assertErrorSent);
    if (sent.status === status) return sent;
    throw failed(
      assertErrorSent,
      `an error with status ${status}`,
      `one with ${statusOf(error as Reason)}`,
      sent,
      error as Reason,
    );
  }
  const got = result instanceof Conn ? String(result) : "no error";
  throw new AssertionError(`assertErrorSent: expected an error with status ${status}, got: ${got}`, assertErrorSent);
}

type Helper = (...args: any[]) => unknown;

function expected(conn: Conn<any>, status: number, called: Helper, kind?: keyof typeof TYPES): SentResponse {
  const sent = sentBy(conn, called);
  if (sent.status !== status) throw failed(called, `a response with status ${status}`, String(sent.status), sent);
  if (kind === undefined) return sent;
  const type = sent.header("content-type") ?? "none";
  if (!TYPES[kind].test(type)) throw failed(called, `a content type of ${kind}`, type, sent);
  return sent;
}

/** How much of a body a failure shows. */
const SHOWN = 500;

function failed(called: Helper, what: string, got: string, { body }: SentResponse, error?: Reason): AssertionError {
  const shown = body.length > SHOWN ? `${body.slice(0, SHOWN)}…` : body;
  return new AssertionError(`${called.name}: expected ${what}, got: ${got}, with the body:\n${shown}`, called, error);
}
