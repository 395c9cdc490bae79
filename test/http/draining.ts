import type { Pid } from "hornbeam";
import { type HttpOptions, type PlugFn, router } from "hornbeam/http";
import { expect } from "vitest";
import type { Client } from "./client.ts";
import { type Live, serving } from "./support.ts";

export const GRACE = 1000;
export const DRAIN = 5000;

/** `/wait` answers with the message that its process gets; everything else at once. */
export const site = router()
  .get("/wait", async (conn) => conn.text(String(await conn.self.receive())))
  .post("/read", async (conn) => conn.text(`${(await conn.readBody()).length} bytes`))
  .get("/stubborn", async (conn) => {
    conn.self.trapExit = true;
    for (;;) await conn.self.receive();
  })
  .match("/*path", (conn) => conn.text(conn.requestPath)).plug;

/** A test against a server that can be told to stop. */
export const stoppable = (
  test: (live: Live) => Promise<void>,
  options: Partial<HttpOptions> & { plug?: PlugFn } = {},
) => serving({ plug: site, grace: GRACE, drain: DRAIN, ...options }, test);

/** A request whose process has begun. */
export async function begin(live: Live, path: string): Promise<{ readonly client: Client; readonly pid: Pid }> {
  const client = await live.connect();
  const started = live.next("http.request.start", (request) => request.path === path);
  client.request("GET", path);
  const { pid } = await started;
  await live.sim.idle();
  return { client, pid };
}

/** Tells the system to stop, and waits until the server drains. */
export async function drain(live: Live): Promise<{ readonly stopped: Promise<void> }> {
  const began = live.next("http.drain.start");
  const stopped = live.sim.stop();
  await began;
  await live.sim.idle();
  return { stopped };
}

/** Whether a connection has closed yet: everything that is on its way has arrived. */
export async function isOpen(live: Live, client: Client): Promise<boolean> {
  await live.sim.idle();
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  return !client.socket.destroyed && !client.socket.readableEnded;
}

/** Fails unless the connection is closed when it has been quiet for the grace period from now on, and not before. */
export async function closesAfterGrace(live: Live, client: Client): Promise<void> {
  await live.sim.advance(GRACE - 1);
  expect(await isOpen(live, client)).toBe(true);
  await live.sim.advance(GRACE / 10 + 1);
  expect(await client.closed).toBe("closed");
}
