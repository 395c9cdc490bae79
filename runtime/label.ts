import { show } from "./inspect.ts";
import type { Label } from "./types.ts";

/** A label is the user's code, asked in the middle of an exit: one that throws says so instead. */
export function labelOf(label: Label | undefined): string | undefined {
  try {
    const text: unknown = typeof label === "function" ? label() : typeof label === "object" ? label.describe() : label;
    return text === undefined || typeof text === "string" ? text : show(text);
  } catch (error) {
    return `[its label threw: ${show(error)}]`;
  }
}
