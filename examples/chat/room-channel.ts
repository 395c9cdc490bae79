import { type Down, error, noreply, refuse, reply, stop } from "hornbeam";
import type { Channel } from "hornbeam/channels";
import { SupervisorError } from "hornbeam/supervisor";
import { type Line, open, roomName } from "./room.ts";

const LONGEST = { name: 40, room: 60, text: 2000 };

/** A visitor's conversation with one room. */
export const RoomChannel = {
  join: async (topic, visitor: { readonly user?: unknown } | null, socket) => {
    const user = tidy(visitor?.user, LONGEST.name);
    if (user === undefined) return error({ reason: `a name has 1 to ${LONGEST.name} characters` });
    const room = tidy(topic.slice("room:".length), LONGEST.room);
    if (room === undefined) return error({ reason: `a room has a name of 1 to ${LONGEST.room} characters` });
    const { self } = socket;
    const pid = await open(self, topic).catch((failure: unknown) => {
      if (failure instanceof SupervisorError) return undefined;
      throw failure;
    });
    if (pid === undefined) return error({ reason: "all rooms are taken; come into one that is open" });
    self.monitor(pid);
    return reply(await self.call(roomName(topic), "enter", { user, pid: self.pid }), socket.assign("user", user));
  },

  handleIn: {
    say: async (message: { readonly text?: unknown } | null, socket) => {
      const text = tidy(message?.text, LONGEST.text);
      if (text === undefined) return refuse({ reason: `say something, in at most ${LONGEST.text} characters` }, socket);
      const line: Line = { from: socket.assigns.user, text, at: Date.now() };
      const count = await socket.self.call(roomName(socket.topic), "say", line);
      socket.broadcast("said", line);
      return reply({ count }, socket);
    },

    crash: (_, socket) => {
      socket.self.cast(roomName(socket.topic), "crash");
      return noreply(socket);
    },
  },

  /** The room is gone: so is this conversation. The page joins again, and finds the room back. */
  handleInfo: ({ reason }: Down, socket) => {
    socket.push("roomDown", { reason: reason instanceof Error ? reason.message : String(reason) });
    return stop({ shutdown: "room down" }, socket);
  },
} satisfies Channel<{ readonly user: string }, Down>;

/** A text from the network: trimmed, neither empty nor too long. */
function tidy(value: unknown, longest: number): string | undefined {
  const text = typeof value === "string" ? value.trim() : "";
  return text === "" || text.length > longest ? undefined : text;
}
