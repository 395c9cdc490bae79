// Makes the sample: `node test/conformance/otp/sample.ts`, where the corpus is.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { corpusFolder, type Document, FAMILIES, readCorpus, SAMPLE } from "./corpus.ts";

/** Documents of each family. */
const SIZE = 150;

/** What a document is an example of: its features, and each operation with the kind of result it gave. */
function examples({ features, scenario, trace }: Document): string[] {
  const operations = scenario.ops.map(({ op }, index) => `${op} -> ${kindOf(trace[index + 1]?.result)}`);
  return [...features, ...operations];
}

/** A result without the names and numbers in it. */
function kindOf(result: unknown): string {
  const text = JSON.stringify(result) ?? "nothing";
  return text.replaceAll(/\d+/g, "").slice(0, 16);
}

/** The documents that show something new, in the order of the corpus, then others spread evenly over it. */
function choose(documents: readonly Document[]): Document[] {
  const shown = new Set<string>();
  const telling = documents.filter((document) => {
    const fresh = examples(document).filter((example) => !shown.has(example));
    for (const example of fresh) shown.add(example);
    return fresh.length > 0;
  });
  const chosen = new Set(telling.slice(0, SIZE));
  const others = documents.filter((document) => !chosen.has(document));
  const wanted = SIZE - chosen.size;
  const spread = others.filter((_, index) => index % Math.floor(others.length / wanted) === 0).slice(0, wanted);
  return documents.filter((document) => chosen.has(document) || spread.includes(document));
}

const folder = corpusFolder();
if (folder === SAMPLE) throw new Error("expected a corpus to take the sample from, got: only the sample");
mkdirSync(SAMPLE, { recursive: true });
for (const family of FAMILIES) {
  const lines = choose(readCorpus(family, folder)).map((document) => `${JSON.stringify(document)}\n`);
  const file = gzipSync(lines.join(""), { level: 9 });
  writeFileSync(join(SAMPLE, `${family}.jsonl.gz`), file);
  console.log(`${family}: ${lines.length} documents, ${file.length} bytes`);
}
