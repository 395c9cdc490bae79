// What the compiler must accept and refuse of supervisors. Checked by `tsc`; nothing here is run.
import {
  type Backoff,
  type ChildSpec,
  type Name,
  name,
  ok,
  type Pid,
  type Ref,
  type Self,
  type WithExtra,
} from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import {
  type ChildInfo,
  type ChildTemplate,
  DynamicSupervisor,
  type StartArgs,
  type StartResult,
  Supervisor,
  supervisor,
} from "hornbeam/supervisor";

declare const self: Self;

/** Fails to compile unless the two types are the same. */
const same = <A, B>(_: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never): void => {};

const Room = {
  init: (_topic: string) => ok(0),
  handleInfo: (_: "tick", n) => ok(n) as never,
} satisfies GenServer<number>;
type RoomPid = Ref<typeof Room>;

const App = {
  init: (_port: number) => ({ strategy: "restForOne", children: [child(Room, "lobby")], backoff: { first: 100 } }),
} satisfies Supervisor;

const Rooms = {
  init: () => ({
    strategy: "simpleOneForOne",
    children: [
      { id: "room", start: (parent: Self, topic: string, _size?: number) => child(Room, topic).start(parent) },
    ],
  }),
} satisfies Supervisor;

const Tables = {
  init: async (_: { readonly path: string }) => ({
    strategy: "simpleOneForOne",
    maxRestarts: 7,
    children: [
      {
        id: "table",
        restart: "temporary",
        start: async (parent: Self) => {
          const pid = await child(Room, "table").start(parent);
          return pid === "ignore" ? pid : { pid, extra: new Map<string, number>() };
        },
      },
    ],
  }),
} satisfies Supervisor;

declare const withExtra: ChildSpec<any, WithExtra<any, { readonly port: number }>>;

export function modules(): void {
  same<StartArgs<typeof Rooms>, [topic: string, _size?: number | undefined]>(true);
  same<StartResult<typeof Rooms>, RoomPid>(true);
  same<StartArgs<typeof Tables>, []>(true);
  same<StartResult<typeof Tables>, { pid: RoomPid; extra: Map<string, number> }>(true);
  same<StartArgs<typeof App>, never>(true);
  supervisor(App, 4000, { name: name("app"), restart: "transient" });
  supervisor(Rooms);
  ({ init: () => ({ strategy: "oneForOne", children: [withExtra, child(Room, "x")] }) }) satisfies Supervisor;
  // @ts-expect-error init argument missing
  supervisor(App);
  // @ts-expect-error no such strategy
  ({ init: () => ({ strategy: "oneForNone", children: [] }) }) satisfies Supervisor;
  // @ts-expect-error one template, not none
  ({ init: () => ({ strategy: "simpleOneForOne", children: [] }) }) satisfies Supervisor;
  const room = child(Room, "a");
  // @ts-expect-error one template, not two
  ({ init: () => ({ strategy: "simpleOneForOne", children: [room, room] }) }) satisfies Supervisor;
  // @ts-expect-error a static child is started without arguments
  ({ init: () => ({ strategy: "oneForOne", children: Rooms.init().children }) }) satisfies Supervisor;
  // @ts-expect-error a back-off needs a first wait
  ({ init: () => ({ strategy: "oneForOne", children: [], backoff: { factor: 2 } }) }) satisfies Supervisor;
  // @ts-expect-error no such field
  ({ first: 1, jiter: 1 }) satisfies Backoff;
}

