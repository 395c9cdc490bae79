/** One client's connection, as far as channels need it. WebSockets are one kind, the test kit's are another. */
export interface Wire {
  /** Sends a text frame at once, in order. A client that is not there any more is no error. */
  send(frame: string | Buffer): void;
  /** Begins the closing handshake. */
  close(code: number, reason: string): void;
  /** Cuts the connection off. */
  terminate(): void;
}

/** What a connection tells the process that owns it. */
export interface WireEvents {
  text(text: string): void;
  binary(): void;
  /** Anything was received: the client lives. */
  alive(): void;
  closed(): void;
}

/** Takes over a connection: called once, by the process that will own it. Throws {@link Gone} when nobody is there. */
export type Accept = (events: WireEvents) => Wire;

/** The client hung up before it was let in. */
export class Gone extends Error {
  override readonly name = "Gone";
}
