import { expect, test } from "vitest";
import { Program } from "./program.ts";

// The soak programs in small: that they run, and find nothing. Alone, they take minutes.

test("SIGTERM under load, three times: no request fails, over HTTP/1.1, HTTP/2 and WebSockets", async () => {
  await using soak = new Program("test/soak/sigterm.ts", {}, ["--rounds", "3", "--sockets", "100", "--clients", "30"]);
  expect(await soak.code(), soak.output).toBe(0);
  expect(soak.output).toMatch(
    /^sigterm: 3 of 3 servers ended with 0, .* 300 WebSockets told to come back; 0 failures$/m,
  );
});

test("clients that send a byte now and then are closed by their deadline, and nobody else feels them", async () => {
  const small = ["--slow", "200", "--rate", "200", "--seconds", "5", "--deadline", "3000"];
  await using soak = new Program("test/soak/slow-clients.ts", {}, small);
  expect(await soak.code(), soak.output).toBe(0);
  expect(soak.output).toMatch(/^slow clients: 200 closed after \d+ ms at most .*; 0 failures$/m);
});
