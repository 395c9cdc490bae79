import type { Scenario } from "../scenario.ts";
import { crowds } from "./hunted/crowds.ts";
import { ends } from "./hunted/ends.ts";
import { messages } from "./hunted/messages.ts";
import { servers } from "./hunted/servers.ts";
import { supervisors } from "./hunted/supervisors.ts";
import { tasksAndStreams } from "./hunted/tasks.ts";
import { waiting } from "./hunted/waiting.ts";

/** What a deliberate fault has shown to be unasked (see `test/mutants`). */
export const hunted = {
  ...ends,
  ...messages,
  ...waiting,
  ...servers,
  ...tasksAndStreams,
  ...supervisors,
  ...crowds,
} satisfies Record<string, Scenario>;
