import { everySchedule } from "./every-schedule.ts";
import { OF_MUTANTS } from "./scenarios.ts";

// Fewer orders than of the others: what each of these asks shows in few.
everySchedule(OF_MUTANTS, 1_000);
