import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async } from "../../runtime/types.ts";
import { Conn } from "../conn/conn.ts";
import { contentType, type MediaType } from "../conn/media-type.ts";
import { emptyParams } from "../conn/query.ts";
import { HttpError, InvalidQueryError } from "../errors.ts";
import { type BodyParser, type Reading, type ReadingOptions, readingOf } from "./body-parser.ts";
import { type JsonOptions, jsonParser } from "./json-parser.ts";
import { type MultipartOptions, multipartParser } from "./multipart-parser.ts";
import { type UrlencodedOptions, urlencodedParser } from "./urlencoded-parser.ts";

export interface ParsersOptions extends ReadingOptions {
  /** Which bodies are parsed, the first that can wins: those of the library by their names, others as they are. */
  readonly parsers: readonly ("urlencoded" | "multipart" | "json" | BodyParser)[];
  /**
   * The types that may pass although nobody parses them, such as `text/csv` and `text/*`; with a star on both sides, all.
   * Their bodies stay unread. Default none: they are a 415.
   */
  readonly pass?: readonly string[];
  /** The longest query string, in bytes; 414 beyond. Default 1,000,000. */
  readonly queryLength?: number;
  readonly json?: JsonOptions;
  readonly urlencoded?: UrlencodedOptions;
  readonly multipart?: MultipartOptions;
}

interface Ready {
  readonly parsers: readonly { readonly parser: BodyParser; readonly reading: Reading }[];
  readonly pass: ReadonlySet<string>;
  readonly queryLength: number | undefined;
  /** Content types that came before, for clients send few: no header is taken apart twice. */
  readonly types: Map<string, MediaType>;
}

const METHODS = new Set(["POST", "PUT", "PATCH", "DELETE"]);
const TYPES = 100;

/**
 * Parses bodies into `bodyParams`, and so into `params` (Plug: `Plug.Parsers`), once a request. A body that nobody parses
 * and that may not pass is a 415, one that is malformed or not UTF-8 a 400, one that is too long a 413, one that does not
 * arrive in time a 408. Options of a parser have precedence over those for all. It is synchronous when the whole body has come
 * together with its head.
 *
 * @example
 * pipeline().plug(plug(Parsers, { parsers: ["urlencoded", "multipart", "json"], pass: ["text/*"], json: { length: 100_000 } }))
 */
export const Parsers = {
  name: "Parsers",

  init: (options: ParsersOptions): Ready => {
    const { parsers, pass = [], queryLength, json, urlencoded, multipart } = options ?? {};
    if (!Array.isArray(parsers) || parsers.length === 0) {
      throw new BadArgument(`Parsers: expected a list of parsers, got: ${show(parsers)}`);
    }
    const own = {
      json: () => ({ parser: jsonParser(json), reading: readingOf({ ...options, ...json }) }),
      urlencoded: () => ({ parser: urlencodedParser(urlencoded), reading: readingOf({ ...options, ...urlencoded }) }),
      multipart: () => ({ parser: multipartParser(multipart), reading: readingOf({ ...options, ...multipart }) }),
    };
    const made = parsers.map((parser: ParsersOptions["parsers"][number]) => {
      if (typeof parser === "string" && Object.hasOwn(own, parser)) return own[parser]();
      if (typeof parser === "object" && typeof parser?.parse === "function") {
        return { parser, reading: readingOf(options) };
      }
      throw new BadArgument(
        `Parsers: expected parsers to be ${Object.keys(own).join(", ")} or with a function parse, got: ${show(parser)}`,
      );
    });
    return { parsers: made, pass: new Set(pass), queryLength, types: new Map() };
  },

  call: <A extends object>(conn: Conn<A>, ready: Ready): Async<Conn<A>> => {
    const { queryLength } = ready;
    if (queryLength !== undefined && Buffer.byteLength(conn.queryString) > queryLength) {
      throw new InvalidQueryError(414, `the query string is longer than ${queryLength} bytes`);
    }
    const queried = conn.fetchQueryParams();
    if (conn.bodyFetched || !METHODS.has(conn.method)) return queried;
    const header = conn.getReqHeader("content-type");
    if (header === undefined) return queried.putBodyParams(emptyParams());
    return parse(queried, typeOf(header, ready), header, ready, 0) as Async<Conn<A>>;
  },
};

/** Asks the parsers, from one of them on; synchronous as long as they are. */
function parse(conn: Conn<any>, type: MediaType, header: string, ready: Ready, from: number): Async<Conn<any>> {
  for (let i = from; i < ready.parsers.length; i++) {
    const { parser, reading } = ready.parsers[i] as Ready["parsers"][number];
    const parsed = parser.parse(conn, type, reading);
    if (isThenable(parsed)) {
      return parsed.then((done) =>
        done === "next" ? parse(conn, type, header, ready, i + 1) : checkParsed(parser, done),
      );
    }
    if (parsed !== "next") return checkParsed(parser, parsed);
  }
  const { type: main, subtype } = type;
  const { pass } = ready;
  if (pass.has("*/*") || pass.has(`${main}/${subtype}`) || pass.has(`${main}/*`)) return conn;
  throw new HttpError(415, `expected a body of a type that is known here, got: ${header}`);
}

function checkParsed(parser: BodyParser, parsed: unknown): Conn<any> {
  if (parsed instanceof Conn && parsed.bodyFetched) return parsed;
  throw new BadArgument(
    `expected parser ${parser.name} to return a conn with body params, or "next", got: ${show(parsed)}`,
  );
}

function typeOf(header: string, { types }: Ready): MediaType {
  const known = types.get(header);
  if (known !== undefined) return known;
  // What is no type at all is left to the parsers, as in Plug; those of the library pass it on.
  const type = contentType(header) ?? { type: header, subtype: "", params: {} };
  // A multipart boundary is another one each time.
  if (types.size < TYPES && type.type !== "multipart") types.set(header, type);
  return type;
}
