import type {
  Adapter,
  Body,
  BodyPart,
  Endpoint,
  Headers,
  PeerData,
  ReadOptions,
  SslData,
  Takeover,
} from "../conn/adapter.ts";
import type { OpenFile } from "../conn/file.ts";

/** What a response was, when there is one. */
export interface Sent {
  readonly status: number;
  readonly headers: Headers;
  /** How it was sent: at once or as a file, or in these chunks. */
  readonly chunks: readonly Uint8Array[] | undefined;
  readonly bytes: Uint8Array;
}

/** What a client shows of itself in a test. */
export interface TestPeer {
  /** The client's end of the connection. */
  readonly peer?: PeerData;
  /** The server's end. */
  readonly sock?: Endpoint;
  /** Default none, as without TLS. */
  readonly ssl?: SslData;
  /** Default `HTTP/1.1`; `HTTP/1.0` has no informational responses. */
  readonly protocol?: string;
  /** Protocols that the client asks for, and gets. Default `["websocket"]`. */
  readonly upgrades?: readonly string[];
}

/**
 * The adapter of tests: keeps what is sent (Plug: `Plug.Adapters.Test.Conn`). Responses to HEAD, 204 and 304 have no
 * body, as over a real connection.
 */
export class TestAdapter implements Adapter {
  peer: PeerData;
  sock: Endpoint;
  ssl: SslData | undefined;
  protocol: string;
  readonly informs: (readonly [status: number, headers: Headers])[] = [];
  readonly upgraded: { readonly protocol: string; readonly takeover: Takeover; readonly headers: Headers }[] = [];
  /** Set by a test: the client has gone, and gets no more chunks. */
  closed = false;
  private readonly body: Uint8Array;
  private readonly method: string;
  private readonly upgrades: readonly string[];
  private read = 0;
  private head: { readonly status: number; readonly headers: Headers } | undefined = undefined;
  private whole: Uint8Array | undefined = undefined;
  private chunks: Uint8Array[] | undefined = undefined;

  constructor(body: Uint8Array, method: string, peer: TestPeer = {}) {
    this.body = body;
    this.method = method;
    this.peer = peer.peer ?? { address: "127.0.0.1", port: 111_317, sslCert: undefined };
    this.sock = peer.sock ?? { address: "127.0.0.1", port: 111_318 };
    this.ssl = peer.ssl;
    this.protocol = peer.protocol ?? "HTTP/1.1";
    this.upgrades = peer.upgrades ?? ["websocket"];
  }

  get keepsOpen(): boolean {
    return this.protocol !== "HTTP/1.0";
  }

  get begun(): boolean {
    return this.head !== undefined;
  }

  /** The response, or undefined when none was sent. */
  get sent(): Sent | undefined {
    if (this.head === undefined) return undefined;
    const bytes = this.whole ?? Buffer.concat(this.chunks ?? []);
    return { ...this.head, chunks: this.chunks, bytes };
  }

  async readBody({ length }: ReadOptions): Promise<BodyPart> {
    const bytes = this.body.subarray(this.read, this.read + length);
    this.read += bytes.length;
    return { bytes, more: this.read < this.body.length };
  }

  abandonBody(): void {
    this.read = this.body.length;
  }

  send(status: number, headers: Headers, body: Body): void {
    this.head = { status, headers };
    this.whole = this.hasBody(status) ? Buffer.from(body as string) : new Uint8Array();
  }

  async sendFile(status: number, headers: Headers, { handle, offset, length }: OpenFile): Promise<void> {
    const bytes = Buffer.alloc(length);
    await handle.read(bytes, 0, length, offset);
    this.send(status, headers, bytes);
  }

  sendChunked(status: number, headers: Headers): void {
    this.head = { status, headers };
    this.chunks = [];
  }

  chunk(data: Body): "ok" | "closed" {
    if (this.closed) return "closed";
    if (this.hasBody(this.head?.status ?? 0)) this.chunks?.push(Buffer.from(data as string));
    return "ok";
  }

  end(): void {}

  inform(status: number, headers: Headers): boolean {
    if (this.protocol === "HTTP/1.0") return false;
    this.informs.push([status, headers]);
    return true;
  }

  upgrade(protocol: string, takeover: Takeover, headers: Headers): boolean {
    if (!this.upgrades.includes(protocol)) return false;
    this.upgraded.push({ protocol, takeover, headers });
    return true;
  }

  private hasBody(status: number): boolean {
    return this.method !== "HEAD" && status !== 204 && status !== 304;
  }
}
