import type { Headers } from "../conn/adapter.ts";
import type { Conn } from "../conn/conn.ts";
import { emptyParams, type Params, putParam } from "../conn/query.ts";
import { type BodyParser, type Reading, type ReadingOptions, textOf } from "./body-parser.ts";
import { type Part, type PartsOptions, parts } from "./multipart.ts";
import { saveUpload, Upload } from "./upload.ts";

/** A part that has a name, with what it contains: text, or a file. */
export interface Field {
  readonly name: string;
  readonly headers: Headers;
  readonly value: string | Upload;
}

export interface MultipartOptions extends Omit<ReadingOptions, "bodyReader">, PartsOptions {
  /** In which folder the system's folder for uploads is made. Default: the system's for temporary files. */
  readonly uploadDir?: string;
  /** Makes parameters of the parts, in place of the names with their brackets (Plug: `multipart_to_params`). */
  readonly toParams?: (fields: readonly Field[], conn: Conn<any>) => Params;
}

/**
 * `multipart/form-data` and `multipart/mixed` (Plug: `Plug.Parsers.MULTIPART`). A part with a file name becomes an
 * {@link Upload}, others become text; parts without a name, and of files that nobody chose, do not count.
 */
export function multipartParser(options: MultipartOptions = {}): BodyParser {
  const { toParams = byNames } = options;
  return {
    name: "multipart",
    parse: (conn, { type, subtype }, reading) => {
      if (type !== "multipart" || (subtype !== "form-data" && subtype !== "mixed")) return "next";
      return fieldsOf(conn, options, reading).then((fields) => conn.putBodyParams(toParams(fields, conn)));
    },
  };
}

async function fieldsOf(conn: Conn<any>, options: MultipartOptions, reading: Reading): Promise<Field[]> {
  const { length = 8_000_000, timeout, validateUtf8 } = reading;
  const fields: Field[] = [];
  for await (const part of parts(conn, { ...options, length, timeout, validateUtf8 })) {
    if (part.name === undefined || part.filename === "") continue;
    const value = await contentOf(conn, part, options.uploadDir, reading);
    fields.push({ name: part.name, headers: part.headers, value });
  }
  return fields;
}

async function contentOf(conn: Conn<any>, part: Part, dir: string | undefined, reading: Reading) {
  const { filename, contentType } = part;
  if (filename === undefined) {
    const pieces: Uint8Array[] = [];
    for await (const piece of part.body()) pieces.push(piece);
    return textOf(Buffer.concat(pieces), "body", reading.validateUtf8);
  }
  const { path, size } = await saveUpload(conn.self, part.body(), dir);
  return new Upload(path, filename, contentType, size);
}

function byNames(fields: readonly Field[]): Params {
  const params = emptyParams();
  for (const { name, value } of fields) putParam(params, name, value, "body");
  return params;
}
