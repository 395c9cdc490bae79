import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readCorpus, SAMPLE } from "./corpus.ts";

const SCRIPT = fileURLToPath(new URL("run.ts", import.meta.url));
const FOLDER = fileURLToPath(new URL("../../../.cache/corpus", import.meta.url));
const REAL = 30_000;

/** `npm run conformance -- --corpus FOLDER`. */
const conformance = (folder: string): Promise<{ code: unknown; out: string; err: string }> =>
  new Promise((resolve) => {
    const args = ["--conditions=hornbeam-source", SCRIPT, "--corpus", folder];
    execFile(process.execPath, args, (error, out, err) => resolve({ code: error === null ? 0 : error.code, out, err }));
  });

function corpus(files: Readonly<Record<string, readonly object[]>>): string {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const [file, documents] of Object.entries(files)) {
    writeFileSync(join(FOLDER, file), documents.map((document) => JSON.stringify(document)).join("\n"));
  }
  return FOLDER;
}

test(
  "a corpus is counted family by family, and ends with 0 when all of it is identical",
  async () => {
    const { code, out } = await conformance(SAMPLE);
    expect(code).toBe(0);
    expect(out).toMatch(/^signals: (\d+) of \1 identical \(100 %\)/m);
    expect(out).toMatch(/^supervision: (\d+) of \1 identical \(100 %\)/m);
    expect(out).toMatch(/^genserver: (\d+) of \1 identical \(100 %\)/m);
  },
  REAL,
);

test(
  "a trace that is not the recorded one is shown, counted, and ends with 1; files may have any name",
  async () => {
    const [right, wrong] = readCorpus("signals", SAMPLE);
    const [init, ...steps] = wrong?.trace ?? [];
    const { code, out } = await conformance(
      corpus({
        "mine.jsonl": [
          right as object,
          { ...wrong, trace: [init, { ...steps[0], result: "else" }, ...steps.slice(1)] },
        ],
      }),
    );
    expect(code).toBe(1);
    expect(out).toMatch(/^signals: 1 of 2 identical \(50 %\)/m);
    expect(out).toMatch(/step 1: .*\n {2}got .*\n {2}expected .*"else"/);
    expect(out).toMatch(/^genserver: 0 of 0 identical \(none there\)/m);
  },
  REAL,
);

test(
  "a folder that is not there or holds nothing of it ends with 2, and says what was expected",
  async () => {
    expect(await conformance("/nowhere")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/expected a folder .*, got: /),
    });
    expect(await conformance(corpus({}))).toMatchObject({
      code: 2,
      err: expect.stringMatching(/expected files .*, got none: /),
    });
  },
  REAL,
);
