// What a second core brings:   node --conditions=hornbeam-source bench/cores.ts [--quick]
//
// Jobs of pure computation on a WorkerPool with 1 thread and with 2, and a service in 1 OS process and in 2
// (examples/cluster). Prints one JSON line a row: the ratio is how much more is done in the same time; `cores` says how
// many the machine has. The load client takes CPU, too: on 2 cores it shares them with the 2 services. So three rows say
// three things of the service: what clients get when a request computes for about a millisecond, beside which the client
// is little; what they get when a request costs as little as asking for it; and, at a pace that leaves all of them time,
// how many requests the services answer in a second of their CPU. The last is what more cores would multiply.

import { execFile } from "node:child_process";
import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { name, system } from "hornbeam";
import { http, router } from "hornbeam/http";
import { run, type Supervisor, supervisor, WorkerPool } from "hornbeam/supervisor";
import { Cluster } from "../examples/cluster/cluster.ts";
import { countPrimes } from "../examples/primes-worker.ts";

const ROUNDS = process.argv.includes("--quick") ? 1 : 5;
const JOBS = 32;
/** Numbers that a job, or a request that computes, looks at. */
const JOB = { from: 0, to: 250_000 };
const REQUEST = { from: 0, to: 40_000 };
/** Clients for each service, and how long one that has time waits between two requests. */
const CLIENTS = 32;
const PAUSE = 10;
const LOAD_MS = 700;
const WARM_UP_MS = 200;

/** What each OS process of the cluster runs; a message asks it for the CPU time that it has used, in microseconds. */
async function service(port: number, computes: boolean): Promise<void> {
  const site = router().get("/hello", (conn) => {
    if (computes) countPrimes(REQUEST);
    return conn.text("hello");
  });
  const Service = {
    init: () => ({ strategy: "oneForOne", children: [http({ port, plug: site.plug, grace: 100 })] }),
  } satisfies Supervisor;
  process.on("message", () => {
    const { user, system: kernel } = process.cpuUsage();
    process.send?.(user + kernel);
  });
  await run(supervisor(Service), { reports: "warning" });
}

/** How many jobs a pool does in a second. */
async function jobs(threads: number): Promise<number> {
  await using world = system({ reports: "warning" });
  const primes = name<WorkerPool<typeof import("../examples/primes-worker.ts")>>("primes");
  const filename = new URL("../examples/primes-worker.ts", import.meta.url);
  await world.start(WorkerPool.child({ name: primes, filename, minThreads: threads, maxThreads: threads }));
  const patient = world.with({ timeout: "infinity" });
  const all = (count: number) =>
    Promise.all(Array.from({ length: count }, () => WorkerPool.run(patient, primes, "countPrimes", JOB)));
  await all(threads);
  const began = performance.now();
  await all(JOBS);
  return (1000 * JOBS) / (performance.now() - began);
}

/** Runs the service in so many OS processes, and measures it. */
async function serving(
  processes: number,
  computes: boolean,
  measure: (port: number, clients: number) => Promise<number>,
): Promise<number> {
  await using world = system({ reports: "warning" });
  const port = await freePort();
  const env = { PORT: String(port), COMPUTES: String(computes) };
  await world.start(supervisor(Cluster, { program: new URL(import.meta.url), env, processes }));
  const clients = CLIENTS * processes;
  await flood(port, clients, WARM_UP_MS * processes);
  return await measure(port, clients);
}

/** How many requests are answered in a second when each client asks again at once. */
async function flood(port: number, clients: number, ms = LOAD_MS): Promise<number> {
  const script = fileURLToPath(new URL("load.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...[port, clients, ms].map(String)]);
  return (1000 * Number(stdout)) / ms;
}

/** How many requests the services answer in a second of their CPU when each client takes its time. */
async function capacity(port: number, clients: number): Promise<number> {
  const until = performance.now() + LOAD_MS;
  let answered = 0;
  const before = await cpu();
  const visit = async (): Promise<void> => {
    await sleep(Math.random() * PAUSE);
    while (performance.now() < until) {
      const answer = await fetch(`http://127.0.0.1:${port}/hello`);
      if ((await answer.text()) !== "hello") throw new Error(`expected hello, got: ${answer.status}`);
      answered++;
      await sleep(PAUSE);
    }
  };
  await Promise.all(Array.from({ length: clients }, visit));
  return (1e6 * answered) / ((await cpu()) - before);
}

/** The CPU time of all services, in microseconds. */
async function cpu(): Promise<number> {
  const used = Object.values(cluster.workers ?? {}).map(async (worker) => {
    (worker as Worker).send("cpu");
    const [microseconds] = await once(worker as Worker, "message");
    return microseconds as number;
  });
  return (await Promise.all(used)).reduce((sum, one) => sum + one, 0);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

/** Everything that is measured, with one thread or OS process or with two: how much is done in a second. */
const MEASURES: readonly {
  readonly bench: string;
  readonly against: string;
  readonly goal: number;
  readonly run: (count: number) => Promise<number>;
}[] = [
  { bench: "worker pool, 2 threads", against: "1 thread", goal: 1.6, run: jobs },
  {
    bench: "2 OS processes, 1 ms of computation a request",
    against: "1 OS process",
    goal: 1.6,
    run: (processes) => serving(processes, true, flood),
  },
  {
    bench: "2 OS processes, hello, the client on the same cores",
    against: "1 OS process",
    goal: 1,
    run: (processes) => serving(processes, false, flood),
  },
  {
    bench: "2 OS processes, hello, requests per second of their CPU",
    against: "1 OS process",
    goal: 0.9,
    run: (processes) => serving(processes, false, capacity),
  },
];

/** All in turn, and again: what disturbs the machine for a while spoils one ratio of each, and not the median. */
async function compare(): Promise<void> {
  const ratios = MEASURES.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, { run }] of MEASURES.entries()) {
      const one = await run(1);
      ratios[i]?.push((await run(2)) / one);
    }
  }
  const figure = (value: number | undefined): number => Number((value as number).toPrecision(3));
  for (const [i, { bench, against, goal }] of MEASURES.entries()) {
    const sorted = (ratios[i] as number[]).toSorted((a, b) => a - b);
    const ratio = figure(sorted[ROUNDS >> 1]);
    const [least, greatest] = [figure(sorted[0]), figure(sorted.at(-1))];
    console.log(JSON.stringify({ bench, against, ratio, goal, least, greatest, cores: navigator.hardwareConcurrency }));
  }
}

const { PORT, COMPUTES } = process.env;
await (cluster.isWorker ? service(Number(PORT), COMPUTES === "true") : compare());
