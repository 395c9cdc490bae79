import { type Document, type Family, readCorpus, type Step } from "./corpus.ts";
import * as genserver from "./genserver.ts";
import * as signals from "./signals.ts";
import * as supervision from "./supervision.ts";
import { difference } from "./trace.ts";

type Replay = (document: Document<any>) => Promise<readonly Step[]>;

const REPLAYS: Readonly<Record<Family, Replay>> = {
  signals: signals.replay,
  supervision: supervision.replay,
  genserver: genserver.replay,
};

export interface Replayed {
  readonly documents: number;
  /** Each document whose trace is not the recorded one, and where it first differs. */
  readonly differences: readonly string[];
}

/** Replays every document of a family. */
export async function replayFamily(family: Family, folder: string): Promise<Replayed> {
  const documents = readCorpus(family, folder);
  const differences: string[] = [];
  for (const document of documents) {
    const found = await differenceOf(document, REPLAYS[family]);
    if (found !== undefined) differences.push(found);
  }
  return { documents: documents.length, differences };
}

async function differenceOf(document: Document, replay: Replay): Promise<string | undefined> {
  try {
    return difference(document, await replay(document));
  } catch (error) {
    return `${document.id}: the replay failed: ${error instanceof Error ? error.stack : error}`;
  }
}
