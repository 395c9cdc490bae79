// The workloads on hornbeam, as a user would write them: only what the package exports. How it is run: harness.ts.

import { isDown, loop, noreply, ok, type Pid, reply, type Self, type System, stop, system } from "hornbeam";
import { child, GenServer, type SentRequest, start } from "hornbeam/genserver";
import { type Supervisor, supervisor } from "hornbeam/supervisor";
import {
  collect,
  delays,
  type Figure,
  Finish,
  lateness,
  main,
  memory,
  now,
  polluted,
  type Workload,
} from "./harness.ts";
import { nodesOf, SIZE, sumOf } from "./sizes.ts";

/**
 * One for all rounds, as a program has one. A new one for each would measure how V8 compiles: code that it has made for a
 * system is thrown away with it.
 */
const world = system({ reports: false, catchStrays: false });

/** As `world`, with the option that `run` turns on. */
const accounted = system({ reports: false, catchStrays: false, accounting: true });

const round =
  (run: (finish: Finish) => Promise<Figure | readonly Figure[]>): Workload =>
  () =>
    run(new Finish());

/** The end of a process, whatever its state. */
const DONE = stop("normal", undefined);

function pair(finish: Finish, pings: number, world: System): Pid {
  const pong = world.spawn(
    loop(undefined, (message: { readonly tag: "ping"; readonly from: Pid }, _, self) => {
      self.send(message.from, "pong");
    }),
  );
  return world.spawn(
    loop({ left: pings }, (_message: "go" | "pong", state, self) => {
      if (state.left-- > 0) self.send(pong, { tag: "ping", from: self.pid });
      else finish.reached(state.left, -1);
    }),
  );
}

type Count = "inc" | { readonly tag: "get"; readonly from: Pid };

const counter = () =>
  world.spawn(
    loop({ count: 0 }, (message: Count, state, self) => {
      if (message === "inc") state.count++;
      else self.send(message.from, state.count);
    }),
  );

interface Node {
  readonly first: number;
  readonly leaves: number;
  readonly parent: Pid;
  sum: number;
  left: number;
}

function skynet(message: "go" | number, node: Node, self: Self) {
  if (message === "go") {
    if (node.leaves > 1) return grow(node, self);
    self.send(node.parent, node.first);
    return DONE;
  }
  node.sum += message;
  if (--node.left > 0) return;
  self.send(node.parent, node.sum);
  return DONE;
}

function grow({ first, leaves }: Node, self: Self): void {
  const part = leaves / 10;
  for (let i = 0; i < 10; i++) {
    const node: Node = { first: first + i * part, leaves: part, parent: self.pid, sum: 0, left: 10 };
    self.send(self.spawn(loop(node, skynet)), "go");
  }
}

const Echo = {
  init: () => ok(undefined),
  handleCall: { echo: (value: number, state) => reply(value, state) },
} satisfies GenServer<undefined>;

interface Asking {
  readonly server: Pid;
  readonly finish: Finish;
  sent: number;
  request: SentRequest<number> | undefined;
}

/** Asks, and gets the answer as a message. */
const Client = {
  init: (state: Asking) => ok(state),
  handleInfo: (message: unknown, state, self) => {
    if (state.request !== undefined) {
      const answer = GenServer.checkResponse(message, state.request);
      if (answer.tag !== "reply" || answer.value !== state.sent) state.finish.check(answer, state.sent);
      if (state.sent === SIZE.calls) state.finish.reached(state.sent, SIZE.calls);
    }
    if (state.sent < SIZE.calls) state.request = GenServer.sendRequest(self, state.server, "echo", ++state.sent);
    return noreply(state);
  },
} satisfies GenServer<Asking>;

/** Tells who it is, as it starts. */
const Reborn = {
  init: (told: Pid, self) => {
    self.send(told, self.pid);
    return ok(undefined);
  },
} satisfies GenServer<undefined>;

const Restarting = {
  init: (killer: Pid) => ({
    strategy: "oneForOne",
    maxRestarts: 1_000_000_000,
    maxSeconds: 1,
    children: [child(Reborn, killer, { id: "reborn" })],
  }),
} satisfies Supervisor;

async function pingPong(bench: string, finish: Finish, world: System): Promise<Figure> {
  const ping = pair(finish, SIZE.pings, world);
  return { bench, count: 2 * SIZE.pings, ms: await finish.after(() => world.send(ping, "go")) };
}

