// The workloads on the ceiling. How it is run: harness.ts.

import { DONE, Exit, exit, link, Monitor, monitor, type Process, send, spawn } from "./ceiling-runtime.ts";
import { ask, Call, call, sendAfter, type Timer } from "./ceiling-time.ts";
import { collect, delays, Finish, lateness, main, memory, now, polluted, type Workload } from "./harness.ts";
import { nodesOf, SIZE, sumOf } from "./sizes.ts";

function pair(finish: Finish, pings: number): Process {
  const pong = spawn((message: { readonly from: Process }) => {
    send(message.from, "pong");
  }, null);
  return spawn((_, self) => {
    if (self.state-- > 0) send(pong, { tag: "ping", from: self });
    else finish.reached(self.state, -1);
  }, pings);
}

const counter = (): Process =>
  spawn((message: "inc" | { readonly from: Process }, self) => {
    if (message === "inc") self.state++;
    else send(message.from, self.state);
  }, 0);

class Node {
  readonly first: number;
  readonly leaves: number;
  readonly parent: Process;
  sum = 0;
  left = 10;
  constructor(first: number, leaves: number, parent: Process) {
    this.first = first;
    this.leaves = leaves;
    this.parent = parent;
  }
}

function skynet(message: "go" | number, self: Process): unknown {
  const node: Node = self.state;
  if (message === "go") {
    if (node.leaves > 1) return grow(node, self);
    send(node.parent, node.first);
    return DONE;
  }
  node.sum += message;
  if (--node.left > 0) return;
  send(node.parent, node.sum);
  return DONE;
}

function grow({ first, leaves }: Node, self: Process): void {
  const part = leaves / 10;
  for (let i = 0; i < 10; i++) send(spawn(skynet, new Node(first + i * part, part, self)), "go");
}

const echo = (message: unknown): void => {
  if (message instanceof Call) message.reply(message.request);
};

