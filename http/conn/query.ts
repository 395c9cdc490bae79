import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { InvalidQueryError } from "../errors.ts";

export type Params = Readonly<Record<string, unknown>>;
type Node = { [key: string]: unknown };

/** Names come from the network: no prototype. */
export const emptyParams = (): Node => Object.create(null) as Node;

/** To V8 an object without any prototype is a table, four times the size: these inherit from what has nothing. */
function Bare(): void {}
Bare.prototype = Object.create(null);

/** Parameters that are there as an object; nothing else is inherited. */
export const paramsOf = (values: object): Params => Object.assign(new (Bare as unknown as new () => Node)(), values);

/** A map, and not of a class, such as an upload or a date. */
export function isPlain(value: unknown): value is Params {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || prototype === Bare.prototype;
}

export const NO_PARAMS: Params = Object.freeze(emptyParams());

/** Whether text that is no UTF-8 is refused: with a 400, or with an error of the class that is given. */
export type Utf8Check = boolean | (new (message: string) => Error);

/** How much of a query string or a form is taken. */
export interface QueryLimits {
  /** In bytes; 414 beyond. Default 1,000,000, as in Plug. */
  readonly length?: number;
  /** How many `key=value`; 400 beyond. Default 100,000; Plug has no limit. */
  readonly pairs?: number;
  /** How many brackets one key may have; 400 beyond. Default 100; Plug has no limit. */
  readonly depth?: number;
  /** Default true; with false, bytes that are not UTF-8 become U+FFFD. */
  readonly validateUtf8?: Utf8Check;
}

const LENGTH = 1_000_000;
const PAIRS = 100_000;
const DEPTH = 100;

/**
 * Decodes a query string or a form as Plug does (`Plug.Conn.Query.decode`): `+` is a space, `a[]=1` a list, `a[b]=1` a
 * map, of a repeated key the last wins, and on a conflict the last pair decides the shape. Throws `InvalidQueryError`,
 * with status 414 if it is too long, and 400 if it is not UTF-8 or goes beyond another limit.
 *
 * @example
 * expect(decodeQuery("a=1&b[]=2&b[]=3&c[d]=4")).toEqual({ a: "1", b: ["2", "3"], c: { d: "4" } });
 */
export function decodeQuery(text: string, limits: QueryLimits = {}): Params {
  const { length = LENGTH } = limits;
  if (text.length * 3 > length && Buffer.byteLength(text) > length) {
    throw new InvalidQueryError(414, `the query string is longer than ${length} bytes`);
  }
  return decodePairs(text, "query string", limits);
}

/** Decodes a query string, or what is encoded like one, however long it is; `where` is what errors call it. */
export function decodePairs(text: string, where: string, limits: Omit<QueryLimits, "length">): Params {
  const params = emptyParams();
  if (text === "") return params;
  const { pairs = PAIRS, depth = DEPTH, validateUtf8 = true } = limits;
  const escaped = text.includes("%") || text.includes("+");
  let count = 0;
  let equals = -1;
  for (let start = 0; start <= text.length; ) {
    const end = indexOr(text, "&", start);
    if (end > start) {
      if (++count > pairs) throw new InvalidQueryError(400, `the ${where} has more than ${pairs} parameters`);
      // Looked for only once one is passed: the rest of a string without any would be searched for each pair.
      if (equals < start) equals = indexOr(text, "=", start);
      const at = Math.min(equals, end);
      const key = text.slice(start, at);
      const value = text.slice(at + 1, end);
      if (escaped) putParam(params, plus(key, where, validateUtf8), plus(value, where, validateUtf8), where, depth);
      else putParam(params, key, value, where, depth);
    }
    start = end + 1;
  }
  return params;
}

/** Where the character is, or the end. */
function indexOr(text: string, char: string, from: number): number {
  const at = text.indexOf(char, from);
  return at < 0 ? text.length : at;
}

/** `a[b][]` is `["a", "b", ""]`; brackets that do not close the key are part of it. */
export function putParam(params: Node, key: string, value: unknown, where: string, depth = DEPTH): void {
  const open = key.endsWith("]") ? key.indexOf("[") : -1;
  if (open <= 0) {
    params[key] = value;
    return;
  }
  const keys = key.slice(open + 1, -1).split("][", depth + 1);
  if (keys.length > depth)
    throw new InvalidQueryError(400, `a parameter of the ${where} has more than ${depth} brackets`);
  assign(params, key.slice(0, open), keys, value);
}

