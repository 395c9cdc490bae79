// What the examples of the docstrings take for granted: the library, and a few modules that they mention.

import { name, noreply, ok, reply } from "hornbeam";
import type { Channel, UserSocket } from "hornbeam/channels";
import { child, type GenServer } from "hornbeam/genserver";
import { type Conn, router } from "hornbeam/http";
import { DynamicSupervisor, type Supervisor } from "hornbeam/supervisor";

export { default as fc } from "fast-check";
export * from "hornbeam";
export * from "hornbeam/channels";
export * from "hornbeam/channels/test";
export * from "hornbeam/genserver";
export * from "hornbeam/http";
export * from "hornbeam/http/test";
export * from "hornbeam/simulation";
export * from "hornbeam/supervisor";
export * from "hornbeam/supervisor/simulation";
export * from "hornbeam/supervisor/test";
export * from "hornbeam/test";
export { test } from "hornbeam/vitest";
export { expect } from "vitest";

export const Counter = {
  init: (start: number) => ok(start),
  handleCall: { add: (by: number, count) => reply(count + by, count + by) },
} satisfies GenServer<number>;

/** Closes a minute after it was opened. */
export const Door = {
  init: () => ok("closed"),
  handleCall: {
    open: (_, __, self) => {
      self.sendAfter("close", 60_000);
      return reply("open", "open");
    },
    state: (_, state) => reply(state, state),
  },
  handleInfo: (_: "close") => noreply("closed"),
} satisfies GenServer<string>;

export const Room = {
  init: (_topic: string) => ok<readonly string[]>([]),
  handleCall: { history: (_, lines) => reply(lines, lines) },
} satisfies GenServer<readonly string[]>;

export const topic = "lobby";
export const lobbyName = name<typeof Room>(topic);
export const rooms = name("rooms");

export const RoomChannel = { join: (_topic, _payload, conn) => ok(conn) } satisfies Channel;

export const Visitors = {
  connect: (_params, conn) => ok(conn),
  channels: { "room:*": RoomChannel },
} satisfies UserSocket;

export const requireUser = (conn: Conn<{ requestId: string }>) => conn.assign("user", "ada");

export const site = router().get("/hello/:name", (conn, { name: who }) => conn.text(who));

/** The tree that the examples watch. */
export const App = {
  init: (_options: { readonly port: number }) => ({
    strategy: "oneForOne",
    children: [
      child(Counter, 0, { id: "counter" }),
      DynamicSupervisor.child({ name: rooms }),
      child(Room, topic, { name: lobbyName }),
    ],
  }),
} satisfies Supervisor;