const workloads: Record<string, Workload> = {
  pingpong: async () => {
    const finish = new Finish();
    const ping = pair(finish, SIZE.pings);
    return { bench: "pingpong", count: 2 * SIZE.pings, ms: await finish.after(() => send(ping, "go")) };
  },

  ring: async () => {
    const finish = new Finish();
    const hop = (left: number, self: Process): void => {
      if (left === 0) finish.reached(left, 0);
      else send(self.state, left - 1);
    };
    const first = spawn(hop, null);
    first.state = first;
    for (let i = 1; i < SIZE.ring; i++) first.state = spawn(hop, first.state);
    return { bench: "ring", count: SIZE.hops, ms: await finish.after(() => send(first, SIZE.hops)) };
  },

  counting: async () => {
    const finish = new Finish();
    const count = counter();
    const producer = spawn((message: "go" | number, self) => {
      if (message !== "go") return finish.reached(message, SIZE.increments);
      for (let i = 0; i < SIZE.increments; i++) send(count, "inc");
      send(count, { tag: "get", from: self });
    }, null);
    return { bench: "counting", count: SIZE.increments, ms: await finish.after(() => send(producer, "go")) };
  },

  counting_coop: async () => {
    const finish = new Finish();
    const count = counter();
    const producer = spawn((message: "go" | number, self) => {
      if (message !== "go") return finish.reached(message, SIZE.increments);
      for (let i = 0; i < SIZE.batch; i++) send(count, "inc");
      self.state += SIZE.batch;
      if (self.state < SIZE.increments) send(self, "go");
      else send(count, { tag: "get", from: self });
    }, 0);
    return { bench: "counting_coop", count: SIZE.increments, ms: await finish.after(() => send(producer, "go")) };
  },

  fanout: async () => {
    const finish = new Finish();
    const collector = spawn((_, self) => {
      if (++self.state === SIZE.sinks) finish.reached(self.state, SIZE.sinks);
    }, 0);
    const sink = (_: unknown, self: Process): unknown => {
      if (--self.state > 0) return;
      send(collector, "done");
      return DONE;
    };
    const sinks = Array.from({ length: SIZE.sinks }, () => spawn(sink, SIZE.each));
    const driver = spawn(() => {
      for (let round = 0; round < SIZE.each; round++) for (const to of sinks) send(to, { round });
    }, null);
    return { bench: "fanout", count: SIZE.sinks * SIZE.each, ms: await finish.after(() => send(driver, "go")) };
  },

  spawnexit: async () => {
    const finish = new Finish();
    let ended = 0;
    const worker = (): unknown => {
      if (++ended === SIZE.spawns) finish.reached(ended, SIZE.spawns);
      return DONE;
    };
    const driver = spawn(() => {
      for (let i = 0; i < SIZE.spawns; i++) send(spawn(worker, null), "go");
    }, null);
    return { bench: "spawnexit", count: SIZE.spawns, ms: await finish.after(() => send(driver, "go")) };
  },

  spawnexit_coop: async () => {
    const finish = new Finish();
    let ended = 0;
    const worker = (): unknown => {
      if (++ended === SIZE.spawns) finish.reached(ended, SIZE.spawns);
      return DONE;
    };
    const driver = spawn((_, self) => {
      for (let i = 0; i < SIZE.batch; i++) send(spawn(worker, null), "go");
      self.state += SIZE.batch;
      if (self.state < SIZE.spawns) send(self, "go");
    }, 0);
    return { bench: "spawnexit_coop", count: SIZE.spawns, ms: await finish.after(() => send(driver, "go")) };
  },

  skynet: async () => {
    const finish = new Finish();
    const { leaves } = SIZE;
    const parent = spawn((sum: number) => finish.reached(sum, sumOf(leaves)), null);
    const root = spawn(skynet, new Node(0, leaves, parent));
    return { bench: "skynet", count: nodesOf(leaves), ms: await finish.after(() => send(root, "go")) };
  },

  gencall: async () => {
    const finish = new Finish();
    const server = spawn(echo, null);
    const client = spawn((message: "go" | Call, self) => {
      if (message !== "go") finish.check(message.value, self.state);
      if (self.state === SIZE.calls) finish.reached(self.state, SIZE.calls);
      else ask(self, server, ++self.state);
    }, 0);
    return { bench: "gencall", count: SIZE.calls, ms: await finish.after(() => send(client, "go")) };
  },

  gencall_await: async () => {
    const finish = new Finish();
    const server = spawn(echo, null);
    const client = spawn(async (_, self) => {
      for (let i = 0; i < SIZE.calls; i++) finish.check(await call(self, server, i), i);
      finish.reached(true, true);
    }, null);
    return { bench: "gencall_await", count: SIZE.calls, ms: await finish.after(() => send(client, "go")) };
  },

  linkchain: async () => {
    const finish = new Finish();
    const killed = new Finish();
    const watcher = spawn((message: Process | Monitor, self) => {
      if (message instanceof Monitor) {
        killed.check(message.reason, "boom");
        if (--self.state === 0) killed.reached(self.state, 0);
      } else {
        monitor(self, message);
        if (++self.state === SIZE.chain) finish.reached(self.state, SIZE.chain);
      }
    }, 0);
    const chain = (_: unknown, self: Process): void => {
      if (self.state > 0) {
        const behind = spawn(chain, self.state - 1);
        link(self, behind);
        send(behind, "go");
      }
      send(watcher, self);
    };
    const head = spawn(chain, SIZE.chain - 1);
    const setup = await finish.after(() => send(head, "go"));
    const kill = await killed.after(() => exit(head, "boom"));
    return [
      { bench: "linkchain_setup", count: SIZE.chain, ms: setup },
      { bench: "linkchain_kill", count: SIZE.chain, ms: kill },
    ];
  },

  supervisor: async () => {
    const { restarts, firstRestarts } = SIZE;
    const finish = new Finish();
    let afterFirst = 0;
    let last: Process | undefined;
    const killer = spawn((child: Process, self) => {
      if (child === last) finish.check(child, "another process than the one that was killed");
      last = child;
      if (self.state === firstRestarts) afterFirst = now();
      if (self.state++ < restarts) exit(child, "kill");
      else finish.reached(self.state, restarts + 1);
    }, 0);
    const born = (message: unknown, self: Process): void => {
      if (message === "init") send(killer, self);
      else echo(message);
    };
    const times = new Float64Array(1024);
    let at = 0;
    const start = (supervisor: Process): void => {
      supervisor.state = spawn(born, null);
      link(supervisor, supervisor.state);
      send(supervisor.state, "init");
    };
    const supervisor = spawn((message: "start" | Exit, self) => {
      if (message instanceof Exit) {
        if (message.from !== self.state) return;
        times[at++ % times.length] = now();
      }
      start(self);
    }, null);
    supervisor.traps = true;
    const began = now();
    const ms = await finish.after(() => send(supervisor, "start"));
    return [
      { bench: "supervisor", count: restarts, ms },
      { bench: "supervisor_first1k", count: firstRestarts, ms: afterFirst - began },
    ];
  },

  timers: async () => {
    const times = delays(SIZE.timers);
    const set = new Finish();
    const cancelled = new Finish();
    const finish = new Finish();
    const timers = new Array<Timer>(SIZE.timers);
    const owner = spawn((message: "set" | "cancel" | "fire" | "fired", self) => {
      if (message === "fired") {
        if (--self.state === 0) finish.reached(self.state, 0);
      } else if (message === "fire") {
        for (let i = 0; i < SIZE.timers; i++) sendAfter(self, "fired", 1 + (i % 100));
      } else if (message === "set") {
        for (let i = 0; i < SIZE.timers; i++) timers[i] = sendAfter(self, "fired", times[i] as number);
        set.reached(true, true);
      } else {
        let count = 0;
        for (let i = 0; i < timers.length; i++) if (timers[i]?.cancel()) count++;
        cancelled.reached(count, SIZE.timers);
      }
    }, SIZE.timers);
    const setting = await set.after(() => send(owner, "set"));
    const cancelling = await cancelled.after(() => send(owner, "cancel"));
    timers.length = 0;
    collect();
    const before = process.cpuUsage();
    const firing = await finish.after(() => send(owner, "fire"));
    const { user, system } = process.cpuUsage(before);
    return [
      { bench: "timers_set", count: SIZE.timers, ms: setting },
      { bench: "timers_cancel", count: SIZE.timers, ms: cancelling },
      { bench: "timers_fire", count: SIZE.timers, ms: firing, extra: { cpu: user + system } },
    ];
  },

  lag: () => {
    const finish = new Finish();
    const ping = pair(finish, SIZE.lagPings);
    return lateness("lag", 2 * SIZE.lagPings, () => finish.after(() => send(ping, "go")));
  },

  memory: () => {
    const idle = (): unknown => DONE;
    return memory("memory", SIZE.idle, (keep) => {
      for (let i = 0; i < SIZE.idle; i++) keep[i] = spawn(idle, null);
    });
  },

  memory_used: () => {
    const idle = (): void => {};
    return memory("memory_used", SIZE.idle, (keep) => {
      for (let i = 0; i < SIZE.idle; i++) {
        const process = spawn(idle, null);
        send(process, 1);
        keep[i] = process;
      }
    });
  },
};
workloads.polluted = polluted(workloads);

await main(workloads);