const workloads: Record<string, Workload> = {
  pingpong: round((finish) => pingPong("pingpong", finish, world)),

  accounting: async () => [
    await pingPong("pingpong_plain", new Finish(), world),
    await pingPong("pingpong_accounted", new Finish(), accounted),
  ],

  ring: round(async (finish) => {
    const hop = (left: number, state: { next: Pid | undefined }, self: Self): void => {
      if (left === 0) finish.reached(left, 0);
      else if (state.next !== undefined) self.send(state.next, left - 1);
    };
    const closing: { next: Pid | undefined } = { next: undefined };
    const first = world.spawn(loop(closing, hop));
    closing.next = first;
    for (let i = 1; i < SIZE.ring; i++) closing.next = world.spawn(loop({ next: closing.next }, hop));
    return { bench: "ring", count: SIZE.hops, ms: await finish.after(() => world.send(first, SIZE.hops)) };
  }),

  counting: round(async (finish) => {
    const count = counter();
    const producer = world.spawn(
      loop(undefined, (message: "go" | number, _, self) => {
        if (message !== "go") return finish.reached(message, SIZE.increments);
        for (let i = 0; i < SIZE.increments; i++) self.send(count, "inc");
        self.send(count, { tag: "get", from: self.pid });
      }),
    );
    return { bench: "counting", count: SIZE.increments, ms: await finish.after(() => world.send(producer, "go")) };
  }),

  counting_coop: round(async (finish) => {
    const count = counter();
    const producer = world.spawn(
      loop({ sent: 0 }, (message: "go" | number, state, self) => {
        if (message !== "go") return finish.reached(message, SIZE.increments);
        for (let i = 0; i < SIZE.batch; i++) self.send(count, "inc");
        state.sent += SIZE.batch;
        if (state.sent < SIZE.increments) self.send(self.pid, "go");
        else self.send(count, { tag: "get", from: self.pid });
      }),
    );
    return { bench: "counting_coop", count: SIZE.increments, ms: await finish.after(() => world.send(producer, "go")) };
  }),

  fanout: round(async (finish) => {
    const collector = world.spawn(
      loop({ done: 0 }, (_message: "done", state) => {
        if (++state.done === SIZE.sinks) finish.reached(state.done, SIZE.sinks);
      }),
    );
    const sink = (_message: { readonly round: number }, state: { left: number }, self: Self) => {
      if (--state.left > 0) return;
      self.send(collector, "done");
      return DONE;
    };
    const sinks = Array.from({ length: SIZE.sinks }, () => world.spawn(loop({ left: SIZE.each }, sink)));
    const driver = world.spawn(
      loop(undefined, (_message: "go", _, self) => {
        for (let round = 0; round < SIZE.each; round++) for (const to of sinks) self.send(to, { round });
      }),
    );
    const ms = await finish.after(() => world.send(driver, "go"));
    return { bench: "fanout", count: SIZE.sinks * SIZE.each, ms };
  }),

  spawnexit: round(async (finish) => {
    let ended = 0;
    const worker = loop(undefined, (_message: "go") => {
      if (++ended === SIZE.spawns) finish.reached(ended, SIZE.spawns);
      return DONE;
    });
    const driver = world.spawn(
      loop(undefined, (_message: "go", _, self) => {
        for (let i = 0; i < SIZE.spawns; i++) self.send(self.spawn(worker), "go");
      }),
    );
    return { bench: "spawnexit", count: SIZE.spawns, ms: await finish.after(() => world.send(driver, "go")) };
  }),

  spawnexit_coop: round(async (finish) => {
    let ended = 0;
    const worker = loop(undefined, (_message: "go") => {
      if (++ended === SIZE.spawns) finish.reached(ended, SIZE.spawns);
      return DONE;
    });
    const driver = world.spawn(
      loop({ spawned: 0 }, (_message: "go", state, self) => {
        for (let i = 0; i < SIZE.batch; i++) self.send(self.spawn(worker), "go");
        state.spawned += SIZE.batch;
        if (state.spawned < SIZE.spawns) self.send(self.pid, "go");
      }),
    );
    return { bench: "spawnexit_coop", count: SIZE.spawns, ms: await finish.after(() => world.send(driver, "go")) };
  }),

  skynet: round(async (finish) => {
    const { leaves } = SIZE;
    const parent = world.spawn(loop(undefined, (sum: number) => finish.reached(sum, sumOf(leaves))));
    const root = world.spawn(loop({ first: 0, leaves, parent, sum: 0, left: 10 }, skynet));
    return { bench: "skynet", count: nodesOf(leaves), ms: await finish.after(() => world.send(root, "go")) };
  }),

  gencall: round(async (finish) => {
    const server = await start(world, Echo);
    const client = await start(world, Client, { server, finish, sent: 0, request: undefined });
    return { bench: "gencall", count: SIZE.calls, ms: await finish.after(() => world.send(client, "go")) };
  }),

  gencall_await: round(async (finish) => {
    const server = await start(world, Echo);
    const client = world.spawn(async (self) => {
      await self.receive();
      for (let i = 0; i < SIZE.calls; i++) if ((await self.call(server, "echo", i)) !== i) finish.check("no echo", i);
      finish.reached(true, true);
    });
    return { bench: "gencall_await", count: SIZE.calls, ms: await finish.after(() => world.send(client, "go")) };
  }),

  linkchain: round(async (finish) => {
    const killed = new Finish();
    const watcher = world.spawn(
      loop({ alive: 0 }, (message: unknown, state, self) => {
        if (isDown(message)) {
          killed.check(message.reason, "boom");
          if (--state.alive === 0) killed.reached(state.alive, 0);
        } else {
          self.monitor(message as Pid);
          if (++state.alive === SIZE.chain) finish.reached(state.alive, SIZE.chain);
        }
      }),
    );
    const link = (_message: "go", state: { readonly behind: number }, self: Self): void => {
      if (state.behind > 0) self.send(self.spawnLink(loop({ behind: state.behind - 1 }, link)), "go");
      self.send(watcher, self.pid);
    };
    const head = world.spawn(loop({ behind: SIZE.chain - 1 }, link));
    const setup = await finish.after(() => world.send(head, "go"));
    const kill = await killed.after(() => world.exit(head, "boom"));
    return [
      { bench: "linkchain_setup", count: SIZE.chain, ms: setup },
      { bench: "linkchain_kill", count: SIZE.chain, ms: kill },
    ];
  }),

  supervisor: round(async (finish) => {
    const { restarts, firstRestarts } = SIZE;
    let began = 0;
    let afterFirst = 0;
    const killer = world.spawn(
      loop({ killed: 0, last: undefined as Pid | undefined }, (pid: Pid, state, self) => {
        if (pid === state.last) finish.check(pid, "another process than the one that was killed");
        state.last = pid;
        if (state.killed === 0) began = now();
        if (state.killed === firstRestarts) afterFirst = now();
        if (state.killed++ < restarts) self.exit(pid, "kill");
        else finish.reached(state.killed, restarts + 1);
      }),
    );
    const ms = await finish.after(() => void world.start(supervisor(Restarting, killer)));
    return [
      { bench: "supervisor", count: restarts, ms },
      { bench: "supervisor_first1k", count: firstRestarts, ms: afterFirst - began },
    ];
  }),

  timers: round(async (finish) => {
    const times = delays(SIZE.timers);
    const set = new Finish();
    const cancelled = new Finish();
    const refs = new Array<{ cancel(): boolean }>(SIZE.timers);
    const owner = world.spawn(
      loop({ left: SIZE.timers }, (message: "set" | "cancel" | "fire" | "fired", state, self) => {
        if (message === "fired") {
          if (--state.left === 0) finish.reached(state.left, 0);
        } else if (message === "fire") {
          for (let i = 0; i < SIZE.timers; i++) self.sendAfter("fired", 1 + (i % 100));
        } else if (message === "set") {
          for (let i = 0; i < SIZE.timers; i++) refs[i] = self.sendAfter("fired", times[i] as number);
          set.reached(true, true);
        } else {
          let count = 0;
          for (let i = 0; i < refs.length; i++) if (refs[i]?.cancel()) count++;
          cancelled.reached(count, SIZE.timers);
        }
      }),
    );
    const setting = await set.after(() => world.send(owner, "set"));
    const cancelling = await cancelled.after(() => world.send(owner, "cancel"));
    refs.length = 0;
    collect();
    const before = process.cpuUsage();
    const firing = await finish.after(() => world.send(owner, "fire"));
    const { user, system: kernel } = process.cpuUsage(before);
    return [
      { bench: "timers_set", count: SIZE.timers, ms: setting },
      { bench: "timers_cancel", count: SIZE.timers, ms: cancelling },
      { bench: "timers_fire", count: SIZE.timers, ms: firing, extra: { cpu: user + kernel } },
    ];
  }),

  lag: round((finish) => {
    const ping = pair(finish, SIZE.lagPings, world);
    return lateness("lag", 2 * SIZE.lagPings, () => finish.after(() => world.send(ping, "go")));
  }),

  memory: round(() => {
    const idle = loop(undefined, () => DONE);
    return memory("memory", SIZE.idle, (keep) => {
      for (let i = 0; i < SIZE.idle; i++) keep[i] = world.spawn(idle);
    });
  }),

  memory_used: round(() => {
    const idle = loop(undefined, () => {});
    return memory("memory_used", SIZE.idle, (keep) => {
      for (let i = 0; i < SIZE.idle; i++) {
        const pid = world.spawn(idle);
        world.send(pid, 1);
        keep[i] = pid;
      }
    });
  }),

  memory_server: round(() =>
    memory("memory_server", SIZE.idle, async (keep) => {
      for (let i = 0; i < SIZE.idle; i++) keep[i] = await start(world, Echo);
    }),
  ),
};
workloads.polluted = polluted(workloads);

await main(workloads, () => world.stop());
