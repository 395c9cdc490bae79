// Slow clients: each sends one byte now and then, half of them of a head, the others of a body. Prints for how many ms the
// most patient of them was let, when all have been closed; before, that it begins.
//
//   node test/soak/dawdlers.ts PORT CLIENTS MS-BETWEEN-BYTES
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const [port, clients, pause] = process.argv.slice(2).map(Number) as [number, number, number];

function dawdle(ofBody: boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const began = performance.now();
    const start = ofBody ? "POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nx" : "G";
    const rest = "ET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
    let at = 0;
    socket.on("connect", () => socket.write(start));
    const timer = setInterval(() => socket.write(ofBody ? "x" : (rest[at++] ?? "x")), pause);
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "ECONNRESET" && error.code !== "EPIPE") reject(error);
    });
    socket.resume();
    socket.on("close", () => {
      clearInterval(timer);
      resolve(performance.now() - began);
    });
  });
}

console.log("begins");
const all: Promise<number>[] = [];
for (let i = 0; i < clients; i++) {
  all.push(dawdle(i % 2 === 1));
  // One after the other, in two seconds: it matters that they are there, not that they come at once.
  await sleep(2000 / clients);
}
console.log(Math.max(...(await Promise.all(all))));
