import { expect, test } from "vitest";
import { type Family, SAMPLE } from "./corpus.ts";
import { replayFamily } from "./families.ts";

// The sample in the repository, so that a bare clone tests itself; all of it: `npm run conformance`.

/** Differences that a failure shows. */
const SHOWN = 5;

const PROMISES: readonly (readonly [Family, string])[] = [
  ["signals", "links, monitors, aliases, exit signals, names and timers are Erlang's"],
  ["supervision", "supervisors do what OTP's do"],
  ["genserver", "servers do what OTP's gen_server does"],
];

test.for(PROMISES.map(([family, promise]) => [promise, family] as const))("%s", async ([, family]) => {
  const { documents, differences } = await replayFamily(family, SAMPLE);
  expect(differences.length, `not as recorded\n${differences.slice(0, SHOWN).join("\n")}\n`).toBe(0);
  expect(documents).toBe(150);
});
