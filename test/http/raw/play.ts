import { type PlugFn, router } from "hornbeam/http";
import type { Client } from "../client.ts";
import type { Live } from "../support.ts";
import type { Row } from "./row.ts";

export interface Outcome {
  readonly answers: readonly number[];
  readonly connection: Row["connection"] | "silent";
}

/** A site that counts the requests that reach it, and reads the bodies of those to `/read`. */
export class Site {
  plugs = 0;
  readonly plug: PlugFn<any, any> = router()
    .get("/alive", (conn) => conn.text("alive"))
    .match("/read/*rest", async (conn) => {
      this.plugs++;
      return conn.text(`${(await conn.readBody()).byteLength} bytes`);
    })
    .match("/*path", (conn) => {
      this.plugs++;
      return conn.text("ok");
    }).plug;
}

const ALIVE = "GET /alive HTTP/1.1\r\nHost: a\r\n\r\n";

/** How long the server may take, in real time, before its silence is what has happened. */
const PATIENCE = 500;

/** Sends a row, and looks at what comes of it: as long as the row says that it takes, and no longer than that. */
export async function play(live: Live, row: Row): Promise<Outcome> {
  const client = await live.connect();
  const pieces = typeof row.raw === "string" ? [row.raw] : row.raw;
  for (const [i, piece] of pieces.entries()) {
    if (i > 0) await settled(live);
    client.send(piece);
  }
  if (row.leaves === "ends") client.socket.end();
  if (row.leaves === "resets") client.reset();
  if (row.connection === "waiting") {
    await settled(live);
    return { answers: statuses(client.text), connection: client.over ? "closed" : "waiting" };
  }
  if (row.connection === "open") client.send(ALIVE);
  const connection = await within(row.connection === "open" ? goesOn(client) : ends(client));
  const answers = statuses(client.text);
  return { answers: connection === "open" ? answers.slice(0, -1) : answers, connection };
}

/** The server has taken in all that was sent before: it has answered what was sent on another connection after it. */
async function settled(live: Live): Promise<void> {
  const other = await live.connect();
  await other.get("/alive");
  other.socket.destroy();
}

const ends = async (client: Client): Promise<"closed"> => {
  await client.closed;
  return "closed";
};

async function goesOn(client: Client): Promise<"open" | "closed"> {
  await client.wrote((text) => text.endsWith("\r\n\r\nalive"));
  return client.over ? "closed" : "open";
}

function within<T>(outcome: Promise<T>): Promise<T | "silent"> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<"silent">((resolve) => {
    timer = setTimeout(resolve, PATIENCE, "silent");
  });
  return Promise.race([outcome, silence]).finally(() => clearTimeout(timer));
}

const statuses = (text: string): number[] => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code));
