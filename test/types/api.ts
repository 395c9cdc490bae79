// What the compiler must accept and refuse of processes and servers. Checked by `tsc`; nothing here is run.
import {
  type CallError,
  type Caller,
  type Down,
  type Exit,
  error,
  ignore,
  isDown,
  type Name,
  name,
  noreply,
  ok,
  type Pid,
  type Reason,
  type Ref,
  reply,
  type Self,
  type System,
  stop,
  type Telemetry,
  type Timeout,
} from "hornbeam";
import { child, type From, GenServer, start, startLink } from "hornbeam/genserver";
import type { VirtualSystem } from "hornbeam/test";

declare const self: Self;
declare const system: System;
declare const sim: VirtualSystem;
declare const telemetry: Telemetry;

/** Fails to compile unless the two types are the same. */
const same = <A, B>(_: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never): void => {};

interface Line {
  readonly from: string;
  readonly text: string;
}

const Room = {
  init: (_topic: string) => ok<readonly Line[]>([]),
  handleCall: {
    history: (_, lines) => reply(lines, lines),
    say: (line: Line, lines) => reply(lines.length + 1, [...lines, line]),
    slow: async (_, lines) => reply("done" as const, lines),
    later: (_, lines, __, _from: From) => noreply(lines),
    close: (_, lines) => stop("normal", lines, true),
    quit: (_, lines) => stop("normal", lines),
    find: (at: number | undefined, lines) => reply(lines[at ?? 0], lines),
  },
  handleCast: {
    crash: () => {
      throw new Error("a visitor pressed the red button");
    },
    clear: (_, _lines) => noreply([]),
    drop: (count: number, lines) => noreply(lines.slice(count)),
  },
  handleInfo: (message: Down | Timeout | "tick", lines) =>
    message === "tick" ? noreply(lines) : stop("normal", lines),
} satisfies GenServer<readonly Line[]>;

const Plain = { init: () => ok(0) } satisfies GenServer<number>;
const Optional = { init: (start?: number) => ok(start ?? 0) } satisfies GenServer<number>;
const roomName = (topic: string) => name<typeof Room>(topic);

export async function starting(): Promise<void> {
  const room = await startLink(self, Room, "x");
  same<typeof room, Ref<typeof Room>>(true);
  await start(system, Room, "x", { name: roomName("x"), timeout: 100 });
  await start(sim, Room, "x");
  await start(self, Plain);
  await start(self, Plain, { name: name("plain") });
  await start(self, Optional);
  await start(self, Optional, 1);
  const started: Ref<typeof Room> = await system.start(
    child(Room, "x", { restart: "transient", shutdown: "brutalKill" }),
  );
  void started;
  // @ts-expect-error init argument missing
  child(Room);
  // @ts-expect-error init argument of the wrong type
  child(Room, 5);
  // @ts-expect-error init takes no argument
  child(Plain, 5);
  // @ts-expect-error no such option
  child(Room, "x", { nmae: roomName("x") });
  // @ts-expect-error no such restart
  child(Room, "x", { restart: "sometimes" });
  // @ts-expect-error a system has no process to link to
  startLink(system, Room, "x");
  // @ts-expect-error a module without init
  start(self, { handleCall: {} });
}

export async function calling(room: Ref<typeof Room>): Promise<void> {
  same<Awaited<ReturnType<typeof history>>, readonly Line[]>(true);
  same<Awaited<ReturnType<typeof slow>>, "done">(true);
  same<Awaited<ReturnType<typeof quit>>, never>(true);
  const count: number = await self.call(room, "say", { from: "a", text: "b" });
  const closed: boolean = await self.call(room, "close");
  const line: Line | undefined = await self.call(room, "find", 1);
  await self.call(room, "find");
  await self.with({ timeout: "infinity" }).call(room, "history");
  await system.call(roomName("x"), "say", { from: "a", text: "b" });
  void [count, closed, line];
  // @ts-expect-error unknown call
  self.call(room, "nope");
  // @ts-expect-error wrong payload
  self.call(room, "say", 5);
  // @ts-expect-error payload missing
  self.call(room, "say");
  // @ts-expect-error one payload too many
  self.call(room, "history", 1);
  // @ts-expect-error wrong payload, by name
  self.call(roomName("x"), "say", { from: 1 });
  // @ts-expect-error crash is a cast
  self.call(room, "crash");
  // @ts-expect-error wrong reply type
  const text: string = await self.call(room, "say", { from: "a", text: "b" });
  // @ts-expect-error no such option
  self.with({ timout: 5 });
  void text;
}
const history = (caller: Caller, room: Name<Ref<typeof Room> extends Pid<infer P> ? P : never>) =>
  caller.call(room, "history");
const quit = (caller: Caller, room: Ref<typeof Room>) => caller.call(room, "quit");
const slow = (caller: Caller, room: Ref<typeof Room>) => caller.call(room, "slow");

