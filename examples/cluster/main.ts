// One service on all cores: several OS processes behind one port, each a child of this program's tree.
//
//   npm run example examples/cluster/main.ts      and then, several times,
//   curl localhost:4000                           is answered by one of them
//   kill -9 PID                                   it is started again; the other serves on meanwhile
//
// PROCESSES says how many (default: as many as there are cores), PORT where.

import { run, supervisor } from "hornbeam/supervisor";
import { Cluster } from "./cluster.ts";

const { PROCESSES = navigator.hardwareConcurrency } = process.env;

const cluster = supervisor(
  Cluster,
  { program: new URL("./service.ts", import.meta.url), processes: Number(PROCESSES) },
  { id: "cluster" },
);

await run(cluster, { deadline: 15_000 });
