import type { Behaviour } from "../behaviour.ts";
import type { Dice } from "../dice.ts";
import { labelOf } from "../label.ts";
import { PlainState } from "../plain-process.ts";
import { IDLE, type Process, READY, START } from "../process.ts";
import { ProcessSelf } from "../self.ts";
import { DownMessage, ExitMessage } from "../signal.ts";
import type { Alias, Milliseconds, SendOptions, Target } from "../types.ts";
import { Arrival, type Event } from "./event.ts";
import { inOneWord, Lane } from "./lane.ts";
import type { SimKernel } from "./sim-kernel.ts";

type Match = (message: unknown) => boolean;

/**
 * A process whose mailbox knows who sent what. It may handle the oldest message of any sender next: as in OTP, only those
 * of one sender keep their order.
 */
export class SimProcess extends ProcessSelf {
  declare readonly kernel: SimKernel;
  /** Whether the machine has it on its list of those that may run. */
  listed = false;
  /** The state of its dice. */
  dice: Dice | undefined = undefined;
  /** Until then it does nothing. */
  stalledUntil: Milliseconds = 0;
  private readonly lanes = new Map<unknown, Lane>();
  private readonly started = new Map<string, number>();
  private called: string | undefined = undefined;
  /** How many lanes have messages in the mailbox. */
  private busyLanes = 0;
  private readonly starter: SimProcess | null;

  constructor(
    kernel: SimKernel,
    id: number,
    behaviour: Behaviour,
    state: unknown,
    starter: Process | null,
    linked: boolean,
    trapExit: boolean,
  ) {
    super(kernel, id, behaviour, state, starter, linked, trapExit);
    this.starter = starter as SimProcess | null;
  }

  /**
   * What it is called in every run in which its starters do the same: their path, its label, name or function, and of several
   * of one starter the number.
   */
  get path(): string {
    this.called ??= this.starter === null ? "root" : this.starter.nameChild(this);
    return this.called;
  }

  private nameChild(child: SimProcess): string {
    const base = nameOf(child);
    const count = (this.started.get(base) ?? 0) + 1;
    this.started.set(base, count);
    const own = count === 1 ? base : `${base}#${count}`;
    return this.starter === null ? own : `${this.path}/${own}`;
  }

  /** What somebody does to this process. */
  lane(from: SimProcess | string): Lane {
    const known = this.lanes.get(from);
    if (known !== undefined) return known;
    const lane = new Lane(`${typeof from === "string" ? from : from.path}→${this.path}`);
    this.lanes.set(from, lane);
    return lane;
  }

  // ── what it sends comes from it, and so keeps its order ──

  override send(to: Target | Alias, message: unknown, options?: SendOptions): void {
    this.kernel.machine.as(this, () => super.send(to, message, options));
  }

  override cast(to: Target, request: string, ...payload: unknown[]): void {
    this.kernel.machine.as(this, () => super.cast(to, request, ...payload));
  }

  // ── the mailbox: what is in it is wrapped, what comes out is not ──

  override push(message: unknown): void {
    super.push(this.wrap(message, false));
  }

  override pushUrgent(message: unknown): void {
    super.pushUrgent(this.wrap(message, true));
  }

  override prepend(messages: readonly unknown[]): void {
    super.prepend(messages.map((message) => this.wrap(message, true)));
  }

  override shift(): unknown {
    return this.unwrap(super.shift());
  }

  override take(match: Match): unknown[] {
    return super.take(inside(match)).map((arrival) => this.unwrap(arrival));
  }

  override takeUrgentFirst(match: Match | undefined): unknown {
    return this.unwrap(super.takeUrgentFirst(match === undefined ? undefined : inside(match)));
  }

  override takeOldest(match: Match): unknown {
    return this.unwrap(super.takeOldest(inside(match)));
  }

  override some(match: Match): boolean {
    return super.some(inside(match));
  }

  private wrap(message: unknown, urgent: boolean): Arrival {
    const lane = this.lane(this.kernel.machine.senderOf(message));
    if (lane.waiting++ === 0) this.busyLanes++;
    return new Arrival(this, lane, message, urgent);
  }

  private unwrap(arrival: unknown): unknown {
    if (!(arrival instanceof Arrival)) return arrival;
    if (--arrival.lane.waiting === 0) this.busyLanes--;
    return arrival.message;
  }

  // ── what it may do next ──

  /** Whether it waits for its turn. */
  get runs(): boolean {
    return this.status === READY;
  }

  /** Adds the oldest message of each sender. One that goes before the others is the only one; so is the first of all. */
  heads(events: Event[]): void {
    const before = events.length;
    super.some((each) => {
      const arrival = each as Arrival;
      const alone = arrival.urgent || arrival.message === START;
      if (!events.some(({ lane }, i) => i >= before && lane === arrival.lane)) events.push(arrival);
      return alone || events.length - before === this.busyLanes;
    });
  }

  /** Handles one of its messages. */
  handle(arrival: Arrival): void {
    this.takeOut(arrival);
    this.kernel.scheduler.runOne(this, arrival.message);
    if (this.status === READY && this.empty) this.status = IDLE;
  }

  /** As {@link handle}, but its code throws. */
  break(arrival: Arrival, error: Error): void {
    this.takeOut(arrival);
    if (arrival.starts) this.crash(error);
    else this.kernel.scheduler.failOne(this, arrival.message, error);
  }

  private takeOut(arrival: Arrival): void {
    const isIt = (each: unknown) => each === arrival;
    if (arrival.urgent) super.takeUrgentFirst(isIt);
    else super.takeOldest(isIt);
    this.unwrap(arrival);
  }
}

const inside =
  (match: Match): Match =>
  (each) =>
    match(each instanceof Arrival ? each.message : each);

function nameOf(process: SimProcess): string {
  const { state, label, registered, behaviour } = process;
  const own = state instanceof PlainState ? state.run.name : "";
  const name = labelOf(label) ?? registered ?? (own || behaviour.kind);
  return inOneWord(name);
}

/** Whether a message tells of somebody's end: it then comes from them, whoever ended them. */
export const isEnd = (message: unknown): message is ExitMessage | DownMessage<unknown> =>
  message instanceof ExitMessage || message instanceof DownMessage;
