import { BadArgument } from "../../runtime/errors.ts";
import { decodePercent, type Params } from "../conn/query.ts";
import { HttpError } from "../errors.ts";

type Segment =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "param"; readonly name: string; readonly prefix: string; readonly suffix: string }
  | { readonly kind: "rest"; readonly name: string };

/**
 * A path pattern: literal segments, `:name` with a prefix or suffix (`file-:id.json`), and `*rest` at the end; `\:` and
 * `\*` are the characters themselves (Plug: `Plug.Router.Utils`). A prefix pattern matches the beginning of a path.
 */
export class Route {
  readonly path: string;
  readonly hasParams: boolean;
  private readonly segments: readonly Segment[];
  /** How many segments a path must have; and, unless it is open, may have. */
  private readonly least: number;
  private readonly open: boolean;

  constructor(path: string, prefix = false) {
    checkPath(path);
    this.path = path;
    const texts = path.split("/").filter((text) => text !== "");
    this.segments = texts.map((text, i) => parse(path, text, i === texts.length - 1));
    const rest = this.segments.at(-1)?.kind === "rest";
    this.least = this.segments.length - (rest ? 1 : 0);
    this.open = prefix || rest;
    this.hasParams = this.segments.some((segment) => segment.kind !== "literal" && isHandedOver(segment.name));
  }

  /** How many segments of a path a prefix pattern takes. */
  get depth(): number {
    return this.segments.length;
  }

  /** The text of a segment that is always the same; `undefined` for one that is not, or that is not there. */
  textAt(depth: number): string | undefined {
    const segment = this.segments[depth];
    return segment?.kind === "literal" ? segment.text : undefined;
  }

  /** Whether these segments, each decoded by itself, are a path of this pattern. */
  fits(path: readonly string[]): boolean {
    const { segments, least } = this;
    if (this.open ? path.length < least : path.length !== least) return false;
    for (let i = 0; i < least; i++) {
      const segment = segments[i] as Segment;
      const text = path[i] as string;
      if (segment.kind === "literal") {
        if (text !== segment.text) return false;
      } else if (segment.kind === "param") {
        const { prefix, suffix } = segment;
        if (text.length <= prefix.length + suffix.length) return false;
        if (!text.startsWith(prefix) || !text.endsWith(suffix)) return false;
      }
    }
    return true;
  }

  /** The parameters of a path that fits. Their names are the pattern's, so they need no object without a prototype. */
  params(path: readonly string[]): Params {
    const params: Record<string, unknown> = {};
    const { segments } = this;
    for (let i = 0; i < segments.length; i++) {
      const segment = segments[i] as Segment;
      if (segment.kind === "literal" || !isHandedOver(segment.name)) continue;
      if (segment.kind === "rest") {
        params[segment.name] = path.slice(i);
      } else {
        const { prefix, suffix } = segment;
        const text = path[i] as string;
        params[segment.name] =
          prefix === "" && suffix === "" ? text : text.slice(prefix.length, text.length - suffix.length);
      }
    }
    return params;
  }

  /** A path of this pattern, with these parameters, encoded. */
  build(params: Params): string {
    const path = this.segments.map((segment) => {
      if (segment.kind === "literal") return encodeURIComponent(segment.text);
      const value = params[segment.name];
      if (segment.kind === "rest") return this.rest(segment.name, value);
      const { prefix, suffix } = segment;
      return `${encodeURIComponent(prefix)}${this.text(segment.name, value)}${encodeURIComponent(suffix)}`;
    });
    return `/${path.filter((text) => text !== "").join("/")}`;
  }

  private text(name: string, value: unknown): string {
    if (typeof value === "string" && value !== "") return encodeURIComponent(value.toWellFormed());
    if (typeof value === "number" || typeof value === "bigint") return String(value);
    throw new BadArgument(
      `expected a text or a number that is not empty for ":${name}" of ${this.path}, got: ${value}`,
    );
  }

  private rest(name: string, value: unknown): string {
    if (Array.isArray(value)) return value.map((each) => this.text(name, each)).join("/");
    throw new BadArgument(`expected a list of segments for "*${name}" of ${this.path}, got: ${value}`);
  }
}

/** What begins with an underscore is matched only. */
const isHandedOver = (name: string): boolean => !name.startsWith("_");

export function checkPath(path: string): void {
  if (typeof path === "string" && path.startsWith("/")) return;
  throw new BadArgument(`expected a path that starts with "/", got: ${path}`);
}

/** `:` and `*` that are not escaped. */
const MARK = /(?<!\\)[:*]/g;
const PARAM = /^((?:\\[:*]|[^:*])*):([a-z_]\w*)((?:\\[:*]|[^:*])*)$/;
const REST = /^\*([a-z_]\w*)$/;

function parse(path: string, text: string, last: boolean): Segment {
  const marks = text.match(MARK) ?? [];
  if (marks.length === 0) return { kind: "literal", text: unescaped(text) };
  if (marks.length > 1) throw invalid(path, text, "one parameter in a segment");
  if (marks[0] === "*") {
    const name = REST.exec(text)?.[1];
    if (name === undefined)
      throw invalid(path, text, '"*" with a name that starts with a-z or _, alone in its segment');
    if (!last) throw invalid(path, text, `"*${name}" as the last segment`);
    return { kind: "rest", name };
  }
  const [, prefix, name, suffix] = PARAM.exec(text) ?? [];
  if (name === undefined) throw invalid(path, text, '":" with a name that starts with a-z or _');
  return { kind: "param", name, prefix: unescaped(prefix as string), suffix: unescaped(suffix as string) };
}

const unescaped = (text: string): string => text.replaceAll(/\\([:*])/g, "$1");

const invalid = (path: string, text: string, expected: string): BadArgument =>
  new BadArgument(`expected ${expected}, in route "${path}", got: "${text}"`);

/** The segments of a path, each decoded after the path was split: an escaped slash never splits. 400 for bad escapes. */
export function decodeSegments(path: readonly string[]): readonly string[] {
  for (const segment of path) if (segment.includes("%")) return path.map(decodeSegment);
  return path;
}

function decodeSegment(segment: string): string {
  if (!segment.includes("%")) return segment;
  const text = decodePercent(segment, "path");
  if (BROKEN_ESCAPE.test(segment) || text.includes("\0")) throw new HttpError(400, "the path has a bad escape");
  return text;
}

const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
