/** A part of a file, of which both ends are there; or one that begins beyond its end. */
export type ByteRange = { readonly start: number; readonly end: number } | "unsatisfiable" | undefined;

/** One range of bytes; several, or what is not a range, is the whole file (Plug; RFC 9110 §14.2 allows it). */
export function byteRange(header: string | undefined, size: number): ByteRange {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < start) return undefined;
  return start >= size ? "unsatisfiable" : { start, end };
}
