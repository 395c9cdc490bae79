import { BadArgument } from "../runtime/errors.ts";
import { HttpError } from "./errors.ts";
import { decodePercent, emptyParams, type Params } from "./query.ts";

type Segment =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "param"; readonly name: string; readonly prefix: string; readonly suffix: string }
  | { readonly kind: "rest"; readonly name: string };

export interface Match {
  readonly params: Params;
}

/**
 * A path pattern: literal segments, `:name` with a prefix or suffix (`file-:id.json`), and `*rest` at the end
 * (Plug: `Plug.Router.Utils`). A prefix pattern matches the beginning of a path.
 */
export class Route {
  readonly path: string;
  readonly hasParams: boolean;
  private readonly segments: readonly Segment[];
  private readonly prefix: boolean;

  constructor(path: string, prefix = false) {
    checkPath(path);
    this.path = path;
    this.prefix = prefix;
    this.segments = path
      .split("/")
      .filter((text) => text !== "")
      .map((text, i, all) => parse(path, text, i === all.length - 1));
    this.hasParams = this.segments.some(({ kind }) => kind !== "literal");
  }

  /** Segments are decoded one by one, after the path was split: an escaped slash never splits. */
  match(pathInfo: readonly string[]): Match | undefined {
    const { segments } = this;
    const last = segments.at(-1);
    const open = this.prefix || last?.kind === "rest";
    const least = last?.kind === "rest" ? segments.length - 1 : segments.length;
    if (open ? pathInfo.length < least : pathInfo.length !== least) return undefined;
    const params = emptyParams();
    for (let i = 0; i < segments.length; i++) {
      const segment = segments[i] as Segment;
      if (segment.kind === "rest") {
        params[segment.name] = pathInfo.slice(i).map(decodeSegment);
        return { params };
      }
      const text = decodeSegment(pathInfo[i] as string);
      if (segment.kind === "literal") {
        if (text !== segment.text) return undefined;
        continue;
      }
      const { name, prefix, suffix } = segment;
      const fits = text.length > prefix.length + suffix.length && text.startsWith(prefix) && text.endsWith(suffix);
      if (!fits) return undefined;
      if (!name.startsWith("_")) params[name] = text.slice(prefix.length, text.length - suffix.length);
    }
    return { params };
  }
}

export function checkPath(path: string): void {
  if (typeof path === "string" && path.startsWith("/")) return;
  throw new BadArgument(`expected a path that starts with "/", got: ${path}`);
}

const PARAM = /^([^:*]*):([a-z_]\w*)([^:*]*)$/i;
const REST = /^\*([a-z_]\w*)$/i;

function parse(path: string, text: string, last: boolean): Segment {
  const rest = REST.exec(text);
  if (rest !== null && last) return { kind: "rest", name: rest[1] as string };
  const param = PARAM.exec(text);
  if (param !== null) {
    return { kind: "param", prefix: param[1] as string, name: param[2] as string, suffix: param[3] as string };
  }
  if (!/[:*]/.test(text)) return { kind: "literal", text };
  throw new BadArgument(`expected ":name", or "*rest" as the last segment, in route "${path}", got: "${text}"`);
}

function decodeSegment(segment: string): string {
  if (!segment.includes("%")) return segment;
  const text = decodePercent(segment, "path");
  if (BROKEN_ESCAPE.test(segment) || text.includes("\0")) throw new HttpError(400, "the path has a bad escape");
  return text;
}

const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
