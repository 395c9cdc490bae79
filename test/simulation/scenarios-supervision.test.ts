import { everySchedule } from "./every-schedule.ts";
import { OF_TREES } from "./scenarios.ts";

everySchedule(OF_TREES);
