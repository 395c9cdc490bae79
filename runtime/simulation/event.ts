import { Call, Cast } from "../call.ts";
import { START } from "../process.ts";
import type { Timer } from "../timers.ts";
import type { Milliseconds } from "../types.ts";
import type { Lane } from "./lane.ts";
import type { Machine } from "./machine.ts";
import type { SimProcess } from "./sim-process.ts";

/** Something that may happen next in a simulated system. */
export abstract class Event {
  /** Which one it is: the older, the less. */
  readonly no: number;
  readonly lane: Lane;
  /** Only in a run that names its events. */
  readonly name: string;

  constructor(machine: Machine, lane: Lane, kind: () => string) {
    this.no = machine.nextNo();
    this.lane = lane;
    this.name = machine.named ? lane.name(kind()) : "";
  }

  /** Lets it happen. */
  abstract perform(machine: Machine): void;
}

/** A message in a mailbox, which its process may handle next. */
export class Arrival extends Event {
  readonly receiver: SimProcess;
  readonly message: unknown;
  /** Before ordinary messages, in the order in which it was put there. */
  readonly urgent: boolean;

  constructor(receiver: SimProcess, lane: Lane, message: unknown, urgent: boolean) {
    super(receiver.kernel.machine, lane, () => kindOf(message));
    this.receiver = receiver;
    this.message = message;
    this.urgent = urgent;
  }

  /** Whether it is the first turn of its process. */
  get starts(): boolean {
    return this.message === START;
  }

  perform(machine: Machine): void {
    machine.current = this.receiver;
    this.receiver.handle(this);
  }
}

/** What somebody waits for has come: a reply, the end of a sleep. */
export class Settlement extends Event {
  readonly waiter: SimProcess;
  private readonly tell: (value: any) => void;
  private readonly value: unknown;

  constructor(
    machine: Machine,
    lane: Lane,
    waiter: SimProcess,
    tell: (value: any) => void,
    value: unknown,
    what: string | undefined,
  ) {
    super(machine, lane, () => `(${what ?? "continue"})`);
    this.waiter = waiter;
    this.tell = tell;
    this.value = value;
  }

  /** Who is dead is not told; the system itself is nobody's code, and always is. */
  get possible(): boolean {
    return !this.waiter.dead || this.waiter === this.waiter.kernel.root;
  }

  perform(machine: Machine): void {
    machine.current = this.waiter;
    this.tell(this.value);
  }
}

/** A timer that is due. */
export class Ring extends Event {
  private readonly timer: Timer;

  constructor(machine: Machine, lane: Lane, timer: Timer) {
    super(machine, lane, () => "timer");
    this.timer = timer;
  }

  /** Until it is cancelled. */
  get possible(): boolean {
    return this.timer.waits;
  }

  perform(machine: Machine): void {
    machine.current = null;
    machine.via = "time";
    this.timer.fire();
  }
}

/** Something on a wire of a test adapter. */
export class Transmission extends Event {
  readonly wire: string;
  private readonly arrive: () => void;
  private readonly lost: () => void;
  /** It does not arrive; the other end sees the wire break. */
  isLost = false;
  /** It arrives no earlier. */
  at: Milliseconds = 0;

  constructor(machine: Machine, lane: Lane, wire: string, what: string, arrive: () => void, lost: () => void) {
    super(machine, lane, () => what);
    this.wire = wire;
    this.arrive = arrive;
    this.lost = lost;
  }

  perform(machine: Machine): void {
    machine.current = null;
    machine.via = this.wire;
    if (this.isLost) this.lost();
    else this.arrive();
  }
}

/** What a table calls a message. */
export function kindOf(message: unknown): string {
  if (message === START) return "starts";
  if (message instanceof Call || message instanceof Cast) return message.request;
  if (typeof message === "string") return message.length > 0 && message.length <= 20 ? message : "string";
  if (typeof message !== "object" || message === null) return String(message);
  const { tag } = message as { tag?: unknown };
  return typeof tag === "string" ? tag : (message.constructor?.name ?? "object");
}
