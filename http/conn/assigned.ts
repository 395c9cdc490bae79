type Values = Readonly<Record<string, unknown>>;

/**
 * What plugs have assigned: what there was before, and one more. It is gathered into one object when somebody looks, so
 * that ten plugs that assign something do not copy ten objects.
 */
export class Assigned {
  declare private before: Assigned | undefined;
  /** How many assigns are not gathered yet. */
  declare private readonly depth: number;
  declare private readonly key: string;
  declare private readonly value: unknown;
  declare private all: Values | undefined;

  private constructor(before: Assigned | undefined, key: string, value: unknown, all: Values | undefined) {
    this.before = before;
    this.key = key;
    this.value = value;
    this.all = all;
    this.depth = before === undefined || before.all !== undefined ? 1 : before.depth + 1;
  }

  static of(values: object): Assigned {
    return new Assigned(undefined, "", undefined, values as Values);
  }

  with(key: string, value: unknown): Assigned {
    if (this.depth >= DEEPEST) this.all ??= this.gather();
    return new Assigned(this, key, value, undefined);
  }

  get values(): Values {
    this.all ??= this.gather();
    return this.all;
  }

  private gather(): Values {
    const since: Assigned[] = [];
    let at: Assigned = this;
    while (at.all === undefined) {
      since.push(at);
      at = at.before as Assigned;
    }
    const values: Record<string, unknown> = { ...at.all };
    for (let i = since.length - 1; i >= 0; i--) (since[i] as Assigned).putInto(values);
    // What there was before is in it: it need not stay in memory.
    this.before = undefined;
    return values;
  }

  /** `__proto__` is a key like any other. */
  private putInto(values: Record<string, unknown>): void {
    if (this.key === "__proto__") Object.defineProperty(values, this.key, { value: this.value, ...OWN });
    else values[this.key] = this.value;
  }
}

/** A stream may assign for ever and never look. */
const DEEPEST = 64;

const OWN = { enumerable: true, writable: true, configurable: true };
