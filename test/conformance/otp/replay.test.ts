import { expect, test } from "vitest";
import { type Document, type Family, readCorpus, type Step, type Unsupported } from "./corpus.ts";
import * as genserver from "./genserver.ts";
import * as signals from "./signals.ts";
import * as supervision from "./supervision.ts";
import { difference } from "./trace.ts";

interface Replay<D> {
  readonly replay: (document: D) => Promise<readonly Step[]>;
  readonly unsupported?: Unsupported;
}

/** The features that a document may be left out for. */
const LEFT_OUT: Readonly<Record<Family, readonly string[]>> = {
  signals: [],
  supervision: [],
  genserver: [],
};

/** Less than this is no corpus; the sample has more. */
const FEWEST = process.env.HORNBEAM_CORPUS ? 1 : 100;
/** Differences that a failure shows. */
const SHOWN = 5;

test("links, monitors, exit signals, names and timers are Erlang's", () => identical("signals", signals), 60_000);
test("supervisors do what OTP's do", () => identical("supervision", supervision), 60_000);
test("servers do what OTP's gen_server does", () => identical("genserver", genserver), 60_000);

async function identical<D>(family: Family, { replay, unsupported = {} }: Replay<D>): Promise<void> {
  const documents = readCorpus(family);
  const leftOut = documents.filter((document) => Object.values(unsupported).some((lacks) => lacks(document)));
  const replayed = documents.filter((document) => !leftOut.includes(document));
  const differences: string[] = [];
  for (const document of replayed) {
    const found = await differenceOf(document, replay as (document: Document) => Promise<readonly Step[]>);
    if (found !== undefined) differences.push(found);
  }

  const names = Object.keys(unsupported).join(", ");
  const rest = leftOut.length > 0 ? `, ${leftOut.length} not replayed yet (${names})` : "";
  console.log(`${family}: ${replayed.length - differences.length} identical, ${differences.length} different${rest}`);
  expect(differences.length, `${family}: not as recorded\n${differences.slice(0, SHOWN).join("\n")}\n`).toBe(0);
  expect(documents.length).toBeGreaterThanOrEqual(FEWEST);
  expect(replayed.length).toBeGreaterThan(documents.length / 2);
  expect(leftOut.filter(({ features }) => !LEFT_OUT[family].some((name) => features.includes(name)))).toEqual([]);
}

async function differenceOf(document: Document, replay: (document: Document) => Promise<readonly Step[]>) {
  try {
    return difference(document, await replay(document));
  } catch (error) {
    return `${document.id}: the replay failed: ${error instanceof Error ? error.stack : error}`;
  }
}
