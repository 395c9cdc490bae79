import { expect, test } from "vitest";
import { type Family, SAMPLE } from "./corpus.ts";
import { replayFamily } from "./families.ts";

// The sample in the repository, so that a bare clone tests itself; all of it: `npm run conformance`.

/** Differences that a failure shows. */
const SHOWN = 5;

/** Of each family: how many documents of the corpus are in the sample, and how many that were found later. */
const PROMISES: readonly (readonly [promise: string, Family, sampled: number, found: number])[] = [
  ["links, monitors, aliases, exit signals, names and timers are Erlang's", "signals", 150, 4],
  ["supervisors do what OTP's do", "supervision", 150, 0],
  ["servers do what OTP's gen_server does", "genserver", 150, 0],
];

test.for(PROMISES)("%s", async ([, family, sampled, found]) => {
  const { documents, differences } = await replayFamily(family, SAMPLE);
  expect(differences.length, `not as recorded\n${differences.slice(0, SHOWN).join("\n")}\n`).toBe(0);
  expect(documents).toBe(sampled + found);
});
