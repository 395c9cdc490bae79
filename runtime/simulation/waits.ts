import { promiseHooks } from "node:v8";

/** A promise that was awaited, and had not come to anything at the end. */
interface Wait {
  /** The user's part of the stack where it was made, a line each; and the place where it was awaited. */
  readonly made: string;
  readonly awaited: string;
}

/**
 * Remembers where promises were made and awaited. Slow, so it looks on only when a run that got stuck is repeated to say
 * what it waits for.
 */
export class Waits {
  private readonly made = new Map<Promise<unknown>, string>();
  private readonly awaited = new Map<Promise<unknown>, string>();
  private readonly stopHook: Function;

  constructor() {
    const stack = (): string => new Error().stack ?? "";
    this.stopHook = promiseHooks.createHook({
      init: (promise: Promise<unknown>, parent: Promise<unknown> | undefined) => {
        this.made.set(promise, stack());
        if (parent !== undefined) this.awaited.set(parent, stack());
      },
      settled: (promise: Promise<unknown>) => {
        // What Node makes may well come in time when it is looked at: this run is slower than the one that got stuck.
        if (isNode(this.made.get(promise) ?? "")) return;
        this.made.delete(promise);
        this.awaited.delete(promise);
      },
    });
  }

  stop(): void {
    this.stopHook();
  }

  /** What is awaited and is neither the library's nor waits for something itself, the last first. */
  foreign(): readonly Wait[] {
    const waits: Wait[] = [];
    for (const [promise, awaited] of this.awaited) {
      const made = this.made.get(promise);
      if (made === undefined || isOurs(made) || !isSource(made)) continue;
      const [by] = placesIn(awaited);
      if (by !== undefined) waits.unshift({ made: placesIn(made).join("\n    at ") || by, awaited: by });
    }
    return waits;
  }
}

/** Where the library lives: the folder of `runtime/`. A test framework may show paths, Node shows URLs of files. */
const HOME = new URL("../../", import.meta.url).pathname;
const OURS = ["runtime/", "genserver/", "supervisor/", "http/", "channels/"].map((folder) => `${HOME}${folder}`);

const framesOf = (stack: string): readonly string[] =>
  stack
    .split("\n")
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => line.startsWith("at ") && !/\(?node:|<anonymous>\)?$/.test(line) && !line.includes("/waits."));

const isLibrary = (frame: string): boolean => OURS.some((folder) => frame.includes(folder));

const topOf = (stack: string): string =>
  stack.split("\n").find((line) => /^\s+at /.test(line) && !line.includes("/waits.")) ?? "";

/** Whether Node made it, for a file, a socket, a timer. */
const isNode = (stack: string): boolean => /\(?node:/.test(topOf(stack));

/** Whether somebody has to settle it: the promise of an async function, or what is made of other promises, waits for those. */
const isSource = (stack: string): boolean =>
  isNode(stack) || (/at new Promise |<anonymous>\)?$/.test(topOf(stack)) && !DERIVED.test(topOf(stack)));

const DERIVED = /at (?:Function|Promise)\.(?:then|catch|finally|all|allSettled|any|race) /;

/** Whether the library made it: then it is a reply, a message or a timer that never came. */
const isOurs = (stack: string): boolean => {
  const [first] = framesOf(stack);
  return first === undefined || isLibrary(first);
};

/** The places that are the user's, the innermost first. */
const placesIn = (stack: string): readonly string[] =>
  framesOf(stack)
    .filter((frame) => !isLibrary(frame) && !frame.includes("/node_modules/"))
    .map((frame) => frame.replace(/^at /, ""));
