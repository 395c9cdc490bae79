import { Call, Cast } from "../../runtime/call.ts";
import type { Process } from "../../runtime/process.ts";
import type { Timer } from "../../runtime/timers.ts";
import type { Milliseconds } from "../../runtime/types.ts";
import { recordReply } from "../sys/system-host.ts";
import { sameState } from "./same-state.ts";
import { isTime, kindOf } from "./statem-actions.ts";
import { type NextEvent, Occurrence } from "./statem-events.ts";
import { compileStatem, type StatemModule } from "./statem-module.ts";
import { EVENT, STATE, Timeout, type TimeoutRequest, Timeouts } from "./statem-timeouts.ts";

/** What a state machine keeps: its module, state and data, the events in line, and the transition that is going on. */
export class Statem {
  module: StatemModule;
  state: unknown = undefined;
  /** Before `init`: its argument. */
  data: unknown;
  /** Modules that others were pushed upon, the lowest first. */
  private below: readonly StatemModule[] = [];
  /** Events that come before the mailbox, the next one last. */
  private queue: Occurrence[] = [];
  /** Events that were put back, in the order in which they came. */
  private postponed: Occurrence[] = [];
  private timeouts: Timeouts | null = null;

  readonly hibernateAfter: Milliseconds | null;
  /** Runs while no message comes, if the machine hibernates after some time. */
  timer: Timer | null = null;

  // The transition: from the callback of an event until nothing is left to do for it.
  event: Occurrence | undefined = undefined;
  nextState: unknown = undefined;
  nextData: unknown = undefined;
  hibernating = false;
  private postponing = false;
  private inserted: Occurrence[] | null = null;
  private requests: TimeoutRequest[] | null = null;

  constructor(module: StatemModule, arg: unknown, hibernateAfter: Milliseconds | null) {
    this.module = module;
    this.data = arg;
    this.hibernateAfter = hibernateAfter;
  }

  // ── events ──

  /** A message as an event. `undefined`: a timeout that was cancelled on its way. */
  eventOf(message: unknown): Occurrence | undefined {
    if (message instanceof Call) return Occurrence.request("call", message.request, message.payload, message);
    if (message instanceof Cast) return Occurrence.request("cast", message.request, message.payload, undefined);
    if (message instanceof Timeout) return this.timeouts?.claim(message) === true ? message.event : undefined;
    return Occurrence.other("info", message);
  }

  /** Whether there are events that come before the mailbox. */
  get inLine(): boolean {
    return this.queue.length > 0 || this.timeouts?.inLine === true;
  }

  /** The next of those events. */
  takeInLine(): Occurrence | undefined {
    return this.queue.pop() ?? this.timeouts?.takeInLine()?.event;
  }

  begin(event: Occurrence | undefined): void {
    this.event = event;
    this.nextState = this.state;
    this.nextData = this.data;
    this.hibernating = false;
    this.postponing = false;
    this.inserted = null;
    this.requests = null;
  }

  /** Makes the next state and data the current ones; for `terminate`, when the transition goes no further. */
  arrive(): void {
    this.state = this.nextState;
    this.data = this.nextData;
  }

  /** The end of a transition: in line come what was inserted, then what was postponed in another state, then the rest. */
  complete(process: Process): void {
    if (this.postponing && this.event !== undefined) this.postponed.push(this.event);
    if (!sameState(this.nextState, this.state)) {
      this.putInLine(this.postponed);
      this.postponed = [];
      this.timeouts?.cancel(STATE);
    }
    this.timeouts?.cancel(EVENT);
    if (this.requests !== null) {
      this.timeouts ??= new Timeouts(process);
      this.timeouts.request(this.requests);
    }
    if (this.inserted !== null) this.putInLine(this.inserted);
    this.arrive();
    this.event = undefined;
  }

  /** Before what is in line already. */
  private putInLine(events: readonly Occurrence[]): void {
    for (let i = events.length - 1; i >= 0; i--) this.queue.push(events[i] as Occurrence);
  }

