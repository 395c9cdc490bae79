import { ok, type Self } from "hornbeam";
import { socket, type UserSocket } from "hornbeam/channels";
import { child } from "hornbeam/genserver";
import { type Conn, http, pipeline, plug, RequestId, router, Static } from "hornbeam/http";
import { DynamicSupervisor, type Supervisor } from "hornbeam/supervisor";
import { Observer, observer, TreeChannel } from "./observer.ts";
import { roomName, rooms } from "./room.ts";
import { RoomChannel } from "./room-channel.ts";

export const Visitors = {
  connect: (_params, socket) => ok(socket),
  channels: { "room:*": RoomChannel, "tree:*": TreeChannel },
} satisfies UserSocket;

/** A function plug: nothing of this page comes from elsewhere. */
const secure = (conn: Conn) =>
  conn
    .putRespHeader("content-security-policy", "default-src 'self'; connect-src 'self' ws: wss:; frame-ancestors 'none'")
    .putRespHeader("x-content-type-options", "nosniff")
    .putRespHeader("referrer-policy", "no-referrer");

const site = router()
  .get("/health", (conn) => conn.text("ok\n"))
  .get("/rooms/:room/history", async (conn, { room }) => {
    const open = conn.self.whereis(roomName(`room:${room}`));
    if (open === undefined) return conn.putStatus(404).json({ error: "nobody is in this room" });
    return conn.json({ room, lines: await conn.self.call(open, "history") });
  });

/** The page and its script are ours; the client is the official one, as it comes from npm. */
const web = pipeline()
  .plug(plug(RequestId))
  .plug(secure)
  .plug(plug(Static, { from: new URL("public/", import.meta.url) }))
  .plug(plug(Static, { from: new URL(".", import.meta.resolve("phoenix")), only: ["phoenix.mjs"] }))
  .plug(site.plug);

export interface Options {
  readonly port: number;
  /** How long requests and WebSockets may take to end, in milliseconds. */
  readonly drain?: number;
}

/** The whole service. Rooms, the observer and the server need nothing of each other that does not survive a restart. */
export const App = {
  init: ({ port, drain = 10_000 }: Options, self: Self) => ({
    strategy: "oneForOne",
    maxRestarts: 100,
    children: [
      DynamicSupervisor.child({ name: rooms, maxRestarts: 100, maxChildren: 1000 }),
      child(Observer, self.pid, { name: observer }),
      http({ port, plug: web, sockets: { "/socket": socket(Visitors) }, drain }),
    ],
  }),
} satisfies Supervisor;
