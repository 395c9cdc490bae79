import { everySchedule } from "./every-schedule.ts";
import { OF_PROCESSES } from "./scenarios.ts";

everySchedule(OF_PROCESSES);
