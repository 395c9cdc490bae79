import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

export const FAMILIES = ["signals", "supervision", "genserver"] as const;
export type Family = (typeof FAMILIES)[number];

/** One step of a trace: what the operation gave, and what became of it. Which other keys there are is the family's. */
export interface Step {
  readonly step: string;
  readonly result?: unknown;
  readonly [key: string]: unknown;
}

/** A scenario, and the trace that Erlang/OTP 25 produced for it: the set-up, then one step an operation. */
export interface Document<Scenario = { readonly ops: readonly { readonly op: string }[] }> {
  readonly id: string;
  readonly family: Family;
  /** What the scenario uses. */
  readonly features: readonly string[];
  readonly scenario: Scenario;
  readonly trace: readonly Step[];
}

export const SAMPLE = fileURLToPath(new URL("sample", import.meta.url));
const SHARED = fileURLToPath(new URL("../../../../shared/conformance/otp", import.meta.url));

/** Where the documents are: the folder that is asked for, else the corpus beside the repository, else the sample in it. */
export function corpusFolder(wanted?: string): string {
  if (wanted !== undefined) return resolve(wanted);
  return existsSync(SHARED) ? SHARED : SAMPLE;
}

/**
 * The documents of a family in a folder: those in the files that are called by it (`signals.jsonl.gz`, `signals-dev.jsonl`,
 * …), or, where no file is called by a family, those of the family in any file.
 */
export function readCorpus<D extends Document<unknown> = Document>(family: Family, folder = corpusFolder()): D[] {
  const files = readdirSync(folder).filter((file) => /\.jsonl(\.gz)?$/.test(file));
  const named = files.filter((file) => FAMILIES.some((each) => file.startsWith(each)));
  const wanted = named.length === 0 ? files : named.filter((file) => file.startsWith(family));
  const documents = wanted
    .toSorted()
    .flatMap((file) => linesOf(join(folder, file)).map((line) => JSON.parse(line) as D));
  return documents.filter((document) => document.family === family);
}

function linesOf(file: string): string[] {
  const content = readFileSync(file);
  const text = file.endsWith(".gz") ? gunzipSync(content) : content;
  return text
    .toString()
    .split("\n")
    .filter((line) => line !== "");
}
