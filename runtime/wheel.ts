import type { Milliseconds } from "./types.ts";

/** Eight bits of the time a level: a quarter of a second, a minute, almost five hours. What is later waits apart. */
const BITS = 8;
const SLOTS = 2 ** BITS;
const LEVELS = 3;
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

  /** Hands all entries over, in the order in which they came. */
  drain(into: (entry: Entry) => void): void {
    let link = this.after as Link;
    this.before = this.after = this;
    this.earliest = Number.POSITIVE_INFINITY;
    while (link !== this) {
      const entry = link as Entry;
      link = entry.after as Link;
      into(entry);
    }
  }
}

/** The slots of one level, each made on first use, and which of them may have entries. */
class Level {
  /** A bit for each slot, 32 in a word. */
  private readonly used = new Int32Array(SLOTS / 32);
  private slots: (Slot | undefined)[] = [];

  add(index: number, entry: Entry): void {
    if (this.slots.length === 0) this.slots = new Array(SLOTS).fill(undefined);
    const slot = this.slots[index] ?? new Slot();
    this.slots[index] = slot;
    slot.add(entry);
    const word = index >> 5;
    this.used[word] = (this.used[word] as number) | (1 << index);
  }

  at(index: number): Slot {
    return this.slots[index] as Slot;
  }

  /** The first slot with entries, or -1: they all lie ahead. Those that everything has left are crossed off on the way. */
  get first(): number {
    for (let word = 0; word < this.used.length; word++) {
      while (this.used[word] !== 0) {
        const bits = this.used[word] as number;
        const index = word * 32 + 31 - Math.clz32(bits & -bits);
        if (!this.at(index).empty) return index;
        this.drop(index);
      }
    }
    return -1;
  }

  /** A slot is empty, or will be. */
  drop(index: number): Slot {
    const slot = this.at(index);
    if (slot.empty) slot.earliest = Number.POSITIVE_INFINITY;
    const word = index >> 5;
    this.used[word] = (this.used[word] as number) & ~(1 << index);
    return slot;
  }

  all(): readonly Slot[] {
    return this.slots.filter((slot) => slot !== undefined);
  }
}

/**
 * A hierarchical timing wheel (Varghese and Lauck): to put an entry in and to take it out costs the same however many
 * there are. A level holds what is in the same span of the level above as now, and later than the span of its own; so
 * the earliest entry is in the first slot of the lowest level that has any.
 */
export class Wheel {
  private readonly levels = Array.from({ length: LEVELS }, () => new Level());
  private readonly far = new Slot();
  /** The whole millisecond up to which everything has been taken out. */
  private tick = 0;

  add(entry: Entry): void {
    const tick = Math.max(this.tick, Math.floor(entry.at));
    if (spanOf(tick) !== spanOf(this.tick)) return this.far.add(entry);
    const level = levelOf((tick ^ this.tick) & (SPAN - 1));
    const index = (tick >>> (level * BITS)) & (SLOTS - 1);
    this.level(level).add(index, entry);
  }

  /** No entry is due before it; Infinity when there is none. */
  get next(): Milliseconds {
    for (const level of this.levels) {
      const index = level.first;
      if (index >= 0) return level.at(index).earliest;
    }
    return this.far.empty ? Number.POSITIVE_INFINITY : this.far.earliest;
  }

  /** Takes out what is due at `now`: in order of time, and of what is due at once, in the order of its making. */
  expire(now: Milliseconds): Entry[] {
    const last = Math.max(this.tick, Math.floor(now));
    const due: Entry[] = [];
    while (this.step(now, last, due));
    this.turn(last);
    return sorted(due);
  }

  /** Goes on to the next slot. False when there is none up to `last`. */
  private step(now: Milliseconds, last: number, due: Entry[]): boolean {
    for (let level = 0; level < LEVELS; level++) {
      const index = this.level(level).first;
      if (index < 0) continue;
      const start = this.startOf(level, index);
      if (start > last) return false;
      this.tick = Math.max(this.tick, start);
      const slot = this.level(level).drop(index);
      if (level === 0) return this.ripe(slot, now, due);
      this.spread(slot);
      return true;
    }
    if (this.far.empty || Math.floor(this.far.earliest) > last) return false;
    this.turn(Math.max(this.tick, Math.floor(this.far.earliest)));
    return true;
  }

  /** What waits apart may belong into the span that begins. */
  private turn(tick: number): void {
    const begins = spanOf(tick) !== spanOf(this.tick);
    this.tick = tick;
    if (begins) this.spread(this.far);
  }

  *entries(): Generator<Entry> {
    for (const slot of [...this.levels.flatMap((level) => level.all()), this.far]) {
      for (let link = slot.after as Link; link !== slot; link = link.after as Link) yield link as Entry;
    }
  }

  /** The slot of a millisecond: what is due leaves it. False when something is due later in the same millisecond. */
  private ripe(slot: Slot, now: Milliseconds, due: Entry[]): boolean {
    slot.drain((entry) => {
      if (entry.at > now) return this.add(entry);
      entry.wait();
      due.push(entry);
    });
    return slot.empty;
  }

  /** Time has come to the span of a slot: its entries go to lower levels. */
  private spread(slot: Slot): void {
    slot.drain((entry) => this.add(entry));
  }

  private level(level: number): Level {
    return this.levels[level] as Level;
  }

  /** The millisecond in which a slot begins. */
  private startOf(level: number, index: number): number {
    const span = SLOTS ** level;
    return Math.floor(this.tick / (span * SLOTS)) * span * SLOTS + index * span;
  }
}

const spanOf = (tick: number): number => Math.floor(tick / SPAN);

const levelOf = (difference: number): number => (difference < SLOTS ? 0 : difference < SLOTS ** 2 ? 1 : 2);

/** They nearly always are. */
function sorted(entries: Entry[]): Entry[] {
  for (let i = 1; i < entries.length; i++) {
    if (!inOrder(entries[i - 1] as Entry, entries[i] as Entry)) return entries.sort(compare);
  }
  return entries;
}

const inOrder = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
const compare = (a: Entry, b: Entry): number => a.at - b.at || a.order - b.order;
