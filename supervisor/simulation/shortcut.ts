import { Arbitrary, type Random, Stream, Value } from "./fast-check.ts";

/** What a value was made of: one of the source's, and how often the shortcut was taken. */
interface Origin<T> {
  readonly source: Value<T>;
  readonly taken: number;
}

/**
 * An arbitrary that shrinks in one more way than its source: by a shortcut, where there is one. What the source shrinks to
 * afterwards takes it, too.
 */
export class Shortcut<T> extends Arbitrary<T> {
  private readonly source: Arbitrary<T>;
  private readonly shortcut: (value: T) => T | undefined;

  constructor(source: Arbitrary<T>, shortcut: (value: T) => T | undefined) {
    super();
    this.source = source;
    this.shortcut = shortcut;
  }

  generate(random: Random, bias: number | undefined): Value<T> {
    return this.taking(this.source.generate(random, bias), 0);
  }

  canShrinkWithoutContext(_: unknown): _ is T {
    return false;
  }

  shrink(value: T, context: unknown): Stream<Value<T>> {
    const { source, taken } = context as Origin<T>;
    const further =
      this.shortcut(value) === undefined ? Stream.nil<Value<T>>() : Stream.of(this.taking(source, taken + 1));
    return further.join(this.source.shrink(source.value, source.context).map((each) => this.taking(each, taken)));
  }

  private taking(source: Value<T>, taken: number): Value<T> {
    let { value } = source;
    for (let i = 0; i < taken; i++) value = this.shortcut(value) ?? value;
    return new Value(value, { source, taken });
  }
}
