// What the compiler must accept and refuse of plain processes. Checked by `tsc`; nothing here is run.
import {
  type Alias,
  type BusyWith,
  type Down,
  type LoopProtocol,
  loop,
  type MailboxOptions,
  type MonitorRef,
  system as makeSystem,
  type NameRef,
  name,
  noreply,
  type Pid,
  procLib,
  reply,
  type Self,
  type System,
  stop,
  Table,
  type TimerMessage,
  type TimerRef,
} from "hornbeam";

declare const self: Self<"tick" | Down>;
declare const system: System;

/** Fails to compile unless the two types are the same. */
const same = <A, B>(_: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never): void => {};

export function addresses(): void {
  const alias = self.alias({ reply: true });
  self.send(alias, "tick");
  // @ts-expect-error not a message of this process
  self.send(alias, "tock");
  // @ts-expect-error an alias is an address to send to, and nothing to call
  void self.call(alias, "get");
  // @ts-expect-error no such option
  self.alias({ once: true });
  // @ts-expect-error an alias, not a pid
  self.unalias(self.pid);
  const withdrawn: boolean = self.unalias(alias);
  void withdrawn;
  self.send(self.pid, "tick", { priority: true });
  // @ts-expect-error no such option
  self.send(self.pid, "tick", { urgent: true });
}

export function monitors(pid: Pid): void {
  const monitor = self.monitor(pid, { alias: "replyDemonitor", tag: { job: 7 } });
  same<typeof monitor, MonitorRef>(true);
  same<typeof monitor.alias, Alias | undefined>(true);
  const down: Down<{ job: number }> = { tag: { job: 7 }, ref: 1, pid, name: undefined, reason: "normal" };
  void down;
  // @ts-expect-error no such mode
  self.monitor(pid, { alias: "sometimes" });
  // @ts-expect-error a number is no target
  self.monitor(5);
}

export function timers(): void {
  const timer = self.sendAfter("tick", 10);
  same<typeof timer, TimerRef>(true);
  const left: number | undefined = timer.read();
  void left;
  self.sendAt("tick", self.now() + 10);
  self.startTimer({ any: "thing" }, 10);
  const elapsed: TimerMessage<string> = { tag: "timer", ref: timer.ref, message: "x" };
  void elapsed;
  // @ts-expect-error not a message of this process
  self.sendAfter("tock", 10);
  // @ts-expect-error a delay is a number
  self.sendAfter("tick", "10");
}

export function spawning(): void {
  const mailbox: MailboxOptions = { limit: 10, overflow: "dropOldest" };
  self.spawn(() => {}, { link: true, mailbox, trapExit: true });
  const { pid, monitor } = self.spawnMonitor(() => {}, { link: true, monitor: { tag: "gone" } });
  same<typeof monitor, MonitorRef>(true);
  system.spawn((child: Self) => child.exit(pid, "normal"));
  // @ts-expect-error no such policy
  self.spawn(() => {}, { mailbox: { limit: 1, overflow: "block" } });
  // @ts-expect-error no such option
  self.spawn(() => {}, { linked: true });
  // @ts-expect-error a spawn takes a function
  self.spawn("loop");
}

export function looping(): void {
  const counter = loop(0, (message: "add" | { readonly from: Pid }, count, child) => {
    same<typeof count, number>(true);
    same<typeof child, Self<"add" | { readonly from: Pid }>>(true);
    if (message === "add") return noreply(count + 1);
    child.send(message.from, count);
  });
  const pid = self.spawn(counter);
  same<typeof pid, Pid<LoopProtocol<"add" | { readonly from: Pid }>>>(true);
  system.send(system.spawn(counter), "add");
  self.send(pid, "add");
  self.send(self.spawnLink(counter), { from: pid });
  self.send(self.spawnMonitor(counter, { link: true }).pid, "add");
  self.spawn(loop({ left: 3 }, (_: "tick", state) => (--state.left === 0 ? stop("normal", state) : undefined)));
  self.spawn(loop("on", async (_: "tick") => noreply("off")));
  // @ts-expect-error no message of this loop
  self.send(pid, "subtract");
  // @ts-expect-error it has no requests
  void self.call(pid, "add");
  // @ts-expect-error the next state is of the same type
  loop({ left: 1 }, () => noreply("done"));
  // @ts-expect-error a value is not a result
  loop(0, (_: "add", count) => count + 1);
  // @ts-expect-error a loop has nobody to answer
  loop(0, (_: "add", count) => reply(count, count));
}

export async function starting(): Promise<void> {
  const pid: Pid = await procLib.start(self, (child, init) => {
    same<typeof child, Self>(true);
    init.ack();
  });
  void pid;
  system.start(procLib.child(() => {}, { id: "loop", restart: "transient" }));
  // @ts-expect-error an init is told with ack, ignore or fail
  await procLib.start(self, (_, init) => init.done());
  // @ts-expect-error only a process can be linked to
  await procLib.startLink(system, () => {});
}

export async function owning(): Promise<void> {
  const table = self.own(new Table<string, number>("hits"));
  same<typeof table, Table<string, number>>(true);
  table.set("a", 1);
  // @ts-expect-error a value of another type
  table.set("a", "1");
  using held = self.register(name("door"));
  same<typeof held, NameRef>(true);
  await using child = self.spawn(() => {});
  same<typeof child, Pid>(true);
  await using world = system;
  void world;
  // @ts-expect-error a number cannot be owned
  self.own(5);
}

export function unfinished(): void {
  makeSystem({ unfinishedAfter: 100 });
  makeSystem({ unfinishedAfter: "infinity" });
  // @ts-expect-error a time in ms, or infinity
  makeSystem({ unfinishedAfter: "never" });
  system.telemetry.on("process.unfinished", ({ after }, { busyWith, reason }) => {
    same<typeof after, number>(true);
    same<typeof busyWith, BusyWith>(true);
    void reason;
  });
}
