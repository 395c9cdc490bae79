// What the compiler must accept and refuse of registries, partitions and groups. Checked by `tsc`; nothing here is run.
import {
  type GroupEvent,
  isGroupEvent,
  type Name,
  name,
  ok,
  type Pid,
  type ProtocolOf,
  pg,
  type Ref,
  reply,
  type Self,
  type System,
} from "hornbeam";
import { child, type GenServer, start } from "hornbeam/genserver";
import {
  PartitionSupervisor,
  type Registration,
  Registry,
  type RegistryEntry,
  type RegistryEvent,
  registry,
  via,
} from "hornbeam/supervisor";

declare const self: Self;
declare const system: System;
declare const pid: Pid;

/** Fails to compile unless the two types are the same. */
const same = <A, B>(_: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never): void => {};

const Room = {
  init: (_topic: string) => ok(0),
  handleCall: { say: (line: string, count) => reply(count + line.length, count) },
  handleInfo: (_: "tick", count) => ({ tag: "noreply", state: count, value: undefined, next: undefined }) as const,
} satisfies GenServer<number>;
type RoomProtocol = ProtocolOf<typeof Room>;

type Topic = `room:${string}`;
interface Info {
  readonly title: string;
}
const rooms = registry<Topic, Info, typeof Room>("rooms");
const anything = registry("anything");

// Keys and values are those of the registry.
Registry.register(self, rooms, "room:lobby", { title: "lobby" });
Registry.register(self, anything, 5, new Date());
// @ts-expect-error a key that is none
Registry.register(self, rooms, "lobby", { title: "lobby" });
// @ts-expect-error a value that is none
Registry.register(self, rooms, "room:lobby", "lobby");
// @ts-expect-error no value
Registry.register(self, rooms, "room:lobby");
// @ts-expect-error only a process registers
Registry.register(system, rooms, "room:lobby", { title: "lobby" });
// @ts-expect-error a key that is none
Registry.unregister(self, rooms, 1);
// @ts-expect-error a key that is none
Registry.lookup(self, rooms, "lobby");
// @ts-expect-error a predicate of another value
Registry.match(system, rooms, "room:lobby", (value: number) => value > 1);
// @ts-expect-error not a registry's name
Registry.lookup(self, pid, "room:lobby");

// What is found knows what the registrants understand.
const found = Registry.lookup(system, rooms, "room:lobby");
same<typeof found, readonly Registration<Info, RoomProtocol>[]>(true);
for (const { pid: room, value } of found) {
  const count: Promise<number> = self.call(room, "say", value.title);
  void count;
  self.send(room, "tick");
  // @ts-expect-error not a request of Room
  self.call(room, "leave");
  // @ts-expect-error not a message of Room
  self.send(room, "tock");
}
const selected = Registry.select(system, rooms, ({ key, value }) => key === "room:lobby" && value.title !== "");
same<typeof selected, readonly RegistryEntry<Topic, Info, RoomProtocol>[]>(true);
const keys = Registry.keys(system, rooms, pid);
same<typeof keys, readonly Topic[]>(true);
const values = Registry.values(system, rooms, "room:lobby", pid);
same<typeof values, readonly Info[]>(true);
const updated = Registry.updateValue(self, rooms, "room:lobby", (info) => ({ title: `${info.title}!` }));
same<typeof updated, readonly [value: Info, before: Info] | undefined>(true);
// @ts-expect-error the new value is none
Registry.updateValue(self, rooms, "room:lobby", (info) => info.title);
const locked = Registry.lock(self, rooms, {}, async () => 5);
same<typeof locked, Promise<number>>(true);
const at = Registry.whereisName(system, rooms, "room:lobby");
same<typeof at, Ref<typeof Room> | undefined>(true);
Registry.dispatch(system, rooms, "room:lobby", (all) => all.map(({ value }) => value.title));

declare const event: RegistryEvent<Topic, Info>;
if (event.tag === "register") same<typeof event.value, Info>(true);
// @ts-expect-error what is taken back has no value
else event.value;

// A key is a name of its registrant.
const lobby = via(rooms, "room:lobby", { title: "lobby" });
same<typeof lobby, Name<RoomProtocol>>(true);
const said = self.call(lobby, "say", "hello");
same<typeof said, Promise<number>>(true);
self.send(lobby, "tick");
self.monitor(lobby);
self.sendAfter("tick", 10, lobby);
start(system, Room, "room:lobby", { name: lobby });
child(Room, "room:lobby", { name: lobby });
// @ts-expect-error a key that is none
via(rooms, "lobby");
// @ts-expect-error a value that is none
via(rooms, "room:lobby", 1);
// @ts-expect-error not a request of Room
self.call(lobby, "leave");
// @ts-expect-error not a message of Room
self.send(lobby, "tock");

Registry.child({ name: rooms, keys: "unique", partitions: 2, listeners: [name("listener")], meta: { a: 1 } });
// @ts-expect-error no kind of keys
Registry.child({ name: rooms });
// @ts-expect-error no such kind of keys
Registry.child({ name: rooms, keys: "many" });

// The partitions of a supervisor.
const shards = name("shards");
PartitionSupervisor.child({ name: shards, childSpec: child(Room, "room:lobby") });
PartitionSupervisor.child({
  name: shards,
  childSpec: (partition) => child(Room, `room:${partition}`),
  strategy: "oneForAll",
});
// @ts-expect-error no child spec
PartitionSupervisor.child({ name: shards });
// @ts-expect-error no such strategy
PartitionSupervisor.child({ name: shards, childSpec: child(Room, "room:lobby"), strategy: "oneForNone" });
// @ts-expect-error partitions are not significant
PartitionSupervisor.child({ name: shards, childSpec: child(Room, "room:lobby"), autoShutdown: "anySignificant" });
const shard = PartitionSupervisor.name<typeof Room>(shards, { any: "key" });
same<typeof shard, Name<RoomProtocol>>(true);
self.call(shard, "say", "hello");
// @ts-expect-error not a request of Room
self.call(shard, "leave");

// Groups.
pg.join(self, "group", [pid, self.pid]);
const members = pg.scope("scope").getMembers(system, "group");
same<typeof members, readonly Pid[]>(true);
const left = pg.leave(system, 5, pid);
same<typeof left, boolean>(true);
declare const message: unknown;
if (isGroupEvent(message)) same<typeof message, GroupEvent>(true);
// @ts-expect-error only a process monitors
pg.monitor(system, "group");
// @ts-expect-error not a pid
pg.join(self, "group", "ada");
