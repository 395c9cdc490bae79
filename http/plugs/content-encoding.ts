import { headerList, headerParams } from "../conn/media-type.ts";

/** Whether a client takes a content coding, as `accept-encoding` says (RFC 9110 §12.5.3). */
export function acceptsEncoding(header: string | undefined, encoding: string): boolean {
  let others = false;
  for (const item of headerList(header ?? "")) {
    const [name = "", ...rest] = item.split(";");
    const accepted = Number(headerParams(rest.join(";")).q ?? 1) > 0;
    const coding = name.trim().toLowerCase();
    if (coding === encoding) return accepted;
    if (coding === "*") others = accepted;
  }
  return others;
}
