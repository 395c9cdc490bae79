import { HttpError } from "./errors.ts";

export type Params = Readonly<Record<string, unknown>>;
type Node = { [key: string]: unknown };

/** Names come from the network: no prototype. */
export const emptyParams = (): Node => Object.create(null) as Node;

const LONGEST = 1_000_000;

/**
 * Decodes a query string or a form as Plug does: `+` is a space, `a[]=1` a list, `a[b]=1` a map, of a repeated key the
 * last wins, and on a conflict the last pair decides the shape. Bad UTF-8 is a 400.
 */
export function decodeQuery(text: string): Params {
  if (text.length > LONGEST) throw new HttpError(414, `the query string is longer than ${LONGEST} bytes`);
  const params = emptyParams();
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const at = pair.indexOf("=");
    const key = decodePlus(at < 0 ? pair : pair.slice(0, at));
    assign(params, keysOf(key), at < 0 ? "" : decodePlus(pair.slice(at + 1)));
  }
  return params;
}

/** `a[b][]` is `["a", "b", ""]`; brackets that do not close the key are part of it. */
function keysOf(key: string): string[] {
  const open = key.indexOf("[");
  if (open <= 0 || !key.endsWith("]")) return [key];
  return [key.slice(0, open), ...key.slice(open + 1, -1).split("][")];
}

/** Walks down the keys, making the maps and lists that are missing; a shape that does not fit is replaced. */
function assign(into: Node, [first, ...rest]: readonly string[], value: string): void {
  let old: unknown = into[first as string];
  let put = (filled: unknown): void => {
    into[first as string] = filled;
  };
  for (const key of rest) {
    if (key === "") {
      const list: unknown[] = Array.isArray(old) ? old : [];
      put(list);
      old = undefined;
      put = (filled) => void list.push(filled);
    } else {
      const map = isMap(old) ? old : emptyParams();
      put(map);
      old = map[key];
      put = (filled) => {
        map[key] = filled;
      };
    }
  }
  put(value);
}

const isMap = (value: unknown): value is Node => typeof value === "object" && value !== null && !Array.isArray(value);

const decodePlus = (text: string): string => decodePercent(text.replaceAll("+", " "), "query string");

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Percent-decoding. An escape that is none stays as it is; bytes that are not UTF-8 are a 400. */
export function decodePercent(text: string, where: string): string {
  if (!text.includes("%")) return text;
  const bytes = Buffer.from(
    text
      .replaceAll(/%(?![0-9A-Fa-f]{2})/g, "%25")
      .replaceAll(/%([0-9A-Fa-f]{2})|[^%]+/g, (part, hex?: string) =>
        hex === undefined
          ? Buffer.from(part, "utf8").toString("latin1")
          : String.fromCharCode(Number.parseInt(hex, 16)),
      ),
    "latin1",
  );
  try {
    return utf8.decode(bytes);
  } catch {
    throw new HttpError(400, `the ${where} is not valid UTF-8`);
  }
}
