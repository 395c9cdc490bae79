import { BadArgument } from "../errors.ts";
import { show } from "../inspect.ts";
import type { Constraint } from "./constraints.ts";
import type { Injection } from "./faults.ts";

/** What a run is told: which events wait, and what goes wrong. In one line, as a failure prints it and `replay` takes it. */
export interface Script {
  readonly constraints: readonly Constraint[];
  readonly injections: readonly Injection[];
}

export const write = ({ constraints, injections }: Script): string =>
  [...constraints.map(({ event, after }) => `${event} < ${after}`), ...injections.map(writeInjection)].join(", ");

export function writeInjection(injection: Injection): string {
  switch (injection.fault) {
    case "kill":
      return `kill ${injection.target} after ${injection.after}`;
    case "stall":
      return `stall ${injection.target} for ${injection.time} after ${injection.after}`;
    case "jump":
      return `jump ${injection.time} after ${injection.after}`;
    case "throw":
      return `throw in ${injection.in}`;
    case "drop":
      return `drop ${injection.in}`;
    case "delay":
      return `delay ${injection.in} for ${injection.time}`;
  }
}

export function read(text: string): Script {
  if (typeof text !== "string") throw new BadArgument(`replay: expected a string, got: ${show(text)}`);
  const constraints: Constraint[] = [];
  const injections: Injection[] = [];
  for (const part of text.split(",").map((each) => each.trim())) {
    const [, event, after] = /^(\S+) < (\S+)$/.exec(part) ?? [];
    if (event !== undefined && after !== undefined) constraints.push({ event, after });
    else if (part !== "") injections.push(injectionOf(part));
  }
  return { constraints, injections };
}

/** Each form of a fault, and what it says. */
const FORMS: readonly (readonly [RegExp, (...found: string[]) => Injection])[] = [
  [/^kill (\S+) after (\S+)$/, (target, after) => ({ fault: "kill", target, after })],
  [/^stall (\S+) for ([\d.]+) after (\S+)$/, (target, time, after) => ({ fault: "stall", target, time: +time, after })],
  [/^jump ([\d.]+) after (\S+)$/, (time, after) => ({ fault: "jump", time: +time, after })],
  [/^throw in (\S+)$/, (event) => ({ fault: "throw", in: event })],
  [/^drop (\S+)$/, (event) => ({ fault: "drop", in: event })],
  [/^delay (\S+) for ([\d.]+)$/, (event, time) => ({ fault: "delay", in: event, time: +time })],
];

const EXPECTED = [
  "event < event",
  "kill process after event",
  "stall process for ms after event",
  "jump ms after event",
  "throw in event",
  "drop event",
  "delay event for ms",
]
  .map((form) => `"${form}"`)
  .join(", ");

function injectionOf(text: string): Injection {
  for (const [form, make] of FORMS) {
    const found = form.exec(text);
    if (found !== null) return make(...found.slice(1));
  }
  throw new BadArgument(`replay: expected ${EXPECTED}, got: ${show(text)}`);
}
