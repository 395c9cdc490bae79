import type { Mutant } from "./mutant.ts";
import { ends } from "./mutants/ends.ts";
import { messages } from "./mutants/messages.ts";
import { servers } from "./mutants/servers.ts";
import { supervisors } from "./mutants/supervisors.ts";
import { tasks } from "./mutants/tasks.ts";
import { waiting } from "./mutants/waiting.ts";

/** Each of them must be found by a scenario. One that changes nothing that can be observed does not belong here. */
export const MUTANTS: readonly Mutant[] = [...ends, ...messages, ...waiting, ...servers, ...tasks, ...supervisors];
