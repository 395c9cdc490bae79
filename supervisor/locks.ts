import { nothing } from "../runtime/afterlife.ts";
import { CallError } from "../runtime/errors.ts";
import type { Process } from "../runtime/process.ts";
import type { Async } from "../runtime/types.ts";

/** One at a time under each key; the others stand in line. */
export class Locks {
  private readonly lines = new Map<unknown, Set<Place>>();
  private readonly whose: string;

  /** `whose` is how errors call what the locks belong to. */
  constructor(whose: string) {
    this.whose = whose;
  }

  /** Runs `work` when it is its turn. A process that ends, at work or in line, makes room for the next. */
  async run<T>(process: Process, key: unknown, work: () => Async<T>): Promise<T> {
    if (process.dead) return nothing(process, "lock");
    const line = this.lines.get(key) ?? new Set<Place>();
    if (line.size === 0) this.lines.set(key, line);
    const place = process.own(new Place(process, line, () => this.lines.delete(key)));
    try {
      if (line.size > 1) await place.turn();
      return process.dead ? await never(process) : await work();
    } finally {
      if (process.dead) await never(process);
      place[Symbol.dispose]();
      process.disown(place);
    }
  }

  /** Nobody gets a turn any more. */
  close(): void {
    for (const line of this.lines.values())
      for (const place of line) place.refuse(new CallError("noproc", "lock", this.whose));
    this.lines.clear();
  }
}

/** What the dead wait for. */
function never(process: Process): Promise<never> {
  process.finished();
  return new Promise(() => {});
}

/** A process in a line. The first is at work. */
class Place implements Disposable {
  private readonly process: Process;
  private readonly line: Set<Place>;
  private readonly empty: () => void;
  private take: () => void = () => {};
  private reject: (error: unknown) => void = () => {};

  constructor(process: Process, line: Set<Place>, empty: () => void) {
    this.process = process;
    this.line = line;
    this.empty = empty;
    line.add(this);
  }

  turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.take = resolve;
      this.reject = reject;
    });
  }

  refuse(error: CallError): void {
    this.line.delete(this);
    this.tell(this.reject, error);
  }

  [Symbol.dispose](): void {
    const [holder] = this.line;
    if (holder !== this) this.process.finished();
    this.line.delete(this);
    const [first] = this.line;
    if (first === undefined) return this.empty();
    first.tell(first.take, undefined);
  }

  private tell(settle: (value: any) => void, value: unknown): void {
    this.process.kernel.scheduler.settle(this.process, settle, value);
  }
}
