import type { Headers, RequestHead } from "../conn/adapter.ts";
import { GivenHead } from "../conn/given-head.ts";
import { HttpError } from "../errors.ts";
import type { Bounds } from "./limits.ts";
import { authorityOf } from "./request-head.ts";

/**
 * Reads and checks the head of a request on an HTTP/2 stream, from its fields in a flat list. What nghttp2 refuses by
 * itself does not come here: fields that belong to a connection, upper case, pseudo-headers that are unknown, missing or
 * behind others (RFC 9113 §8.2, §8.3). Throws an HttpError.
 */
export function headOfStream(
  raw: readonly string[],
  scheme: "http" | "https",
  remoteIp: string,
  { maxUrlLength, maxHeaders, maxHeaderSize }: Pick<Bounds, "maxUrlLength" | "maxHeaders" | "maxHeaderSize">,
): RequestHead {
  const pseudo = new Map<string, string>();
  const headers: (readonly [string, string])[] = [];
  const cookies: string[] = [];
  let host: string | undefined;
  let size = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    size += name.length + value.length;
    if (name.startsWith(":")) pseudo.set(name, value);
    else if (name === "cookie") cookies.push(value);
    else if (name === "host" && host !== undefined) throw new HttpError(400, "the request has more than one Host");
    else {
      if (name === "host") host = value;
      headers.push([name, value]);
    }
  }
  if (size > maxHeaderSize) throw new HttpError(431, `the headers are longer than ${maxHeaderSize} bytes`);
  if (raw.length / 2 - pseudo.size > maxHeaders) {
    throw new HttpError(431, `the request has more than ${maxHeaders} headers`);
  }
  // They may come one by one, so that they compress well (RFC 9113 §8.2.3).
  if (cookies.length > 0) headers.push(["cookie", cookies.join("; ")]);
  const method = pseudo.get(":method") ?? "";
  if (method === "CONNECT") throw new HttpError(501, "CONNECT is not served here");
  const authority = pseudo.get(":authority");
  if (authority === undefined && host === undefined) throw new HttpError(400, "the request has no Host");
  if (authority !== undefined && host !== undefined && authority.toLowerCase() !== host.toLowerCase()) {
    throw new HttpError(400, "the request has a Host that is not its :authority");
  }
  if (host === undefined) headers.unshift(["host", authority as string]);
  const target = pseudo.get(":path") ?? "";
  if (target.length > maxUrlLength) throw new HttpError(414, `the request target is longer than ${maxUrlLength} bytes`);
  const at = target.indexOf("?");
  const path = at < 0 ? target : target.slice(0, at);
  if (!path.startsWith("/") && (path !== "*" || method !== "OPTIONS")) {
    throw new HttpError(400, "the request target is not a path");
  }
  if (target.includes("#")) throw new HttpError(400, "the request target has a fragment");
  const asked = authorityOf(authority ?? (host as string));
  const port = asked.port ?? (scheme === "https" ? 443 : 80);
  const query = at < 0 ? "" : target.slice(at + 1);
  return new GivenHead({ method, scheme, host: asked.host, port, path, query, headers: headers as Headers, remoteIp });
}
