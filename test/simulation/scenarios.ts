import type { Scenario } from "./scenario.ts";
import { applications } from "./scenarios/applications.ts";
import { calls } from "./scenarios/calls.ts";
import { channels } from "./scenarios/channels.ts";
import { dynamic } from "./scenarios/dynamic.ts";
import { groups } from "./scenarios/groups.ts";
import { hunted } from "./scenarios/hunted.ts";
import { intensity } from "./scenarios/intensity.ts";
import { links } from "./scenarios/links.ts";
import { machines } from "./scenarios/machines.ts";
import { mailboxes } from "./scenarios/mailboxes.ts";
import { monitors } from "./scenarios/monitors.ts";
import { names } from "./scenarios/names.ts";
import { registries } from "./scenarios/registries.ts";
import { servers } from "./scenarios/servers.ts";
import { shutdowns } from "./scenarios/shutdowns.ts";
import { strategies } from "./scenarios/strategies.ts";
import { tasks } from "./scenarios/tasks.ts";
import { timers } from "./scenarios/timers.ts";

export type { Scenario } from "./scenario.ts";

type Scenarios = Readonly<Record<string, Scenario>>;

/** What is promised of processes and servers. */
export const OF_PROCESSES: Scenarios = {
  ...links,
  ...monitors,
  ...calls,
  ...names,
  ...timers,
  ...mailboxes,
  ...servers,
  ...machines,
  ...tasks,
  ...groups,
  ...channels,
};

/** What is promised of supervisors, and of what stands on them. */
export const OF_TREES: Scenarios = {
  ...strategies,
  ...intensity,
  ...shutdowns,
  ...dynamic,
  ...registries,
  ...applications,
};

/** What deliberate faults have shown to be unasked by those above (see `test/mutants`). */
export const OF_MUTANTS: Scenarios = hunted;

/** What is promised of every order of events, by name. */
export const SCENARIOS: Scenarios = { ...OF_PROCESSES, ...OF_TREES, ...OF_MUTANTS };
