// The load of the HTTP benchmarks:   node bench/load.ts PORT CONNECTIONS MILLISECONDS [SITE]
//
// Each connection sends its next request when the last was answered. Prints how many were. It must cost less than what it
// measures: requests are bytes made once, all connections read into one buffer, and of an answer are looked at its status,
// where its head ends, and its length; of every 64th each byte of the body. Anything else than the right answer ends it.

import { connect, type Socket } from "node:net";
import { exchangeOf, HOST, type Site } from "./http/site.ts";

const [port, connections, duration] = process.argv.slice(2, 5).map(Number) as [number, number, number];
const site = (process.argv[5] ?? "hello") as Site;

const SAMPLE = 64;
const CR = 13;
const LF = 10;
const OK = Buffer.from("HTTP/1.1 200 ");
const shared = Buffer.allocUnsafeSlow(2 ** 16);

let answered = 0;
const until = performance.now() + duration;

class Client {
  readonly done: Promise<void>;
  private readonly request: Buffer;
  private readonly answer: Buffer;
  private readonly socket: Socket;
  /** What has come of an answer that did not come at once. */
  private part: Buffer | undefined;
  private readonly end = Promise.withResolvers<void>();

  constructor(n: number) {
    const { request, answer } = exchangeOf(site, n);
    this.request = Buffer.from(request);
    this.answer = Buffer.from(answer);
    this.done = this.end.promise;
    const callback = (length: number): boolean => this.read(shared.subarray(0, length));
    this.socket = connect({ port, host: HOST, noDelay: true, onread: { buffer: shared, callback } });
    this.socket.on("connect", () => this.socket.write(this.request));
    this.socket.on("error", this.end.reject);
    this.socket.on("close", () => this.end.reject(new Error("expected an answer, got: the connection was closed")));
  }

  private read(chunk: Buffer): boolean {
    const bytes = this.part === undefined ? chunk : Buffer.concat([this.part, chunk]);
    if (!this.isWhole(bytes)) {
      if (bytes.length < shared.length && bytes.indexOf("\r\n\r\n") + 4 + this.answer.length > bytes.length)
        this.part = Buffer.from(bytes);
      else this.fail(bytes);
      return true;
    }
    this.part = undefined;
    if (answered++ % SAMPLE === 0 && !this.isRight(bytes)) this.fail(bytes);
    else if (performance.now() < until) this.socket.write(this.request);
    else this.finish();
    return true;
  }

  /** It has the right status, and behind the end of a head as many bytes as the body has. */
  private isWhole(bytes: Buffer): boolean {
    const body = bytes.length - this.answer.length;
    if (body < OK.length || bytes[9] !== OK[9] || bytes[10] !== OK[10] || bytes[11] !== OK[11]) return false;
    return bytes[body - 4] === CR && bytes[body - 3] === LF && bytes[body - 2] === CR && bytes[body - 1] === LF;
  }

  private isRight(bytes: Buffer): boolean {
    const body = bytes.length - this.answer.length;
    const head = bytes.toString("latin1", 0, body);
    const length = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1]);
    return (
      head.startsWith("HTTP/1.1 200 ") && length === this.answer.length && bytes.subarray(body).equals(this.answer)
    );
  }

  private finish(): void {
    this.end.resolve();
    this.socket.destroy();
  }

  private fail(bytes: Buffer): void {
    this.end.reject(new Error(`expected 200 with ${this.answer}, got: ${bytes}`));
    this.socket.destroy();
  }
}

await Promise.all(Array.from({ length: connections }, (_, n) => new Client(n).done));
console.log(answered);
