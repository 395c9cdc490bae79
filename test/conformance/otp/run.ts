// Replays a whole corpus: `npm run conformance`, or `npm run conformance -- --corpus FOLDER` for another of the same form.
import { parseArgs } from "node:util";
import { corpusFolder, FAMILIES } from "./corpus.ts";
import { replayFamily } from "./families.ts";

/** Differences that are shown of each family. */
const SHOWN = 5;

const { values } = parseArgs({ options: { corpus: { type: "string" } } });
const folder = corpusFolder(values.corpus);
console.log(`corpus: ${folder}`);

let wrong = 0;
for (const family of FAMILIES) {
  const begin = performance.now();
  const { documents, differences } = await replayFamily(family, folder);
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  const share = ((100 * (documents - differences.length)) / documents).toFixed(differences.length === 0 ? 0 : 2);
  console.log(`${family}: ${documents - differences.length} of ${documents} identical (${share} %), ${seconds} s`);
  for (const each of differences.slice(0, SHOWN)) console.log(`\n${each}`);
  wrong += differences.length;
}
process.exitCode = wrong === 0 ? 0 : 1;
