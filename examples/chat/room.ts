import { alreadyStarted, type Down, name, noreply, ok, type Pid, reply, type Self, stop, type Timeout } from "hornbeam";
import { PubSub } from "hornbeam/channels";
import { child, type GenServer } from "hornbeam/genserver";
import { DynamicSupervisor } from "hornbeam/supervisor";

/** What somebody said. */
export interface Line {
  readonly from: string;
  readonly text: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

interface State {
  readonly topic: string;
  readonly lines: readonly Line[];
  /** Who is here, by the process that speaks for them. */
  readonly people: ReadonlyMap<number, string>;
}

/** How much a room remembers, and how long it stays open when nobody is there, in milliseconds. */
const MEMORY = 200;
const PATIENCE = 60_000;

/**
 * A room remembers what was said, and knows who is in it. Its memory is its state: a crash empties it, and its
 * supervisor brings it back.
 */
export const Room = {
  init: (topic: string) => ok<State>({ topic, lines: [], people: new Map() }, { timeout: PATIENCE }),

  handleCall: {
    /** A visitor comes in, for as long as the process `pid` lives. */
    enter: ({ user, pid }: { readonly user: string; readonly pid: Pid }, room, self) => {
      self.monitor(pid);
      const now = { ...room, people: new Map(room.people).set(pid.id, user) };
      tell(self, now);
      return reply({ history: room.lines, people: [...now.people.values()] }, now);
    },

    say: (line: Line, room) => {
      const lines = [...room.lines, line].slice(-MEMORY);
      return reply(lines.length, { ...room, lines }, unlessEmpty(room));
    },

    history: (_, room) => reply(room.lines, room, unlessEmpty(room)),
  },

  handleCast: {
    crash: (): never => {
      throw new Error("a visitor pressed the red button");
    },
  },

  /** Somebody has left; or nobody has come for a while, and the room is closed. */
  handleInfo: (message: Down | Timeout, room, self) => {
    if (message.tag === "timeout") return stop("normal", room);
    const people = new Map(room.people);
    people.delete(message.pid.id);
    const now = { ...room, people };
    tell(self, now);
    return noreply(now, unlessEmpty(now));
  },
} satisfies GenServer<State>;

const unlessEmpty = ({ people }: State) => (people.size === 0 ? { timeout: PATIENCE } : undefined);

function tell(self: Self, { topic, people }: State): void {
  PubSub.broadcast(self, topic, "people", { people: [...people.values()] });
}

export const rooms = name("rooms");
export const roomName = (topic: string) => name<typeof Room>(topic);

/** Opens a room, or finds the one that is open. Two visitors at once get the same room. */
export async function open(self: Self, topic: string): Promise<Pid> {
  const spec = child(Room, topic, { name: roomName(topic), id: topic, restart: "transient" });
  return self.whereis(roomName(topic)) ?? DynamicSupervisor.startChild(self, rooms, spec).catch(alreadyStarted);
}
