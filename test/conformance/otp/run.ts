// Replays a whole corpus: `npm run conformance`, or `npm run conformance -- --corpus FOLDER` for another of the same form.
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { corpusFolder, FAMILIES } from "./corpus.ts";
import { replayFamily } from "./families.ts";

/** Differences that are shown of each family. */
const SHOWN = 5;

const { values } = parseArgs({ options: { corpus: { type: "string" } } });
const folder = corpusFolder(values.corpus);
if (!existsSync(folder)) fail(`expected a folder with files *.jsonl or *.jsonl.gz, got: ${folder}, which is not there`);
console.log(`corpus: ${folder}`);

let all = 0;
let wrong = 0;
for (const family of FAMILIES) {
  const begin = performance.now();
  const { documents, differences } = await replayFamily(family, folder);
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  const identical = documents - differences.length;
  const share = documents === 0 ? "none there" : `${(Math.floor((10_000 * identical) / documents) / 100).toString()} %`;
  console.log(`${family}: ${identical} of ${documents} identical (${share}), ${seconds} s`);
  for (const each of differences.slice(0, SHOWN)) console.log(`\n${each}`);
  all += documents;
  wrong += differences.length;
}
if (all === 0) fail(`expected files *.jsonl or *.jsonl.gz with documents of a family, got none: ${folder}`);
process.exitCode = wrong === 0 ? 0 : 1;

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
