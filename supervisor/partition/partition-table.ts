import type { Directory } from "../../runtime/directory.ts";
import { BadArgument } from "../../runtime/errors.ts";
import { addressOf } from "../../runtime/pid.ts";
import type { Process } from "../../runtime/process.ts";
import type { Pid } from "../../runtime/types.ts";
import { Locks } from "../locks.ts";

/** The partitions of one supervisor: which of them a key belongs to, and who that is now. */
export class PartitionTable implements Directory {
  /** How many there were at the start: it may not have more. */
  readonly most: number;
  /** How many keys are spread over. */
  size: number;
  /** One resize at a time. */
  readonly locks = new Locks("a partition supervisor");
  private readonly pids = new Map<number, Pid>();
  private readonly numbers = new WeakMap<WeakKey, number>();
  private numbered = 0;

  constructor(most: number) {
    this.most = most;
    this.size = most;
  }

  started(partition: number, pid: Pid): void {
    this.pids.set(partition, pid);
  }

  find(key: unknown): Process | undefined {
    const pid = this.pids.get(this.partitionOf(key));
    return pid === undefined ? undefined : (addressOf(pid).process ?? undefined);
  }

  whereis(key: unknown): Process | undefined {
    if (this.size > 0) return this.find(key);
    throw new BadArgument("expected a supervisor with partitions, got: one that was resized to 0");
  }

  register(): never {
    throw new BadArgument(
      "register: expected a name that can be given, got: that of a partition, which is its supervisor's",
    );
  }

  unregister(): never {
    throw new BadArgument(
      "unregister: expected a name that can be taken back, got: that of a partition, which is its supervisor's",
    );
  }

  /** A whole number is its own; everything else is spread by a hash that stays as long as the supervisor does. */
  private partitionOf(key: unknown): number {
    return Number.isInteger(key) ? Math.abs(key as number) % this.size : this.hash(key) % this.size;
  }

  /** Primitives by what they say, objects by their turn: the first one that is asked for is 0. */
  private hash(key: unknown): number {
    if (!isObject(key)) return fnv(`${typeof key} ${String(key)}`);
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    const number = this.numbered++;
    this.numbers.set(key, number);
    return number;
  }
}

const isObject = (key: unknown): key is WeakKey =>
  (typeof key === "object" && key !== null) || typeof key === "function";

/** FNV-1a over the UTF-16 code units: short, and good enough to spread keys. */
function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