  /** How many events it keeps that came from the mailbox or were made: in line, or postponed. */
  get kept(): number {
    return this.queue.length + this.postponed.length;
  }

  /** Drops the messages that match of those that it keeps. */
  flush(match: (message: unknown) => boolean): void {
    const stays = (event: Occurrence): boolean => event.type !== "info" || !match(event.content);
    this.queue = this.queue.filter(stays);
    this.postponed = this.postponed.filter(stays);
  }

  /** What waits, for a report. */
  backlog(): { queue: readonly object[]; postponed: readonly object[]; timeouts: readonly object[] } {
    return {
      queue: this.queue.toReversed().map((event) => event.describe()),
      postponed: this.postponed.map((event) => event.describe()),
      timeouts: this.timeouts?.list() ?? [],
    };
  }

  // ── actions ──

  /** Takes an action, or notes it for the end of the transition. False for one that may not be. */
  act(process: Process, action: any, entering: boolean): boolean {
    switch (kindOf(action)) {
      case "reply":
        return this.reply(process, action, entering);
      case "postpone":
        if (typeof action.postpone !== "boolean" || (entering && action.postpone)) return false;
        this.postponing = action.postpone;
        return true;
      case "nextEvent":
        return !entering && this.insert(action.nextEvent);
      case "stateTimeout":
        return this.time(STATE, action, action.stateTimeout);
      case "eventTimeout":
        return this.time(EVENT, action, action.eventTimeout);
      case "genericTimeout":
        return "name" in action && this.time(action.name, action, action.genericTimeout);
      case "hibernate":
        if (typeof action.hibernate !== "boolean") return false;
        this.hibernating = action.hibernate;
        return true;
      case "changeCallbackModule":
        return !entering && this.change(action.changeCallbackModule, this.below);
      case "pushCallbackModule":
        return !entering && this.change(action.pushCallbackModule, [...this.below, this.module]);
      case "popCallbackModule":
        return !entering && action.popCallbackModule === true && this.pop();
      default:
        return false;
    }
  }

  private reply(process: Process, action: { reply: unknown; to?: unknown }, entering: boolean): boolean {
    const to = "to" in action || entering ? action.to : this.event?.from;
    if (!(to instanceof Call)) return false;
    recordReply(process, action.reply, to);
    to.answer(action.reply);
    return true;
  }

  private insert(event: NextEvent | undefined): boolean {
    const occurrence = occurrenceOf(event);
    if (occurrence === undefined) return false;
    this.inserted ??= [];
    this.inserted.push(occurrence);
    return true;
  }

  private time(key: unknown, action: { content?: unknown; abs?: boolean }, time: unknown): boolean {
    if (!isTime(action, time)) return false;
    this.requests ??= [];
    this.requests.push({ key, time, content: action.content, abs: action.abs === true });
    return true;
  }

  private change(source: unknown, below: readonly StatemModule[]): boolean {
    this.module = compileStatem(source);
    this.below = below;
    return true;
  }

  private pop(): boolean {
    const module = this.below.at(-1);
    if (module === undefined) return false;
    this.module = module;
    this.below = this.below.slice(0, -1);
    return true;
  }
}

/** An event that a callback made, if it is one. */
function occurrenceOf(event: any): Occurrence | undefined {
  switch (event?.type) {
    case "call":
      if (typeof event.request !== "string" || !(event.from instanceof Call)) return undefined;
      return Occurrence.request("call", event.request, event.payload, event.from);
    case "cast":
      if (typeof event.request !== "string") return undefined;
      return Occurrence.request("cast", event.request, event.payload, undefined);
    case "info":
    case "internal":
    case "stateTimeout":
    case "eventTimeout":
      return Occurrence.other(event.type, event.content);
    case "genericTimeout":
      return "name" in event ? Occurrence.other(event.type, event.content, event.name) : undefined;
  }
  return undefined;
}
