import { connect, type Socket } from "node:net";

export interface Answer {
  readonly status: number;
  /** By name in lower case; of a repeated one, the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A client that speaks bytes: what it sends is what the test says, and it shows all that comes back. */
export class Client {
  readonly socket: Socket;
  /** What has arrived and was not read as an answer yet. */
  text = "";
  /** Resolves when the connection has closed, to the code of the error that closed it, or `"closed"`. */
  readonly closed: Promise<string>;
  /** The connection has closed. */
  over = false;
  private wake: () => void = () => {};

  static connect(port: number): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => resolve(new Client(socket)));
      socket.once("error", reject);
    });
  }

  private constructor(socket: Socket) {
    this.socket = socket.removeAllListeners("error").setEncoding("latin1");
    let outcome = "closed";
    socket.on("error", (error: NodeJS.ErrnoException) => {
      outcome = error.code ?? error.message;
    });
    socket.on("data", (text: string) => {
      this.text += text;
      this.wake();
    });
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.over = true;
        this.wake();
        resolve(outcome);
      });
    });
  }

  send(raw: string): this {
    this.socket.write(raw, "latin1");
    return this;
  }

  /** Sends a request and reads its answer. */
  get(path: string, ...headers: string[]): Promise<Answer> {
    return this.request("GET", path, headers).answer();
  }

  request(method: string, path: string, headers: readonly string[] = [], body = ""): this {
    return this.send([`${method} ${path} HTTP/1.1`, "Host: localhost", ...headers, "", body].join("\r\n"));
  }

  /** The next answer; `bodiless` for one to HEAD. Rejects when the connection closes before it is whole. */
  async answer(bodiless = false): Promise<Answer> {
    const end = await this.until(
      (text) => text.includes("\r\n\r\n"),
      (text) => text.indexOf("\r\n\r\n") + 4,
    );
    const [line = "", ...fields] = end.trimEnd().split("\r\n");
    const status = Number(line.split(" ")[1]);
    const headers = Object.fromEntries(
      fields.map((field) => [field.slice(0, field.indexOf(":")).toLowerCase(), field.slice(field.indexOf(":") + 2)]),
    );
    if (status === 100) return this.answer(bodiless);
    if (bodiless || status === 204 || status === 304) return { status, headers, body: "" };
    if (headers["content-length"] === undefined) {
      await this.closed;
      const body = this.text;
      this.text = "";
      return { status, headers, body };
    }
    const length = Number(headers["content-length"]);
    const body = await this.until(
      (text) => text.length >= length,
      () => length,
    );
    return { status, headers, body };
  }

  /** Cuts the connection off without a goodbye. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Waits until what the server wrote is enough, or the connection has closed. */
  async wrote(enough: (text: string) => boolean): Promise<void> {
    while (!enough(this.text) && !this.over) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  /** Waits until enough has arrived, and takes it. */
  private async until(enough: (text: string) => boolean, lengthOf: (text: string) => number): Promise<string> {
    await this.wrote(enough);
    if (!enough(this.text))
      throw new Error(`the connection closed (${await this.closed}) after: ${JSON.stringify(this.text)}`);
    const length = lengthOf(this.text);
    const taken = this.text.slice(0, length);
    this.text = this.text.slice(length);
    return taken;
  }
}
