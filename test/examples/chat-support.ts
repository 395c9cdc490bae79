import { type System, system } from "hornbeam";
import { httpInfo } from "hornbeam/http";
import { supervisor } from "hornbeam/supervisor";
import type { Channel, Socket } from "phoenix";
import { App } from "../../examples/chat/app.ts";
import { answerTo, inbox, type Options, withClients } from "../channels/client.ts";

export interface Service {
  readonly world: System;
  readonly port: number;
  dial(options?: Options): Socket;
  fetch(path: string): Promise<Response>;
}

/** Runs the chat service on a free port, and stops it. */
export async function chatting(test: (service: Service) => Promise<void>): Promise<void> {
  const world = system({ reports: false, catchStrays: false });
  try {
    await world.start(supervisor(App, { port: 0, drain: 500 }, { id: "chat" }));
    const { port } = await httpInfo(world);
    const page = (path: string) => fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: "close" } });
    await withClients({ port }, (dial) => test({ world, port, dial, fetch: page }));
  } finally {
    await world.stop();
  }
}

/** A visitor who has joined a room. */
export async function visit(socket: Socket, room: string, user: string) {
  const channel = socket.channel(room, { user });
  const [people, said, roomDown] = ["people", "said", "roomDown"].map((event) => inbox(channel, event)) as Inboxes;
  const closed = new Promise<void>((resolve) => channel.onClose(() => resolve()));
  const [status, welcome] = await answerTo(channel.join());
  return { channel, status, welcome, people, said, roomDown, closed, say: say(channel) };
}
type Inboxes = [Inbox, Inbox, Inbox];
type Inbox = ReturnType<typeof inbox>;

const say = (channel: Channel) => (text: unknown) => answerTo(channel.push("say", { text }));
