import type { Scenario } from "./scenario.ts";
import { calls } from "./scenarios/calls.ts";
import { intensity } from "./scenarios/intensity.ts";
import { links } from "./scenarios/links.ts";
import { mailboxes } from "./scenarios/mailboxes.ts";
import { monitors } from "./scenarios/monitors.ts";
import { names } from "./scenarios/names.ts";
import { servers } from "./scenarios/servers.ts";
import { shutdowns } from "./scenarios/shutdowns.ts";
import { strategies } from "./scenarios/strategies.ts";
import { timers } from "./scenarios/timers.ts";

export type { Scenario } from "./scenario.ts";

/** What is promised of every order of events, by name. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  ...links,
  ...monitors,
  ...calls,
  ...names,
  ...strategies,
  ...intensity,
  ...shutdowns,
  ...timers,
  ...mailboxes,
  ...servers,
};
