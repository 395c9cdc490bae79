import type { RequestHead } from "../../http/conn/adapter.ts";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const HOST = /^(?:\[[\da-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*)$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const VISIBLE = /^[!-~]*$/;

/** What is wrong with a request that a plug has got, if anything is. `body` is what it has read of it. */
export function complaint(head: RequestHead, protocol: string, body: Uint8Array | undefined): string | undefined {
  const { method, path, query, host, port, headers } = head;
  const all = (name: string): string[] => headers.filter(([key]) => key === name).map(([, value]) => value);
  if (!/^[A-Z-]+$/.test(method)) return `the method ${method}`;
  if (protocol !== "HTTP/1.1" && protocol !== "HTTP/1.0") return `the protocol ${protocol}`;
  if (!path.startsWith("/") && !(path === "*" && method === "OPTIONS")) return `the path ${path}`;
  if (!VISIBLE.test(path + query) || path.includes("?") || `${path}${query}`.includes("#")) return `${path} ? ${query}`;
  if (path.length + query.length > 8000) return `a target of ${path.length + query.length} bytes`;
  if (!HOST.test(host)) return `the host ${host}`;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return `the port ${port}`;
  if (path === "/smuggled") return "what was in a body";
  if (headers.length > 100) return `${headers.length} headers`;
  for (const [name, value] of headers) {
    if (!TOKEN.test(name)) return `the header name ${name}`;
    if (!VALUE.test(value)) return `the value ${value} of ${name}`;
  }
  const hosts = all("host").length;
  if (hosts > 1 || (hosts === 0 && protocol === "HTTP/1.1")) return `${hosts} Hosts`;
  const lengths = all("content-length");
  const codings = all("transfer-encoding");
  if (lengths.length + codings.length > 1) return "a body with two ends";
  if (lengths.some((length) => !/^\d+$/.test(length))) return `the length ${lengths[0]}`;
  if (codings.some((coding) => coding.toLowerCase() !== "chunked")) return `the coding ${codings[0]}`;
  if (body === undefined || codings.length > 0) return undefined;
  const length = Number(lengths[0] ?? 0);
  return body.length === length ? undefined : `a body of ${body.length} bytes, and not of ${length}`;
}
