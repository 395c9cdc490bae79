import { Arbitrary, type Random, Stream, Value } from "./fast-check.ts";

/** A way from a value to a much smaller one; undefined: it does not lead further. */
export type Shortcut<T> = (value: T) => T | undefined;

/** What a value was made of: one of the source's, and the shortcuts that were taken from there. */
interface Origin<T> {
  readonly source: Value<T>;
  readonly taken: readonly Shortcut<T>[];
}

/** An arbitrary that shrinks by shortcuts, too. What its source shrinks to after one was taken takes it as well. */
export class WithShortcuts<T> extends Arbitrary<T> {
  private readonly source: Arbitrary<T>;
  private readonly shortcuts: readonly Shortcut<T>[];

  constructor(source: Arbitrary<T>, ...shortcuts: readonly Shortcut<T>[]) {
    super();
    this.source = source;
    this.shortcuts = shortcuts;
  }

  generate(random: Random, bias: number | undefined): Value<T> {
    return taking(this.source.generate(random, bias), []);
  }

  canShrinkWithoutContext(_: unknown): _ is T {
    return false;
  }

  shrink(value: T, context: unknown): Stream<Value<T>> {
    const { source, taken } = context as Origin<T>;
    const open = this.shortcuts.filter((shortcut) => shortcut(value) !== undefined);
    const shorter = open.map((shortcut) => taking(source, [...taken, shortcut]));
    return Stream.of(...shorter).join(
      this.source.shrink(source.value, source.context).map((each) => taking(each, taken)),
    );
  }
}

function taking<T>(source: Value<T>, taken: readonly Shortcut<T>[]): Value<T> {
  const value = taken.reduce((from, shortcut) => shortcut(from) ?? from, source.value);
  return new Value(value, { source, taken });
}
