// The load of the HTTP benchmark:   node bench/load.ts PORT CONNECTIONS MILLISECONDS
// Each connection sends its next request when the last was answered. Prints how many were.

import { connect } from "node:net";

const [port = 0, connections = 0, duration = 0] = process.argv.slice(2).map(Number);
const REQUEST = `GET /hello HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;

let answered = 0;
const until = performance.now() + duration;

await Promise.all(
  Array.from(
    { length: connections },
    () =>
      new Promise<void>((resolve, reject) => {
        const socket = connect({ port, host: "127.0.0.1", noDelay: true });
        socket.setEncoding("latin1");
        socket.on("error", reject);
        socket.on("connect", () => socket.write(REQUEST));
        let buffered = "";
        socket.on("data", (text: string) => {
          buffered += text;
          if (!buffered.endsWith("hello")) return;
          if (!buffered.startsWith("HTTP/1.1 200")) reject(new Error(`answered: ${buffered}`));
          buffered = "";
          answered++;
          if (performance.now() < until) socket.write(REQUEST);
          else socket.end(() => resolve());
        });
      }),
  ),
);
console.log(answered);