export async function simple(rooms: Ref<typeof Rooms>, tables: Ref<typeof Tables>): Promise<void> {
  same<Awaited<ReturnType<typeof startRooms>>, Ref<typeof Rooms>>(true);
  const room = await Supervisor.startChild(self, rooms, "lobby");
  same<typeof room, RoomPid | undefined>(true);
  await Supervisor.startChild(self, rooms, "lobby", 5);
  await Supervisor.startChild(self, name<typeof Rooms>("rooms"), "lobby");
  const table = await Supervisor.startChild(self, tables);
  same<typeof table, { pid: RoomPid; extra: Map<string, number> } | undefined>(true);
  await Supervisor.terminateChild(self, rooms, room as Pid);
  // @ts-expect-error the topic is missing
  Supervisor.startChild(self, rooms);
  // @ts-expect-error a topic is a string
  Supervisor.startChild(self, rooms, 5);
  // @ts-expect-error by name, too
  Supervisor.startChild(self, name<typeof Rooms>("rooms"), 5);
  // @ts-expect-error one argument too many
  Supervisor.startChild(self, rooms, "lobby", 5, 6);
  // @ts-expect-error tables take none
  Supervisor.startChild(self, tables, "lobby");
  // @ts-expect-error children are restarted by their ids, which these do not have
  Supervisor.restartChild(self, rooms, room);
}
const startRooms = () => Supervisor.startLink(self, Rooms);

export async function admin(app: Ref<typeof App>, anybody: Pid, byName: Name): Promise<void> {
  const room = await Supervisor.startChild(self, app, child(Room, "lobby"));
  same<typeof room, RoomPid | undefined>(true);
  const port = await Supervisor.startChild(self, app, withExtra);
  same<typeof port, WithExtra<any, { readonly port: number }> | undefined>(true);
  const again = await Supervisor.restartChild(self, app, "lobby");
  same<typeof again, Pid | undefined>(true);
  const more = await Supervisor.restartChild<WithExtra<any, number>>(self, app, "lobby");
  same<typeof more, WithExtra<any, number> | undefined>(true);
  const one = await Supervisor.whichChild(self, app, "lobby");
  same<typeof one, ChildInfo>(true);
  await Supervisor.startChild(self, anybody, child(Room, "lobby"));
  await Supervisor.startChild(self, byName, child(Room, "lobby"));
  await Supervisor.startChild(self, anybody, "who knows", 7);
  // @ts-expect-error a supervisor of children with ids takes child specs
  Supervisor.startChild(self, app, "lobby");
  // @ts-expect-error a template is not a child: nobody would give it its arguments
  Supervisor.startChild(self, app, Rooms.init().children[0]);
}

export async function dynamic(top: Pid): Promise<void> {
  const room = await DynamicSupervisor.startChild(self, top, child(Room, "lobby"));
  same<typeof room, RoomPid>(true);
  const port = await DynamicSupervisor.startChild(self, top, withExtra);
  same<typeof port, WithExtra<any, { readonly port: number }>>(true);
  const template: ChildTemplate<[db: string], RoomPid> = {
    id: "room",
    start: (parent, db) => child(Room, db).start(parent),
  };
  const fromTemplate = await DynamicSupervisor.startChild(self, top, template);
  same<typeof fromTemplate, RoomPid>(true);
  DynamicSupervisor.child({ extraArguments: ["db"], maxChildren: 5, restart: "temporary", backoff: { first: 1 } });
  // @ts-expect-error no such option
  DynamicSupervisor.child({ maxChilds: 5 });
  // @ts-expect-error arguments are a list
  DynamicSupervisor.child({ extraArguments: "db" });
  // @ts-expect-error children are stopped by their pids
  DynamicSupervisor.terminateChild(self, top, "room");
}

export function specs(): void {
  const spec = Supervisor.childSpec(child(Room, "lobby"), { restart: "temporary" });
  same<typeof spec, ChildSpec<Ref<typeof Room> extends Pid<infer P> ? P : never>>(true);
  const Stack = { childSpec: (items: readonly string[]) => child(Room, items.join()) };
  const fromModule = Supervisor.childSpec([Stack, ["a"]], { id: "stack" });
  same<typeof fromModule, typeof spec>(true);
  // @ts-expect-error no such field
  Supervisor.childSpec(child(Room, "lobby"), { restrat: "temporary" });
  // @ts-expect-error no such restart
  Supervisor.childSpec(child(Room, "lobby"), { restart: "always" });
  // @ts-expect-error its argument is a list of strings
  Supervisor.childSpec([Stack, [7]]);
  // @ts-expect-error it wants an argument
  Supervisor.childSpec(Stack);
  // @ts-expect-error a server module does not say how it is to be supervised
  Supervisor.childSpec(Room);
}
