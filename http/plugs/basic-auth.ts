import { checkOptions } from "../../runtime/checks.ts";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Conn } from "../conn/conn.ts";
import { secureCompare } from "../crypto/secure-compare.ts";

export interface Realm {
  /** What the browser names when it asks; quotes and backslashes are left out. Default `"Application"`. */
  readonly realm?: string;
}

export interface BasicAuthOptions extends Realm {
  readonly username: string;
  readonly password: string;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/**
 * Lets those through who know the one username and password, and asks all others for them: 401, halted (Plug:
 * `Plug.BasicAuth`, RFC 7617). Both are compared in constant time. For https only: what is sent can be read otherwise.
 * A missing username or password is a `BadArgument` when the pipeline is built.
 *
 * @example
 * pipeline().plug(plug(BasicAuth, { username: "ada", password: "secret" }))
 */
export const BasicAuth = {
  name: "BasicAuth",
  init: (options: BasicAuthOptions): BasicAuthOptions => {
    const { username, password } = checkOptions("BasicAuth", options);
    for (const [key, value] of Object.entries({ username, password })) {
      if (typeof value !== "string")
        throw new BadArgument(`BasicAuth: expected a ${key} (a string), got: ${show(value)}`);
    }
    return options;
  },
  call: <A extends object>(conn: Conn<A>, options: BasicAuthOptions) => {
    const given = parseBasicAuth(conn);
    const knows = secureCompare(given?.username ?? "", options.username);
    const proves = secureCompare(given?.password ?? "", options.password);
    return given !== undefined && knows && proves ? conn : requestBasicAuth(conn, options).halt();
  },
};

/**
 * The header that a client sends (Plug: `encode_basic_auth`). A username with a colon is a `BadArgument`: it would end
 * there.
 *
 * @example
 * expect(encodeBasicAuth("hello", "world")).toBe("Basic aGVsbG86d29ybGQ=");
 */
export function encodeBasicAuth(username: string, password: string): string {
  if (username.includes(":")) throw new BadArgument(`expected a username without a colon, got: ${show(username)}`);
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/**
 * What a request authenticates itself with; `undefined` if it does not, or not so (Plug: `parse_basic_auth`). Either may be
 * empty. To be compared by {@link secureCompare}, not by `===`.
 *
 * @example
 * const who = (conn: Conn) => conn.text(parseBasicAuth(conn)?.username ?? "nobody");
 */
export function parseBasicAuth(conn: Conn<any>): Credentials | undefined {
  const [header = "", another] = conn.getReqHeaders("authorization");
  const [, encoded = ""] = another === undefined ? (BASIC.exec(header) ?? []) : [];
  const decoded = encoded.length % 4 === 0 ? Buffer.from(encoded, "base64").toString("utf8") : "";
  const colon = decoded.indexOf(":");
  return colon < 0 ? undefined : { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

const BASIC = /^Basic ([A-Za-z0-9+/]+={0,2})$/;

/**
 * Sets the response that asks for a username and password: 401 (Plug: `request_basic_auth`). It neither sends nor halts.
 *
 * @example
 * const refuse = (conn: Conn) => requestBasicAuth(conn, { realm: "Observer" }).halt();
 */
export function requestBasicAuth<A extends object>(conn: Conn<A>, { realm = "Application" }: Realm = {}): Conn<A> {
  const named = realm.replaceAll(/["\\]/g, "");
  return conn.putRespHeader("www-authenticate", `Basic realm="${named}"`).resp(401, "Unauthorized");
}
