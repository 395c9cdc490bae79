// Jobs in parallel, each a task of its own: one answers, one is too slow, one crashes, and the report is made all the same.

import { name, type Self, system, Task } from "hornbeam";
import { TaskSupervisor } from "hornbeam/supervisor";

/** A page that some server gives after a while; it stands for a `fetch`. */
export interface Page {
  readonly url: string;
  readonly takes: number;
  readonly body?: string;
}

export const pages: readonly Page[] = [
  { url: "/news", takes: 30, body: "all is well" },
  { url: "/weather", takes: 60_000, body: "too late" },
  { url: "/stocks", takes: 10 },
  { url: "/sports", takes: 20, body: "1:0" },
];

export const fetchers = name("fetchers");

export async function fetchPage({ url, takes, body }: Page, self: Self): Promise<string> {
  await self.sleep(takes);
  if (body === undefined) throw new Error(`${url} answers 500`);
  return body;
}

/** All pages at once, each in its own time: what comes in time is given, in the order of the pages. */
export async function collect(self: Self, time = 100): Promise<readonly string[]> {
  const lines: string[] = [];
  const options = { timeout: time, onTimeout: "killTask", zipInputOnExit: true, maxConcurrency: 4 } as const;
  for await (const result of TaskSupervisor.asyncStreamNolink(self, fetchers, pages, fetchPage, options)) {
    lines.push("input" in result ? `${result.input.url}: ${why(result.exit)}` : (result.ok as string));
  }
  return lines;
}

/** The first two pages that come; the others are told to stop. */
export async function firstTwo(self: Self): Promise<readonly string[]> {
  const tasks = pages
    .filter(({ body }) => body !== undefined)
    .map((page) => Task.async(self, (task) => fetchPage(page, task)));
  const results = await Task.yieldMany(self, tasks, { limit: 2 });
  await Promise.all(tasks.map((task) => Task.shutdown(self, task)));
  return results.flatMap((result) => (result?.ok === undefined ? [] : [result.ok]));
}

const why = (reason: unknown): string => (reason instanceof Error ? reason.message : `no answer (${reason})`);

if (import.meta.main) {
  const world = system();
  await world.start(TaskSupervisor.child({ name: fetchers }));
  const done = Promise.withResolvers<void>();
  world.spawn(async (self) => {
    console.log(await collect(self)); // all is well, /weather: no answer, /stocks: answers 500, 1:0
    console.log(await firstTwo(self)); // all is well, 1:0
    done.resolve();
  });
  await done.promise;
  await world.stop();
}