/** Walks down the keys, making the maps and lists that are missing; a shape that does not fit is replaced. */
function assign(into: Node, first: string, rest: readonly string[], value: unknown): void {
  let at: Node | unknown[] = into;
  let key = first;
  for (const next of rest) {
    const old: unknown = Array.isArray(at) ? undefined : at[key];
    const inner: Node | unknown[] =
      next === "" ? (Array.isArray(old) ? old : []) : isPlain(old) ? (old as Node) : emptyParams();
    set(at, key, inner);
    at = inner;
    key = next;
  }
  set(at, key, value);
}

function set(at: Node | unknown[], key: string, value: unknown): void {
  if (Array.isArray(at)) at.push(value);
  else at[key] = value;
}

const plus = (text: string, where: string, check: Utf8Check): string =>
  decodePercent(text.includes("+") ? text.replaceAll("+", " ") : text, where, check);

/** The error that says so. */
export function notUtf8(where: string, check: Utf8Check = true): Error {
  const message = `the ${where} is not valid UTF-8`;
  return typeof check === "function" ? new check(message) : new InvalidQueryError(400, message);
}

const forgiving = (text: string): string =>
  text.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (run) => Buffer.from(run.replaceAll("%", ""), "hex").toString("utf8"));

/** Percent-decoding. An escape that is none stays as it is; bytes that are not UTF-8 are a 400. */
export function decodePercent(text: string, where: string, check: Utf8Check = true): string {
  return unescaped(text) ?? (check === false ? forgiving(text) : refuse(notUtf8(where, check)));
}

function refuse(error: Error): never {
  throw error;
}

const NO_ESCAPE = /%(?![0-9A-Fa-f]{2})/g;

function unescaped(text: string): string | undefined {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text.replaceAll(NO_ESCAPE, "%25"));
  } catch {
    return undefined;
  }
}

/** What {@link encodeQuery} takes: names with values, which may be maps and lists in turn. */
export type QueryData =
  | Readonly<Record<string, unknown>>
  | ReadonlyMap<string, unknown>
  | readonly (readonly [string, unknown])[];

/**
 * Encodes what {@link decodeQuery} decodes (Plug: `Plug.Conn.Query.encode`). `null` is an empty value; `undefined`, empty
 * maps and empty lists are left out; a list of pairs may repeat a name. Values are made text by `encoder`, by default a
 * Date by its ISO form and others as `String` does. A map in a list must have one key, for a second would begin
 * another map: `BadArgument`, as for a value without a text, and for what is nested in itself.
 *
 * @example
 * expect(encodeQuery({ q: "a b", tag: ["x", "y"], page: { size: 10 } })).toBe("q=a+b&tag[]=x&tag[]=y&page[size]=10");
 */
export function encodeQuery(data: QueryData, encoder: (value: unknown) => string = textOf): string {
  const out: string[] = [];
  for (const [key, value] of pairsOf(data)) encode(encodeForm(key), value, 0);
  return out.join("&");

  function encode(name: string, value: unknown, depth: number): void {
    if (depth > DEPTH)
      throw new BadArgument(`encodeQuery: expected at most ${DEPTH} levels of maps and lists, got: more`);
    if (value === undefined) return;
    if (value === null) {
      out.push(`${name}=`);
    } else if (Array.isArray(value)) {
      for (const item of value) encode(`${name}[]`, single(item), depth + 1);
    } else if (isDictionary(value)) {
      for (const [key, inner] of entriesOf(value)) encode(`${name}[${encodeForm(key)}]`, inner, depth + 1);
    } else {
      out.push(`${name}=${encodeForm(encoder(value))}`);
    }
  }
}

type Dictionary = Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>;

const isDictionary = (value: unknown): value is Dictionary => isPlain(value) || value instanceof Map;

const entriesOf = (data: Dictionary): Iterable<[string, unknown]> =>
  data instanceof Map ? data.entries() : Object.entries(data);

const pairsOf = (data: QueryData): Iterable<readonly [string, unknown]> =>
  Array.isArray(data) ? data : entriesOf(data as Dictionary);

function single(item: unknown): unknown {
  if (!isDictionary(item) || [...entriesOf(item)].length === 1) return item;
  throw new BadArgument(`encodeQuery: expected a map in a list to have one key, got: ${show(item)}`);
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "symbol" && typeof value !== "function") return String(value);
  throw new BadArgument(`encodeQuery: expected a value that has a text, got: ${show(value)}`);
}

/** As forms are encoded: a space is `+`, and only letters, digits and `-._~` stand for themselves. */
const encodeForm = (text: string): string =>
  encodeURIComponent(text.toWellFormed())
    .replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
