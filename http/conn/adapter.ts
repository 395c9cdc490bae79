import type { Async, Milliseconds, Self } from "../../runtime/types.ts";
import type { Upgrade } from "../server/socket-handler.ts";
import type { OpenFile } from "./file.ts";
import type { Params } from "./query.ts";

export type Headers = readonly (readonly [name: string, value: string])[];
export type Body = string | Uint8Array;

/** What a request says before its body. */
export interface RequestHead {
  readonly method: string;
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  /** As it came: neither decoded nor normalised. */
  readonly path: string;
  readonly query: string;
  readonly headers: Headers;
  readonly remoteIp: string;
  /** Decoded when they are asked for, once. */
  readonly queryParams: Params;
  /** The value of the first header of that name, which is in lower case. */
  header(name: string): string | undefined;
}

/** One end of a connection (Plug: `Plug.Conn.get_peer_data/1`, `get_sock_data/1`). */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** The other end of a connection; over TLS with the certificate that it showed, in DER. */
export interface PeerData extends Endpoint {
  readonly sslCert: Uint8Array | undefined;
}

/** What TLS has agreed on (Plug: `Plug.Conn.get_ssl_data/1`). */
export interface SslData {
  readonly protocol: string;
  readonly cipher: string;
  readonly alpn: string | undefined;
  readonly serverName: string | undefined;
}

export interface ReadOptions {
  /** How many bytes to wait for; there may be some more, because what has arrived is not cut. */
  readonly length: number;
  /** How long to wait. */
  readonly timeout: Milliseconds;
}

export interface BodyPart {
  readonly bytes: Uint8Array;
  /** Something may follow. */
  readonly more: boolean;
}

/** Takes the connection over, once the pipeline has ended. */
export type Takeover = (upgrade: Upgrade) => Promise<void>;

/** How a response leaves: an adapter, or what stands between it and the conn and changes what is sent. */
export type Output = Pick<Adapter, "send" | "sendFile" | "sendChunked" | "chunk" | "end">;

/**
 * How a conn reaches its client. `node:http` is one adapter, HTTP/2 and the test adapter are others, equal in rank. They
 * are called in the order body, response, and the response in one of three ways: whole, as a file, or in chunks.
 */
export interface Adapter {
  /** Whether the response has begun: from then on there is no other. */
  readonly begun: boolean;
  /** `HTTP/1.1` */
  readonly protocol: string;
  /** Whether the connection stays open after this response, as far as is known now. */
  readonly keepsOpen: boolean;
  readonly peer: PeerData;
  readonly sock: Endpoint;
  readonly ssl: SslData | undefined;
  /**
   * The next part of the body, at once if it is there. Rejects with an HttpError: 408 when it does not arrive in time,
   * 400 when it breaks off. Once it has said that nothing follows, a part is empty.
   */
  readBody(options: ReadOptions, by: Self): Async<BodyPart>;
  /** Nobody will read the rest of the body, so the connection ends with the response. */
  abandonBody(): void;
  send(status: number, headers: Headers, body: Body): Async<void>;
  /** Sends the part. Resolves when it is sent, or the client has gone; the caller closes the file. */
  sendFile(status: number, headers: Headers, file: OpenFile): Promise<void>;
  sendChunked(status: number, headers: Headers): void;
  /** Never throws: "closed" when the client has gone. A promise while the client does not keep up. */
  chunk(data: Body): Async<"ok" | "closed">;
  /** The pipeline has ended: a response in chunks is complete, and an upgrade may begin. */
  end(): Async<void>;
  /** Sends an informational response; false where the client's protocol has none. */
  inform(status: number, headers: Headers): boolean;
  /** Whether the client has asked for that protocol, and can have it: then `takeover` gets the connection. */
  upgrade(protocol: string, takeover: Takeover, headers: Headers): boolean;
}
