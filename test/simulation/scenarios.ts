import type { Scenario } from "./scenario.ts";
import { calls } from "./scenarios/calls.ts";
import { hunted } from "./scenarios/hunted.ts";
import { links } from "./scenarios/links.ts";
import { monitors } from "./scenarios/monitors.ts";
import { names } from "./scenarios/names.ts";

export type { Scenario } from "./scenario.ts";

/** What is promised of every order of events, by name. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = { ...links, ...monitors, ...calls, ...names, ...hunted };
