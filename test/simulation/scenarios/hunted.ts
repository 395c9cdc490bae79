import type { Scenario } from "../scenario.ts";
import { ends } from "./hunted/ends.ts";
import { messages } from "./hunted/messages.ts";
import { waiting } from "./hunted/waiting.ts";

/** What a deliberate fault has shown to be unasked (see `test/mutants`). */
export const hunted = { ...ends, ...messages, ...waiting } satisfies Record<string, Scenario>;
