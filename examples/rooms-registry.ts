// Rooms that are found by a key: one is opened when somebody comes first, found by everybody else, and closed when nobody
// has said anything for a while. A registry knows them, a dynamic supervisor keeps them.

import { alreadyStarted, type Caller, name, ok, type Ref, reply, stop, system, type Timeout } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { DynamicSupervisor, Registry, registry, type Supervisor, supervisor, via } from "hornbeam/supervisor";

/** How long a room stays open in silence, in milliseconds. */
const PATIENCE = 60_000;

const Room = {
  init: (_topic: Topic) => ok<readonly string[]>([], { timeout: PATIENCE }),
  handleCall: {
    say: (line: string, lines) => reply(lines.length + 1, [...lines, line], { timeout: PATIENCE }),
    history: (_, lines) => reply(lines, lines, { timeout: PATIENCE }),
  },
  handleInfo: (_: Timeout, lines) => stop("normal", lines),
} satisfies GenServer<readonly string[]>;

type Topic = `room:${string}`;

/** The registry knows a room by its topic, and keeps its title beside it. */
export const rooms = registry<Topic, { readonly title: string }, typeof Room>("rooms");
const keeper = name("rooms.keeper");

/** Opens a room, or finds the one that is open. Two visitors at once get the same room. */
export async function open(by: Caller, topic: Topic, title: string): Promise<Ref<typeof Room>> {
  const room = via(rooms, topic, { title });
  const spec = child(Room, topic, { name: room, id: topic, restart: "transient" });
  return by.whereis(room) ?? DynamicSupervisor.startChild(by, keeper, spec).catch(alreadyStarted);
}

/** The titles of the rooms that are open. */
export const titles = (by: Caller): readonly string[] => Registry.select(by, rooms).map(({ value }) => value.title);

/** When the registry is lost, so are the rooms: they were linked to it. What comes after it starts again, too. */
export const Rooms = {
  init: () => ({
    strategy: "restForOne",
    children: [Registry.child({ name: rooms, keys: "unique" }), DynamicSupervisor.child({ name: keeper })],
  }),
} satisfies Supervisor;

if (import.meta.main) {
  const world = system();
  await world.start(supervisor(Rooms, { id: "rooms" }));
  const lobby = await open(world, "room:lobby", "The lobby");
  await open(world, "room:attic", "The attic");
  console.log(lobby === (await open(world, "room:lobby", "Another lobby"))); // true
  console.log(await world.call(lobby, "say", "hello")); // 1
  console.log(await world.call(via(rooms, "room:lobby"), "history")); // [ 'hello' ]
  console.log(titles(world)); // [ 'The lobby', 'The attic' ]
  world.exit(lobby, "kill"); // it comes back empty, under its key
  await DynamicSupervisor.countChildren(world, keeper); // answers when it has done with the crash
  console.log(await world.call(via(rooms, "room:lobby"), "history")); // []
  await world.stop();
}
