import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async } from "../../runtime/types.ts";
import type { Conn } from "../conn/conn.ts";
import { emptyParams, type Params } from "../conn/query.ts";
import { ActionClauseError } from "../errors.ts";

/** What parameters must look like: `String` is a text, `[String]` a list of them, and what is nested is nested. */
export type ParamsPattern = typeof String | readonly [typeof String] | { readonly [name: string]: ParamsPattern };

/** What parameters that fit a pattern are. */
export type Fitting<P> = P extends typeof String
  ? string
  : P extends readonly [typeof String]
    ? readonly string[]
    : { readonly [K in keyof P]: Fitting<P[K]> };

/** A schema of any library that follows https://standardschema.dev */
export interface Schema<Output = any> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    validate(value: unknown): Async<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[] };

/**
 * An action that runs only with parameters that fit, and has them typed. Others are an `ActionClauseError`: 400 (Phoenix:
 * the clauses of an action). What fits is a pattern, or a schema (Zod, Valibot, ArkType), whose output it gets.
 *
 * @example
 * const create = action({ user: { name: String, tags: [String] } }, (conn, { user }) => conn.text(user.name));
 * const users = router().get("/", create);
 * expect((await request(sim, users.plug, "GET", "/?user[name]=ada&user[tags][]=x")).body).toBe("ada");
 * expect((await request(sim, users.plug, "GET", "/?user=ada")).status).toBe(400);
 */
export function action<Assigns extends object, Output, R>(
  schema: Schema<Output>,
  run: (conn: Conn<Assigns>, params: Output) => R,
): (conn: Conn<Assigns>) => R | Promise<Awaited<R>>;
export function action<Assigns extends object, const P extends { readonly [name: string]: ParamsPattern }, R>(
  pattern: P,
  run: (conn: Conn<Assigns>, params: Fitting<P>) => R,
): (conn: Conn<Assigns>) => R;
export function action(
  expected: Schema | { readonly [name: string]: ParamsPattern },
  run: (conn: Conn<any>, params: any) => unknown,
): (conn: Conn<any>) => unknown {
  if (typeof run !== "function") throw new BadArgument(`action: expected a function, got: ${show(run)}`);
  if (isSchema(expected)) {
    return (conn) => {
      const result = expected["~standard"].validate(conn.params);
      return isThenable(result)
        ? (result as Promise<SchemaResult<unknown>>).then((settled) => run(conn, outputOf(conn, settled)))
        : run(conn, outputOf(conn, result as SchemaResult<unknown>));
    };
  }
  checkPattern(expected);
  return (conn) => run(conn, fitting(conn, expected, conn.params, []));
}

const isSchema = (expected: object): expected is Schema => typeof expected === "object" && "~standard" in expected;

function outputOf(conn: Conn<any>, result: SchemaResult<unknown>): unknown {
  if (result.issues === undefined) return result.value;
  const issues = result.issues.map(({ message, path = [] }) => `${path.map(keyOf).join(".")} ${message}`.trim());
  throw unfit(conn, issues.join("; "));
}

const keyOf = (part: unknown): string =>
  typeof part === "object" && part !== null && "key" in part ? String(part.key) : String(part);

function checkPattern(pattern: unknown): void {
  if (pattern === String) return;
  if (Array.isArray(pattern) && pattern.length === 1 && pattern[0] === String) return;
  if (typeof pattern !== "object" || pattern === null || Array.isArray(pattern)) {
    throw new BadArgument(`action: expected String, [String] or names with such patterns, got: ${show(pattern)}`);
  }
  for (const inner of Object.values(pattern)) checkPattern(inner);
}

/** The part of the parameters that the pattern names; what is beside it is left out. */
function fitting(conn: Conn<any>, pattern: ParamsPattern, value: unknown, path: readonly string[]): unknown {
  const where = path.length === 0 ? "the parameters" : `parameter ${path.join(".")}`;
  if (pattern === String) {
    if (typeof value === "string") return value;
    throw unfit(conn, `expected ${where} to be a text`);
  }
  if (Array.isArray(pattern)) {
    if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
    throw unfit(conn, `expected ${where} to be a list of texts`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw unfit(conn, `expected ${where} to be a map`);
  }
  const fit = emptyParams();
  for (const [name, inner] of Object.entries(pattern)) {
    fit[name] = fitting(conn, inner, (value as Params)[name], [...path, name]);
  }
  return fit;
}

const unfit = (conn: Conn<any>, why: string): ActionClauseError =>
  new ActionClauseError(`${conn.method} ${conn.requestPath}: ${why}`);
