import { connect, type Socket } from "node:net";

/** What became of a client: how many requests were answered, and what went wrong. */
export interface Outcome {
  readonly answered: number;
  readonly failure: string | undefined;
}

/**
 * A client that keeps its connection and sends a request every `pace` milliseconds, one at a time, until an answer says
 * `Connection: close`. Everything else that ends it is a failure.
 */
export function keepAliveClient(port: number, path: string, pace: number, onAnswer: () => void): Promise<Outcome> {
  return new Promise((resolve) => {
    let answered = 0;
    let waiting = false;
    let buffered = "";
    let timer: NodeJS.Timeout | undefined;
    const socket: Socket = connect({ port, host: "127.0.0.1", noDelay: true });

    const finish = (failure: string | undefined): void => {
      clearTimeout(timer);
      socket.removeAllListeners().on("error", () => {});
      socket.destroy();
      resolve({ answered, failure });
    };
    const ask = (): void => {
      waiting = true;
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
    };

    socket.setEncoding("latin1");
    socket.on("connect", () => {
      timer = setTimeout(ask, Math.random() * pace);
    });
    socket.on("error", (error) => finish(`${error.message} ${waiting ? "with a request on the wire" : "while idle"}`));
    socket.on("close", () => finish(waiting ? "closed without an answer" : "closed while idle, untold"));
    socket.on("data", (text: string) => {
      buffered += text;
      const head = buffered.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(buffered)?.[1] ?? 0);
      if (buffered.length < head + 4 + length) return;
      const answer = buffered.slice(0, head);
      buffered = buffered.slice(head + 4 + length);
      waiting = false;
      answered++;
      onAnswer();
      if (!answer.startsWith("HTTP/1.1 200 ")) finish(`answered ${answer.split("\r\n")[0]}`);
      else if (/^connection: close$/im.test(answer)) finish(undefined);
      else timer = setTimeout(ask, pace);
    });
  });
}
