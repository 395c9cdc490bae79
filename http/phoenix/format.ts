import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Conn } from "../conn/conn.ts";
import { mediaType } from "../conn/media-type.ts";
import { mimeType } from "../conn/mime.ts";
import { NotAcceptableError } from "../errors.ts";
import { named } from "../pipeline/step.ts";

const FORMAT = "phoenixFormat";

/**
 * A plug that finds the format of the response among these: the parameter `_format` says it, or the header `accept`; a
 * browser, which takes anything, gets `html` if that is one of them. Otherwise it is a `NotAcceptableError`: 406
 * (Phoenix: `accepts/2`).
 *
 * @example
 * const site = router().pipeThrough(accepts(["html", "json"])).get("/", (conn) => conn.text(getFormat(conn) ?? ""));
 * const answer = await request(sim, site.plug, "GET", "/", { headers: { accept: "application/json" } });
 * expect(answer.body).toBe("json");
 */
export function accepts(formats: readonly string[]): <A extends object>(conn: Conn<A>) => Conn<A> {
  const accepted = checkFormats(formats);
  return named("accepts", <A extends object>(conn: Conn<A>) => putFormat(conn, acceptedBy(conn, accepted)));
}

/** The format of the response: what {@link accepts} has found, or the parameter `_format` (Phoenix: `get_format/1`). */
export function getFormat(conn: Conn<any>): string | undefined {
  const format = conn.private[FORMAT] ?? conn.params._format;
  return typeof format === "string" ? format : undefined;
}

/** Says in which format {@link render} answers (Phoenix: `put_format/2`). */
export const putFormat = <A extends object>(conn: Conn<A>, format: string): Conn<A> => conn.putPrivate(FORMAT, format);

function checkFormats(formats: readonly string[]): readonly Format[] {
  if (!Array.isArray(formats) || formats.length === 0) {
    throw new BadArgument(`expected formats such as ["html", "json"], got: ${show(formats)}`);
  }
  return formats.map((name) => {
    const type = mimeType(name);
    if (type !== undefined) return { name, type };
    throw new BadArgument(`expected formats that are known by a file's extension, such as "json", got: ${show(name)}`);
  });
}

interface Format {
  readonly name: string;
  readonly type: string;
}

function acceptedBy(conn: Conn<any>, accepted: readonly Format[]): string {
  const asked = conn.params._format;
  if (asked !== undefined) {
    if (accepted.some(({ name }) => name === asked)) return asked as string;
    throw new NotAcceptableError(`unknown format ${show(asked)}, expected one of ${names(accepted)}`);
  }
  const found = formatFor(conn.getReqHeader("accept"), accepted);
  if (found !== undefined) return found;
  throw new NotAcceptableError(`no supported media type in the accept header, expected one of ${names(accepted)}`);
}

const names = (formats: readonly Format[]): string => formats.map(({ name }) => name).join(", ");

/** The format for an `accept` header, of formats in the order of preference; undefined for none. */
export function formatFor(header: string | undefined, accepted: readonly Format[]): string | undefined {
  const first = accepted[0] as Format;
  if (header === undefined || header.startsWith("*/*")) return first.name;
  if (header.includes("*/*") && accepted.some(({ name }) => name === "html")) return "html";
  const ranges = header.split(/,\s*/).flatMap((text) => {
    const range = mediaType(text);
    const q = Number(range?.params.q ?? 1);
    return range === undefined || !(q > 0) ? [] : [{ range, q }];
  });
  // What is asked for first wins among equals: the sort is stable.
  for (const { range } of ranges.toSorted((a, b) => b.q - a.q)) {
    const { type, subtype } = range;
    if (type === "*") return first.name;
    const fits =
      subtype === "*"
        ? (each: Format) => each.type.startsWith(`${type}/`)
        : (each: Format) => each.type === `${type}/${subtype}`;
    const found = accepted.find(fits);
    if (found !== undefined) return found.name;
  }
  return undefined;
}
