import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { type Exited, exit, name, noreply, ok, type Pid, reply, type Self } from "hornbeam";
import { GenServer, start, startLink } from "hornbeam/genserver";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, events, forever, type Puppet, puppet } from "./support.ts";

const Crashing = {
  init: () => ok(0),
  handleCall: {
    crash: (): ReturnType<typeof reply<number, number>> => {
      throw new Error("oops");
    },
  },
} satisfies GenServer<number>;

interface Scene {
  readonly peer: Puppet;
  readonly server: Pid;
}

/** Lets `act` run in a process that has been killed in the middle of an await, and says what it asked for in vain. */
async function afterlife(
  sim: VirtualSystem,
  act: (self: Self, scene: Scene) => unknown,
): Promise<Scene & { vain: string[] }> {
  const zombies = events(sim, "process.zombie");
  const scene = { peer: puppet(sim), server: await start(sim, Crashing) };
  const gate = Promise.withResolvers<void>();
  const pid = sim.spawn(async (self) => {
    await gate.promise;
    await act(self, scene);
  });
  await sim.idle();
  sim.kill(pid);
  gate.resolve();
  await sim.idle();
  expect(zombies.every((zombie) => zombie.pid === pid && zombie.reason === "killed")).toBe(true);
  return { ...scene, vain: zombies.map(({ operation }) => operation) };
}

test("nothing that a dead process sends arrives", () =>
  inVirtualTime(async (sim) => {
    const { peer, vain } = await afterlife(sim, (self, { peer }) => {
      self.send(peer.pid, "message");
      self.cast(peer.pid, "cast");
      self.with({}).cast(peer.pid, "cast");
      self.sendAfter("timer", 10, peer.pid);
    });
    await sim.advance(10);
    expect(peer.inbox).toEqual([]);
    expect(vain).toEqual(["send", "cast", "cast", "sendAfter", "settle"]);
  }));

test("a dead process can neither end nor tie nor name nor watch another", () =>
  inVirtualTime(async (sim) => {
    const { peer, vain } = await afterlife(sim, (self, { peer }) => {
      self.exit(peer.pid, "kill");
      self.link(peer.pid);
      self.unlink(peer.pid);
      self.monitor(peer.pid);
      self.register(name("late"), peer.pid);
      self.register(name("late"));
      self.unregister(name("late"));
    });
    expect(sim.isAlive(peer.pid)).toBe(true);
    expect(sim.whereis(name("late"))).toBeUndefined();
    expect(sim.processes().every(({ links }) => links.length === 0)).toBe(true);
    expect(vain).toEqual(["exit", "link", "unlink", "monitor", "register", "register", "unregister", "settle"]);
  }));

test("what a dead process spawns or starts never runs", () =>
  inVirtualTime(async (sim) => {
    let ran = false;
    const run = () => {
      ran = true;
    };
    const { vain } = await afterlife(sim, (self) => {
      const pids = [self.spawn(run), self.spawnLink(run), self.spawnMonitor(run).pid];
      expect(pids.map((pid) => self.isAlive(pid))).toEqual([false, false, false]);
      void startLink(self, { init: () => ok(run()) });
    });
    await sim.idle();
    expect(ran).toBe(false);
    expect(sim.processes()).toHaveLength(2);
    expect(vain.filter((operation) => operation !== "monitor")).toEqual(["spawn", "spawn", "spawn", "start", "settle"]);
  }));

test.each<[string, (self: Self, scene: Scene) => Promise<unknown>]>([
  ["call", (self, { server }) => self.call(server, "crash")],
  ["sleep", (self) => self.sleep(1)],
  ["receive", (self) => self.receive()],
])("a %s of a dead process never comes back, and asks nobody", (operation, act) =>
  inVirtualTime(async (sim) => {
    let back = false;
    const { server, vain } = await afterlife(sim, (self, scene) =>
      act(self, scene).finally(() => {
        back = true;
      }),
    );
    await sim.advance(10_000);
    expect(back).toBe(false);
    expect(sim.isAlive(server)).toBe(true);
    expect(vain).toEqual([operation]);
  }),
);

test("a dead process cannot stop a server", () =>
  inVirtualTime(async (sim) => {
    const { server } = await afterlife(sim, (self, { server }) => GenServer.stop(self, server));
    expect(sim.isAlive(server)).toBe(true);
  }));

test("a throw after the end is told, and changes no reason", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const { vain } = await afterlife(sim, () => {
      throw new Error("late");
    });
    expect(vain).toEqual(["throw"]);
    expect([...died.values()]).toEqual(["killed"]);
  }));

test.each<[string, (signal: AbortSignal) => Promise<unknown>]>([
  ["returns", (signal) => once(signal, "abort")],
  ["throws the reason of its signal", (signal) => once(signal, "abort").then(() => signal.throwIfAborted())],
  ["throws what an interface of Node makes of it", (signal) => setTimeout(60_000, undefined, { signal })],
])("code that was told to stop by its signal, and %s, is not told of", (_, work) =>
  inVirtualTime(async (sim) => {
    const zombies = events(sim, "process.zombie");
    const pid = sim.spawn((self) => work(self.signal));
    await sim.idle();
    sim.exit(pid, "shutdown");
    await sim.idle();
    expect([sim.isAlive(pid), zombies]).toEqual([false, []]);
  }),
);

