import type { Milliseconds } from "./types.ts";

/** Five bits of the time a level: 32 ms, a second, half a minute, a quarter of an hour. What is later waits apart. */
const BITS = 5;
const SLOTS = 2 ** BITS;
const LEVELS = 4;
const SPAN = SLOTS ** LEVELS;

/** A place in a list: of a slot, or of what hangs there. */
class Link {
  before: Link | null = null;
  after: Link | null = null;
}

/** What a wheel holds: a moment, and an order among those of the same moment. */
export abstract class Entry extends Link {
  at: Milliseconds;
  readonly order: number;

  constructor(at: Milliseconds, order: number) {
    super();
    this.at = at;
    this.order = order;
  }

  /** Whether it waits, in a wheel or ({@link wait}) on its way there. */
  get waits(): boolean {
    return this.after !== null;
  }

  /** It is to be in a wheel, and is not there yet. */
  wait(): void {
    this.before = this.after = this;
  }

  leave(): void {
    if (this.before === null || this.after === null) return;
    this.before.after = this.after;
    this.after.before = this.before;
    this.before = this.after = null;
  }
}

/** Entries of one span of time, as a circle. What has left may have been the earliest: `earliest` is at most too early. */
class Slot extends Link {
  earliest: Milliseconds = Number.POSITIVE_INFINITY;

  constructor() {
    super();
    this.before = this.after = this;
  }

  get empty(): boolean {
    return this.after === this;
  }

  add(entry: Entry): void {
    const last = this.before as Link;
    entry.before = last;
    entry.after = this;
    last.after = entry;
    this.before = entry;
    if (entry.at < this.earliest) this.earliest = entry.at;
  }

  /** Takes out all entries, each as one that waits for its next place, in the order in which they came. */
  takeAll(): Entry[] {
    const entries: Entry[] = [];
    for (let link = this.after as Link; link !== this; ) {
      const entry = link as Entry;
      link = entry.after as Link;
      entry.wait();
      entries.push(entry);
    }
    this.before = this.after = this;
    this.earliest = Number.POSITIVE_INFINITY;
    return entries;
  }
}

/**
 * A hierarchical timing wheel (Varghese and Lauck): to put an entry in and to take it out costs the same however many
 * there are. A level holds what is in the same span of the level above as now, and later than the span of its own; so
 * the earliest entry is in the first slot of the lowest level that has any.
 */
export class Wheel {
  private readonly slots = Array.from({ length: LEVELS * SLOTS }, () => new Slot());
  /** For each level, a bit for each slot that may have entries. */
  private readonly used = new Array<number>(LEVELS).fill(0);
  private readonly far = new Slot();
  /** The whole millisecond up to which everything has been taken out. */
  private tick = 0;

  add(entry: Entry): void {
    const tick = Math.max(this.tick, Math.floor(entry.at));
    if (spanOf(tick) !== spanOf(this.tick)) return this.far.add(entry);
    const level = levelOf((tick ^ this.tick) & (SPAN - 1));
    const index = (tick >>> (level * BITS)) & (SLOTS - 1);
    this.slotAt(level, index).add(entry);
    this.used[level] = (this.used[level] as number) | (1 << index);
  }

  /** No entry is due before it; Infinity when there is none. */
  get next(): Milliseconds {
    const level = this.lowest();
    if (level >= 0) return this.slotAt(level, this.first(level)).earliest;
    return this.far.empty ? Number.POSITIVE_INFINITY : this.far.earliest;
  }

  /** Takes out what is due at `now`: in order of time, and of what is due at once, in the order of its making. */
  expire(now: Milliseconds): Entry[] {
    const last = Math.max(this.tick, Math.floor(now));
    const due: Entry[] = [];
    for (;;) {
      const level = this.lowest();
      if (level < 0) {
        if (this.far.empty || Math.floor(this.far.earliest) > last) break;
        this.turn(Math.max(this.tick, Math.floor(this.far.earliest)));
        continue;
      }
      const index = this.first(level);
      const start = this.startOf(level, index);
      if (start > last) break;
      this.tick = Math.max(this.tick, start);
      const slot = this.slotAt(level, index);
      this.used[level] = (this.used[level] as number) & ~(1 << index);
      if (level > 0) this.spread(slot);
      else if (this.ripe(slot, now, due)) break;
    }
    this.turn(last);
    return sorted(due);
  }

  /** What waits apart may belong into the span that begins. */
  private turn(tick: number): void {
    const begins = spanOf(tick) !== spanOf(this.tick);
    this.tick = tick;
    if (begins) this.spread(this.far);
  }

  *entries(): Generator<Entry> {
    for (const slot of [...this.slots, this.far]) {
      for (let link = slot.after as Link; link !== slot; link = link.after as Link) yield link as Entry;
    }
  }

  /** The slot of a millisecond: what is due leaves it. True when something is due later in the same millisecond. */
  private ripe(slot: Slot, now: Milliseconds, due: Entry[]): boolean {
    let later = false;
    for (const entry of slot.takeAll()) {
      if (entry.at <= now) due.push(entry);
      else {
        this.add(entry);
        later = true;
      }
    }
    return later;
  }

  /** Time has come to the span of a slot: its entries go to lower levels. */
  private spread(slot: Slot): void {
    for (const entry of slot.takeAll()) this.add(entry);
  }

  private slotAt(level: number, index: number): Slot {
    return this.slots[level * SLOTS + index] as Slot;
  }

  /** The lowest level with entries, or -1. Slots that everything has left are crossed off on the way. */
  private lowest(): number {
    for (let level = 0; level < LEVELS; level++) {
      while (this.used[level] !== 0) {
        const index = this.first(level);
        if (!this.slotAt(level, index).empty) return level;
        this.slotAt(level, index).earliest = Number.POSITIVE_INFINITY;
        this.used[level] = (this.used[level] as number) & ~(1 << index);
      }
    }
    return -1;
  }

  /** The first slot of a level that is used: they all lie ahead. */
  private first(level: number): number {
    const used = this.used[level] as number;
    return 31 - Math.clz32(used & -used);
  }

  /** The millisecond in which a slot begins. */
  private startOf(level: number, index: number): number {
    const span = SLOTS ** level;
    return Math.floor(this.tick / (span * SLOTS)) * span * SLOTS + index * span;
  }
}

const spanOf = (tick: number): number => Math.floor(tick / SPAN);

const levelOf = (difference: number): number =>
  difference < SLOTS ? 0 : difference < SLOTS ** 2 ? 1 : difference < SLOTS ** 3 ? 2 : 3;

/** They nearly always are. */
function sorted(entries: Entry[]): Entry[] {
  for (let i = 1; i < entries.length; i++) {
    if (!inOrder(entries[i - 1] as Entry, entries[i] as Entry)) return entries.sort(compare);
  }
  return entries;
}

const inOrder = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
const compare = (a: Entry, b: Entry): number => a.at - b.at || a.order - b.order;