export function telling(room: Ref<typeof Room>): void {
  self.cast(room, "crash");
  self.cast(room, "clear");
  self.cast(roomName("x"), "drop", 3);
  self.send(room, "tick");
  // @ts-expect-error say is a call
  self.cast(room, "say", { from: "a", text: "b" });
  // @ts-expect-error wrong payload
  self.cast(room, "drop", "3");
  // @ts-expect-error unknown cast
  self.cast(room, "nope");
  // @ts-expect-error not a message that handleInfo takes
  self.send(room, "tock");
  const plain: Ref<typeof Plain> = room as Pid;
  // @ts-expect-error a server without handleInfo takes no messages
  self.send(plain, "tick");
  // @ts-expect-error a name of one server is not a name of another
  const wrong: Name<Ref<typeof Room> extends Pid<infer P> ? P : never> = name<typeof Optional>("x");
  void wrong;
}

export async function receiving(me: Self<"tick" | Down | Exit>): Promise<void> {
  same<Awaited<ReturnType<typeof next>>, "tick" | Down | Exit>(true);
  const down: Down = await me.receive(isDown);
  const late: Down | Timeout = await me.receive(isDown, 100);
  const any: "tick" | Down | Exit | Timeout = await me.receive(undefined, 100);
  me.sendAfter("tick", 100).cancel();
  self.send(me.pid, "tick");
  void [down, late, any];
  // @ts-expect-error with a timeout there may be no message
  const sure: Down = await me.receive(isDown, 100);
  // @ts-expect-error not a message of this process
  me.sendAfter("tock", 100);
  // @ts-expect-error not a message of this process
  self.send(me.pid, "tock");
  void sure;
}
const next = (me: Self<"tick" | Down | Exit>) => me.receive();

export function modules(): void {
  // @ts-expect-error a cast has nobody to reply to
  ({ init: () => ok(0), handleCast: { get: (_, n) => reply(n, n) } }) satisfies GenServer<number>;
  // @ts-expect-error a call must return a result
  ({ init: () => ok(0), handleCall: { get: (_, n) => n } }) satisfies GenServer<number>;
  // @ts-expect-error the state has another type
  ({ init: () => ok("zero") }) satisfies GenServer<number>;
  // @ts-expect-error the next state has another type
  ({ init: () => ok(0), handleInfo: () => noreply("zero") }) satisfies GenServer<number>;
  // @ts-expect-error there is no such callback
  ({ init: () => ok(0), handleCal: {} }) satisfies GenServer<number>;
  // @ts-expect-error init does not go on without a state
  ({ init: () => noreply(0) }) satisfies GenServer<number>;
  // @ts-expect-error a timeout is a number or "infinity"
  ok(0, { timeout: "soon" });
  ({ init: (n: number) => (n > 0 ? ok(n) : n === 0 ? ignore : error("negative")) }) satisfies GenServer<number>;
  ({ init: () => stop("oops", undefined) }) satisfies GenServer<number>;
  ({
    init: async () => ok(0, { continue: "more" }),
    handleContinue: (_: string, n) => noreply(n),
  }) satisfies GenServer<number>;
}

export function events(): void {
  telemetry.on("process.exit", ({ count }, { pid, reason }) => {
    same<typeof count, number>(true);
    same<typeof pid, Pid>(true);
    same<typeof reason, Reason>(true);
  });
  telemetry.emit("genserver.unhandled", {}, { pid: self.pid, label: "x", message: 1 });
  // @ts-expect-error no such event
  telemetry.on("process.exti", () => {});
  // @ts-expect-error metadata missing
  telemetry.emit("process.exit", { count: 1 });
}

export async function stopping(room: Ref<typeof Room>, failed: CallError): Promise<void> {
  await GenServer.stop(self, room, { shutdown: "moved" }, 100);
  await system.stop("shutdown");
  const reason: Reason = failed.reason;
  void reason;
  // @ts-expect-error not a process or a name
  GenServer.stop(self, "room");
}

declare module "hornbeam" {
  interface TelemetryEvents {
    "user.event": [measurements: { duration: number }, metadata: { who: string }];
  }
}

export function ownEvents(): void {
  telemetry.on("user.event", ({ duration }, { who }) => void [duration * 2, who.length]);
  telemetry.emit("user.event", { duration: 1 }, { who: "me" });
}

// A payload that may be anything is a payload.
const Anything = {
  init: () => ok(0),
  handleCall: { keep: (_value: unknown, count) => reply(count, count) },
} satisfies GenServer<number>;
declare const anything: Ref<typeof Anything>;
same<Awaited<ReturnType<typeof self.call<typeof anything extends Pid<infer P> ? P : never, "keep">>>, number>(true);
void self.call(anything, "keep", { any: "thing" });
void self.call(anything, "keep");
// @ts-expect-error one payload, not two
void self.call(anything, "keep", 1, 2);
