import { show } from "../inspect.ts";
import type { Kernel } from "../kernel.ts";
import { NameTimer } from "../message-timer.ts";
import { addressOf, showTarget } from "../pid.ts";
import type { Process } from "../process.ts";
import { infoOf } from "../process-info.ts";
import type { Timer } from "../timers.ts";
import type { Pid } from "../types.ts";

/** How deep the library's own frames may lie over the line that starts a process. */
const FRAMES = 30;

/** Remembers where processes are started, and says which of them, and which timers, nobody has taken along. */
export class Leftovers {
  private readonly kernel: Kernel;
  private readonly starts = new WeakMap<Pid, Error>();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    kernel.telemetry.on("process.start", (_, { pid }) => this.starts.set(pid, here()));
  }

  /** What is there, when all that is owned has been stopped. */
  list(): readonly string[] {
    const { table, root, timers } = this.kernel;
    const processes = table.list().filter((process) => process !== root);
    const orphans = timers.list().filter(({ owner, quiet }) => !quiet && (owner === null || owner === root));
    return [...processes.map((process) => this.describe(process)), ...orphans.map(describeTimer)];
  }

  private describe(process: Process): string {
    const { label, status, name, timers, ancestors } = infoOf(process);
    const start = this.starts.get(process.pid);
    const has = [
      name === undefined ? [] : [`the name ${show(name)}`],
      timers === 0 ? [] : [timers === 1 ? "a timer" : `${timers} timers`],
    ].flat();
    const starter =
      ancestors[0] === undefined ? "" : ` by ${addressOf(ancestors[0]).process?.describe() ?? ancestors[0]}`;
    return [
      `process ${label} (${status})`,
      has.length === 0 ? "" : `, which has ${has.join(" and ")}`,
      `, started${starter}`,
      start === undefined ? "" : placeOf(start),
    ].join("");
  }
}

function describeTimer(timer: Timer): string {
  const what = timer instanceof NameTimer ? ` that sends ${show(timer.message)} to ${showTarget(timer.to)}` : "";
  return `a timer${what}, due at ${timer.at} ms`;
}

/** The stack is made into text only when it is asked for. */
function here(): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = FRAMES;
  const error = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return error;
}

const ROOT = new URL("../../", import.meta.url).pathname;
const FOLDERS = ["runtime", "genserver", "supervisor", "http", "channels"];
const OWN = ["node:", "/node_modules/", ...FOLDERS.map((folder) => `${ROOT}${folder}/`)];

const PLACE = /((?:file:\/\/)?\/[^()]+:\d+:\d+)\)?$/;

/** The first line of a stack that is the user's own. */
function placeOf({ stack = "" }: Error): string {
  const places = stack.split("\n").flatMap((frame) => PLACE.exec(frame)?.[1] ?? []);
  const place = places.find((each) => !OWN.some((part) => each.includes(part)));
  return place === undefined ? "" : ` at ${place}`;
}
