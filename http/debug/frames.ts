import { readFileSync, statSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/** A place in the code that an error has come through. */
export interface Frame {
  /** What ran there: `login`, or a line of the stack that names no place. */
  readonly name: string;
  readonly kind: "app" | "library" | "node";
  readonly place: Place | undefined;
}

export interface Place {
  readonly file: string;
  /** From the working directory. */
  readonly shown: string;
  readonly line: number;
  readonly column: number;
  readonly lines: readonly SourceLine[];
}

export interface SourceLine {
  readonly number: number;
  readonly text: string;
}

const AROUND = 5;
const LARGEST = 2_000_000;
/** Only sources are shown, whatever a stack says. */
const SOURCE = /\.[cm]?[jt]sx?$/;
/** This library, beside whose folders this one stands. */
const OURS = ["runtime", "genserver", "supervisor", "http", "channels"].map((folder) =>
  fileURLToPath(new URL(`../../${folder}/`, import.meta.url)),
);

/** The frames of an error, the innermost first. */
export function framesOf(error: Error): readonly Frame[] {
  const stack: unknown = error.stack;
  return typeof stack === "string" ? linesOf(stack, String(error.message)).map(frameOf) : [];
}

/** The frames end the stack. What stands before them is the message, which may look like frames and is not to be believed. */
function linesOf(stack: string, message: string): readonly string[] {
  const at = message === "" ? -1 : stack.indexOf(message);
  const lines = (at < 0 ? stack : stack.slice(at + message.length)).split("\n");
  const before = lines.findLastIndex((line) => !/^\s+at /.test(line));
  return lines.slice(before + 1).map((line) => line.trim().slice("at ".length));
}

function frameOf(line: string): Frame {
  const [, name, url, row, column] =
    /^(?:(.*) \()?((?:file:|node:|\/|[A-Za-z]:\\).*):(\d+):(\d+)\)?$/.exec(plain(line)) ?? [];
  if (url === undefined) return { name: line, kind: "node", place: undefined };
  // A plug is run as a method of its step, which is of no interest.
  const shownName = name?.replace(/^Step\.(.*) \[as run\]$/, "$1") ?? "an unnamed function";
  if (url.startsWith("node:")) return { name: `${shownName} in ${url}:${row}`, kind: "node", place: undefined };
  const file = pathOf(url);
  const isLibrary = file.includes("/node_modules/") || OURS.some((folder) => file.startsWith(folder));
  const place = {
    file,
    shown: relative(process.cwd(), file),
    line: Number(row),
    column: Number(column),
    lines: around(file, Number(row)),
  };
  return { name: shownName, kind: isLibrary ? "library" : "app", place };
}

/** `async /site.ts:1:2` names no function, and `async f (/site.ts:1:2)` one that is called f. */
const plain = (line: string): string => line.replace(/^async /, "");

/** A bundler adds a query to tell versions apart. */
function pathOf(url: string): string {
  const [path] = url.split("?", 1) as [string];
  try {
    return path.startsWith("file:") ? fileURLToPath(path) : path;
  } catch {
    return path;
  }
}

/** The lines around one, as far as the file has them, and is there. */
function around(file: string, line: number): readonly SourceLine[] {
  try {
    if (!SOURCE.test(file) || statSync(file).size > LARGEST) return [];
    const from = Math.max(line - AROUND, 1);
    const lines = readFileSync(file, "utf8")
      .split("\n")
      .slice(from - 1, line + AROUND);
    return lines.map((text, i) => ({ number: from + i, text }));
  } catch {
    return [];
  }
}
