import { readFileSync } from "node:fs";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { fileURLToPath } from "node:url";

const path = (name: string): string => fileURLToPath(new URL(`./fixtures/tls/${name}`, import.meta.url));

/** A certificate of nobody, for localhost, valid for a hundred years. */
export const KEY = path("key.pem");
export const CERT = path("cert.pem");
export const TLS = { key: KEY, cert: CERT };
export const CA = readFileSync(CERT);

export interface Answer2 {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** A client that speaks HTTP/2. */
export class Client2 {
  readonly session: ClientHttp2Session;
  /** The GOAWAYs that have come: the code, and the last stream. */
  readonly goaways: [code: number, last: number][] = [];
  readonly closed: Promise<string>;

  static connect(port: number, scheme: "http" | "https" = "https"): Promise<Client2> {
    return new Promise((resolve, reject) => {
      const session = connect(`${scheme}://localhost:${port}`, scheme === "https" ? { ca: CA } : {});
      session.once("error", reject);
      session.once("connect", () => {
        session.removeAllListeners("error");
        resolve(new Client2(session));
      });
    });
  }

  private constructor(session: ClientHttp2Session) {
    this.session = session;
    let outcome = "closed";
    session.on("error", (error: NodeJS.ErrnoException) => {
      outcome = error.code ?? error.message;
    });
    session.on("goaway", (code, last) => void this.goaways.push([code, last]));
    this.closed = new Promise((resolve) => session.on("close", () => resolve(outcome)));
  }

  request(headers: Record<string, string | string[]>, endStream = true): ClientHttp2Stream {
    const stream = this.session.request(headers, { endStream });
    stream.on("error", () => {});
    return stream;
  }

  get(path: string, headers: Record<string, string | string[]> = {}): Promise<Answer2> {
    return answerOf(this.request({ ":path": path, ...headers }));
  }

  post(path: string, body: string, headers: Record<string, string> = {}): Promise<Answer2> {
    const stream = this.request({ ":method": "POST", ":path": path, ...headers }, false);
    stream.end(body);
    return answerOf(stream);
  }

  destroy(): void {
    this.session.destroy();
  }
}

/** The answer on a stream. Rejects with the code when it is reset before that is whole. */
export function answerOf(stream: ClientHttp2Stream): Promise<Answer2> {
  return new Promise((resolve, reject) => {
    let headers: Record<string, unknown> = {};
    const chunks: Buffer[] = [];
    stream.on("response", (got) => {
      headers = got as Record<string, unknown>;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("close", () => {
      const status = Number(headers[":status"]);
      if (stream.rstCode === 0 && status > 0) {
        resolve({ status, headers, body: Buffer.concat(chunks).toString() });
      } else reject(new Error(`reset with ${stream.rstCode} after ${status}: ${Buffer.concat(chunks)}`));
    });
  });
}

/** Looks again after each turn of the event loop. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}
