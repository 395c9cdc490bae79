import { connect, type Socket } from "node:net";

/** An answer as it came over the wire, its body as Latin-1. */
export interface RawAnswer {
  readonly status: number;
  /** By name in lower case; of a repeated one, the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A client that speaks bytes: what it sends is what the test says, and it shows all that comes back. */
export class RawClient {
  /** What has arrived and was not read as an answer yet. */
  text = "";
  /** Resolves when the connection has closed, to the code of the error that closed it, or `"closed"`. */
  readonly closed: Promise<string>;
  /** Counts what happens on the connection. */
  events = 0;
  private readonly socket: Socket;
  private over = false;
  private wake: () => void = () => {};

  static connect(port: number, host = "127.0.0.1"): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host, noDelay: true }, () => resolve(new RawClient(socket)));
      socket.once("error", reject);
    });
  }

  private constructor(socket: Socket) {
    this.socket = socket.removeAllListeners("error").setEncoding("latin1");
    let outcome = "closed";
    socket.on("error", (error: NodeJS.ErrnoException) => {
      outcome = error.code ?? error.message;
    });
    socket.on("data", (text: string) => this.arrived(() => (this.text += text)));
    socket.on("end", () => this.arrived(() => (this.over = true)));
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.arrived(() => (this.over = true));
        resolve(outcome);
      });
    });
  }

  /** Nothing more comes: the server has closed the connection, or it was cut off. */
  get isClosed(): boolean {
    return this.over;
  }

  /** Sends characters as Latin-1. */
  send(raw: string): this {
    this.socket.write(raw, "latin1");
    return this;
  }

  /** Sends a request, and reads nothing. Headers are lines, without the end of the line. */
  request(method: string, path: string, headers: readonly string[] = [], body = ""): this {
    return this.send([`${method} ${path} HTTP/1.1`, "Host: localhost", ...headers, "", body].join("\r\n"));
  }

  /** Sends a request and reads its answer. */
  get(path: string, ...headers: string[]): Promise<RawAnswer> {
    return this.request("GET", path, headers).answer();
  }

  /**
   * The next answer that is no informational one; `bodiless` for one to HEAD. Rejects when the connection closes before
   * it is whole.
   */
  async answer(bodiless = false): Promise<RawAnswer> {
    const head = await this.through("\r\n\r\n");
    const [line = "", ...fields] = head.trimEnd().split("\r\n");
    const status = Number(line.split(" ")[1]);
    const headers = Object.fromEntries(
      fields.map((field) => [field.slice(0, field.indexOf(":")).toLowerCase(), field.slice(field.indexOf(":") + 2)]),
    );
    if (status < 200 && status !== 101) return this.answer(bodiless);
    const none = bodiless || status === 101 || status === 204 || status === 304;
    return { status, headers, body: none ? "" : await this.body(headers) };
  }

  private async body(headers: Readonly<Record<string, string>>): Promise<string> {
    if (headers["content-length"] !== undefined) return this.take(Number(headers["content-length"]));
    if (headers["transfer-encoding"] === "chunked") {
      const parts: string[] = [];
      for (let part = await this.chunk(); part !== ""; part = await this.chunk()) parts.push(part);
      return parts.join("");
    }
    while (!this.over) await this.more();
    return this.take(this.text.length);
  }

  private async chunk(): Promise<string> {
    const length = Number.parseInt(await this.through("\r\n"), 16);
    const part = await this.take(length);
    await this.through("\r\n");
    return part;
  }

  /** Takes all up to a mark, and the mark. */
  private async through(mark: string): Promise<string> {
    while (!this.text.includes(mark)) await this.more();
    return this.take(this.text.indexOf(mark) + mark.length);
  }

  private async take(length: number): Promise<string> {
    while (this.text.length < length) await this.more();
    const taken = this.text.slice(0, length);
    this.text = this.text.slice(length);
    return taken;
  }

  private async more(): Promise<void> {
    if (this.over) {
      throw new Error(`the connection closed (${await this.closed}) after: ${JSON.stringify(this.text)}`);
    }
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }

  private arrived(change: () => unknown): void {
    this.events++;
    change();
    this.wake();
  }

  /** Reads no more, until {@link resume}: what comes fills the buffers of the connection, and then the server's. */
  pause(): this {
    this.socket.pause();
    return this;
  }

  resume(): this {
    this.socket.resume();
    return this;
  }

  /** Says that it sends no more, and still reads. */
  end(): this {
    this.socket.end();
    return this;
  }

  /** Cuts the connection off without a goodbye. */
  reset(): this {
    this.socket.resetAndDestroy();
    return this;
  }

  destroy(): void {
    this.socket.destroy();
  }
}
