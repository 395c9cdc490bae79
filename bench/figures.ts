// What one launch of an implementation has printed, round by round.

export type Field = "ns" | "heap" | "p99" | "rss" | "rate";

/** A line of harness.ts. */
interface Line {
  readonly w: string;
  readonly i: number;
  readonly n: number;
  readonly us: number;
  readonly heap?: number;
  readonly p99?: number;
  readonly rss?: number;
  readonly rate?: number;
}

export class Figures {
  private readonly lines: readonly Line[];

  /** The first round is the warm-up, unless it is the only one. */
  constructor(output: string) {
    const lines: readonly Line[] = output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const warm = lines.filter(({ i }) => i > 0);
    this.lines = warm.length > 0 ? warm : lines;
  }

  /** The median of the rounds: nanoseconds per operation, bytes of each, milliseconds, or operations a second. */
  of(bench: string, field: Field = "ns"): number {
    const values = this.lines
      .filter(({ w }) => w === bench)
      .map((line) => (field === "ns" ? (line.us * 1000) / line.n : line[field]));
    const known = values.filter((value) => value !== undefined && Number.isFinite(value)) as number[];
    if (known.length === 0) throw new Error(`expected ${field} of ${bench}, got: ${JSON.stringify(this.lines)}`);
    return median(known);
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}
