import { Dice } from "../dice.ts";
import { BadArgument } from "../errors.ts";
import { show } from "../inspect.ts";
import type { Milliseconds } from "../types.ts";
import type { Arrival, Event, Transmission } from "./event.ts";
import type { Machine } from "./machine.ts";
import type { SimProcess } from "./sim-process.ts";

/** Which processes a fault may hit: any, those whose path is it or matches, or of whom the function says so. */
export type Victims = "any" | string | RegExp | ((path: string) => boolean);

/** What may go wrong in a run, besides the order of things. */
export interface Faults {
  /** A process is killed, between any two events. */
  readonly kill?: Victims;
  /** A callback throws, in place of handling its message. */
  readonly throwIn?: Victims;
  /** The start of a process fails: its `init` throws. */
  readonly failStart?: Victims;
  /** A process does nothing for {@link Faults.stalledFor}; the others go on. */
  readonly stall?: Victims;
  /** Default 1,000 ms. */
  readonly stalledFor?: Milliseconds;
  /** What is sent over a wire of a test adapter is lost, and the wire breaks. Victims are wires (`client→server`). */
  readonly drop?: Victims;
  /** It arrives late, by {@link Faults.delayedFor}; what follows on that wire, behind it. */
  readonly delay?: Victims;
  /** Default 1,000 ms. */
  readonly delayedFor?: Milliseconds;
  /** The clock jumps ahead by so much, as after a pause of the whole machine. */
  readonly jump?: Milliseconds;
  /** How many faults a run has at most. Default 1. */
  readonly max?: number;
}

/** A fault that is to happen, or has: behind an event, or in it. */
export type Injection =
  | { readonly fault: "kill"; readonly target: string; readonly after: string }
  | { readonly fault: "stall"; readonly target: string; readonly time: Milliseconds; readonly after: string }
  | { readonly fault: "jump"; readonly time: Milliseconds; readonly after: string }
  | { readonly fault: "throw"; readonly in: string }
  | { readonly fault: "drop"; readonly in: string }
  | { readonly fault: "delay"; readonly time: Milliseconds; readonly in: string };

/** What is before the first event. */
export const BEGIN = "begin";

/** Decides what goes wrong in one run. Asked before each event. */
export interface Plan {
  /** What goes wrong now, between two events. */
  between(machine: Machine, last: Event | undefined): readonly Injection[];
  /** Whether the handling of this message throws. */
  breaks(event: Arrival): boolean;
  /** What goes wrong with what is sent over a wire. */
  onWire(event: Transmission): Injection | undefined;
}

export const NO_FAULTS: Plan = { between: () => [], breaks: () => false, onWire: () => undefined };

const BETWEEN = ["kill", "stall", "jump"] as const;
/** These happen in an event: one that is drawn waits for the next that fits. */
const WITHIN = ["throwIn", "failStart", "drop", "delay"] as const;
type Within = (typeof WITHIN)[number];
type Kind = (typeof BETWEEN)[number] | Within;
const KINDS: readonly Kind[] = [...BETWEEN, ...WITHIN];

/** Faults at random, at most so many. */
export class RandomFaults implements Plan {
  private readonly faults: Faults;
  private readonly dice: Dice;
  /** How many begin at each step. */
  private readonly moments = new Map<number, number>();
  private readonly kinds: readonly Kind[];
  private step = 0;
  /** Those that wait for an event. */
  private readonly drawn: Kind[] = [];

  /** `length`: how many steps a run has, about. */
  constructor(faults: Faults, seed: number, length: number) {
    this.faults = faults;
    this.dice = new Dice(seed ^ 0x5bd1e995);
    this.kinds = KINDS.filter((kind) => faults[kind] !== undefined);
    const count = this.kinds.length === 0 ? 0 : this.dice.below((faults.max ?? 1) + 1);
    for (let i = 0; i < count; i++) {
      const step = this.dice.below(length + 1);
      this.moments.set(step, (this.moments.get(step) ?? 0) + 1);
    }
  }

  between(machine: Machine, last: Event | undefined): readonly Injection[] {
    const count = this.moments.get(this.step++) ?? 0;
    const after = last === undefined ? BEGIN : last.name;
    return Array.from({ length: count }).flatMap(() => this.draw(machine, after));
  }

  private draw(machine: Machine, after: string): readonly Injection[] {
    const kind = this.dice.of(this.kinds);
    if (kind !== "kill" && kind !== "stall" && kind !== "jump") {
      this.drawn.push(kind);
      return [];
    }
    if (kind === "jump") return [{ fault: "jump", time: this.faults.jump as Milliseconds, after }];
    const targets = machine.living.filter(({ path }) => isVictim(this.faults[kind] as Victims, path));
    if (targets.length === 0) return [];
    const target = (this.dice.of(targets) as SimProcess).path;
    if (kind === "kill") return [{ fault: "kill", target, after }];
    return [{ fault: "stall", target, time: this.faults.stalledFor ?? 1000, after }];
  }

  breaks(event: Arrival): boolean {
    return this.takes(event.starts ? "failStart" : "throwIn", event.receiver.path);
  }

  onWire({ name, wire }: Transmission): Injection | undefined {
    if (this.takes("drop", wire)) return { fault: "drop", in: name };
    if (this.takes("delay", wire)) return { fault: "delay", time: this.faults.delayedFor ?? 1000, in: name };
    return undefined;
  }

  /** Whether a fault of that kind was drawn, and may hit this one: then it has. */
  private takes(kind: Within, path: string): boolean {
    const at = this.drawn.indexOf(kind);
    if (at < 0 || !isVictim(this.faults[kind] as Victims, path)) return false;
    this.drawn.splice(at, 1);
    return true;
  }
}

/** Faults as they are told. */
export class PlannedFaults implements Plan {
  private readonly injections: readonly Injection[];
  constructor(injections: readonly Injection[]) {
    this.injections = injections;
  }

  between(_: Machine, last: Event | undefined): readonly Injection[] {
    const name = last === undefined ? BEGIN : last.name;
    return this.injections.filter((each) => "after" in each && each.after === name);
  }

  breaks({ name }: Arrival): boolean {
    return this.injections.some((each) => each.fault === "throw" && each.in === name);
  }

  onWire({ name }: Transmission): Injection | undefined {
    return this.injections.find((each) => (each.fault === "drop" || each.fault === "delay") && each.in === name);
  }
}

function isVictim(victims: Victims, path: string): boolean {
  if (path === "root") return false;
  if (typeof victims === "function") return victims(path);
  if (victims instanceof RegExp) return victims.test(path);
  return victims === "any" || victims === path;
}

const TIMES = ["stalledFor", "delayedFor", "jump"];
const KEYS = [...KINDS, "stalledFor", "delayedFor", "max"];

export function checkFaults(faults: Faults): Faults {
  for (const [key, value] of Object.entries(faults)) {
    if (!KEYS.includes(key)) throw bad(`one of ${KEYS.join(", ")}`, key);
    const isTime = TIMES.includes(key);
    if (isTime && !(value > 0)) throw bad(`${key} to be more than 0 ms`, value);
    if (key === "max" && !(Number.isInteger(value) && value >= 1))
      throw bad("max to be a whole number from 1 up", value);
    const isVictims = typeof value === "string" || typeof value === "function" || value instanceof RegExp;
    if (!isTime && key !== "max" && !isVictims) {
      throw bad(`${key} to be "any", a path, a RegExp or a function of a path`, value);
    }
  }
  return faults;
}

const bad = (expected: string, got: unknown): BadArgument =>
  new BadArgument(`simulate: expected of faults ${expected}, got: ${show(got)}`);