test("a callback of a server that fails because its signal was aborted is not told of", () =>
  inVirtualTime(async (sim) => {
    const zombies = events(sim, "process.zombie");
    const Waiting = {
      init: () => ok(0),
      handleCast: {
        wait: async (_, n: number, self: Self) => {
          await setTimeout(60_000, undefined, { signal: self.signal });
          return noreply<number>(n);
        },
      },
    } satisfies GenServer<number>;
    const server = await start(sim, Waiting);
    sim.cast(server, "wait");
    await sim.idle();
    sim.kill(server);
    await sim.idle();
    expect([sim.isAlive(server), zombies]).toEqual([false, []]);
  }));

test("a server that was killed in a callback neither replies nor changes", () =>
  inVirtualTime(async (sim) => {
    const zombies = events(sim, "process.zombie");
    const gate = Promise.withResolvers<void>();
    const Slow = {
      init: () => ok(0),
      handleCall: {
        get: async (_, n: number) => {
          await gate.promise;
          return reply("late", n, { continue: "more" });
        },
      },
      handleContinue: (_: string, n: number) => expect.unreachable(String(n)) as never,
    } satisfies GenServer<number>;
    const server = await start(sim, Slow);
    const call = sim.call(server, "get");
    await sim.idle();
    sim.kill(server);
    await expect(call).rejects.toMatchObject({ reason: "killed" });
    gate.resolve();
    await sim.idle();
    expect(zombies.map(({ operation }) => operation)).toEqual(["settle"]);
  }));

test.each(["sleep", "receive", "call"])("a %s that waits when its process ends never comes back", (operation) =>
  inVirtualTime(async (sim) => {
    let back = false;
    const server = await start(sim, { init: () => ok(0), handleCall: { wait: (_, n: number) => noreply<number>(n) } });
    const waits: { [operation: string]: (self: Self) => Promise<unknown> } = {
      sleep: (self) => self.sleep(100),
      receive: (self) => self.receive(undefined, 100),
      call: (self) => self.call(server as Pid, "wait"),
    };
    const pid = sim.spawn((self) =>
      waits[operation]?.(self).finally(() => {
        back = true;
      }),
    );
    await sim.idle();
    sim.exit(pid, "oops");
    sim.send(pid, "message");
    sim.kill(server);
    await sim.advance(10_000);
    expect(back).toBe(false);
  }),
);

test("a caller that dies of the crash of its server, by a link, does not also hear of it by its call", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    let back = false;
    const caller = puppet(sim);
    await caller.does(async (self) => {
      const server = await startLink(self, Crashing);
      await self.call(server, "crash").finally(() => {
        back = true;
      });
    });
    expect(died.get(caller.pid)).toMatchObject({ message: "oops" });
    expect(back).toBe(false);
  }));

test("a starter that dies of a start that failed, by the link, does not also hear of it", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    let back = false;
    const starter = puppet(sim);
    await starter.does((self) =>
      startLink(self, { init: () => exit("oops") as never }).finally(() => {
        back = true;
      }),
    );
    expect(died.get(starter.pid)).toBe("oops");
    expect(back).toBe(false);
  }));

test("links and monitors hear of an end when the reason is fixed, not when the code that goes on is done", () =>
  inVirtualTime(async (sim) => {
    const gate = Promise.withResolvers<void>();
    const watcher = puppet(sim, { trapExit: true });
    let pid: Pid | undefined;
    await watcher.does((self) => {
      pid = self.spawnLink(() => gate.promise.then(() => exit("late")));
      self.monitor(pid);
    });
    sim.exit(pid as Pid, "early");
    await sim.idle();
    const news = [
      { tag: "exit", pid, reason: "early" },
      { tag: "down", pid, reason: "early" },
    ];
    expect(watcher.inbox).toMatchObject(news);
    gate.resolve();
    await sim.idle();
    expect(watcher.inbox).toHaveLength(2);
  }));

test("the signal of a process is aborted at its end, with the exit reason", () =>
  inVirtualTime(async (sim) => {
    const seen: { early?: AbortSignal; late?: AbortSignal; self?: Self } = {};
    const pid = sim.spawn(async (self) => {
      seen.self = self;
      seen.early = self.signal;
      await forever(self);
    });
    await sim.idle();
    expect(seen.early?.aborted).toBe(false);
    sim.exit(pid, "oops");
    seen.late = (seen.self as Self).signal;
    for (const signal of [seen.early as AbortSignal, seen.late]) {
      expect(signal.aborted).toBe(true);
      expect((signal.reason as Exited).name).toBe("AbortError");
      expect((signal.reason as Exited).reason).toBe("oops");
    }
  }));

test("a process that ends itself in the middle of its code is dead from there on", () =>
  inVirtualTime(async (sim) => {
    const peer = puppet(sim);
    const zombies = events(sim, "process.zombie");
    sim.spawn((self) => {
      self.exit(self.pid, "kill");
      self.send(peer.pid, "too late");
    });
    await sim.idle();
    expect(peer.inbox).toEqual([]);
    expect(zombies.map(({ operation }) => operation)).toEqual(["send"]);
  }));

test("nobody can send to, link with, or find a dead process", () =>
  inVirtualTime(async (sim) => {
    const lobby = name("lobby");
    const pid = sim.spawn(forever, { name: lobby });
    sim.kill(pid);
    expect(sim.isAlive(pid)).toBe(false);
    expect(sim.whereis(lobby)).toBeUndefined();
    expect(sim.processes()).toEqual([]);
    expect(() => sim.send(pid, "message")).not.toThrow();
  }));
