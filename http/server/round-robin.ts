/** One is looked at after the other, few at a time, again and again: those that come and go meanwhile included. */
export class RoundRobin<T> {
  private readonly all: ReadonlyMap<unknown, T>;
  private rest: Iterator<T>;

  constructor(all: ReadonlyMap<unknown, T>) {
    this.all = all;
    this.rest = all.values();
  }

  /** The next so many in turn; each of them once. */
  *next(count: number): Generator<T> {
    for (let left = Math.min(count, this.all.size); left > 0; left--) {
      let { done, value } = this.rest.next();
      if (done === true) {
        this.rest = this.all.values();
        ({ done, value } = this.rest.next());
      }
      if (done === true) return;
      yield value;
    }
  }
}
