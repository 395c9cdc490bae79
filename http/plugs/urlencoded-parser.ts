import { decodePairs } from "../conn/query.ts";
import { type BodyParser, parseBody, type ReadingOptions, textOf } from "./body-parser.ts";

export interface UrlencodedOptions extends ReadingOptions {
  /** How many `key=value`; 400 beyond. Default 100,000; Plug has no limit. */
  readonly pairs?: number;
  /** How many brackets one key may have; 400 beyond. Default 100; Plug has no limit. */
  readonly depth?: number;
}

const LENGTH = 1_000_000;

/** `application/x-www-form-urlencoded` (Plug: `Plug.Parsers.URLENCODED`), decoded as query strings are. */
export function urlencodedParser(options: UrlencodedOptions = {}): BodyParser {
  return {
    name: "urlencoded",
    parse: (conn, { type, subtype }, reading) => {
      if (type !== "application" || subtype !== "x-www-form-urlencoded") return "next";
      const { validateUtf8 } = reading;
      return parseBody(conn, reading, reading.length ?? LENGTH, (body) =>
        decodePairs(textOf(body, "body", validateUtf8), "body", { ...options, validateUtf8 }),
      );
    },
  };
}
