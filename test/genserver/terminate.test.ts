import { exit, name, noreply, ok, type Reason, reply, type Self, stop } from "hornbeam";
import { GenServer, start, startLink } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, events, puppet } from "../runtime/support.ts";
import { type Act, type Log, logOf, Terminating, WAYS, ways } from "./support.ts";

const oops = new Error("oops");
const traps = (self: Self) => {
  self.trapExit = true;
  return ok(["state"]);
};

/** A module that notes each `terminate`: its reason and the state that it saw. */
function noting(way: (typeof WAYS)[number] = "at once", throws?: () => never) {
  const calls: [Reason, Log][] = [];
  const module = Terminating((reason, log) => {
    calls.push([reason, log]);
    return ways[way](() => throws?.());
  });
  return { calls, module };
}

const causes: [string, Act, Reason, Log][] = [
  ["stop", (log) => stop("done", [...log, "new"]), "done", ["state", "new"]],
  ["stop normal", (log) => stop("normal", [...log, "new"]), "normal", ["state", "new"]],
  [
    "a throw",
    () => {
      throw oops;
    },
    oops,
    ["state"],
  ],
  ["an exit", () => exit("left"), "left", ["state"]],
  ["a bad return", () => 42, expect.objectContaining({ name: "BadReturnValue" }) as Error, ["state"]],
];

for (const way of WAYS) {
  test.each(causes)(`terminate runs after %s, ${way}, once, and sees the last state`, (_, act, reason, state) =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      const { calls, module } = noting(way);
      const pid = await start(sim, module, { init: () => ok(["state"]) });
      sim.cast(pid, "act", (log, self, from) => ways[way](() => act(log, self, from)));
      await sim.idle();
      expect(calls).toEqual([[reason, state]]);
      expect(died.get(pid)).toEqual(reason);
    }),
  );

  test(`a throw in terminate, ${way}, replaces the exit reason`, () =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      const { module } = noting(way, () => {
        throw oops;
      });
      const pid = await start(sim, module, {});
      sim.cast(pid, "act", (log) => stop("normal", log));
      await sim.idle();
      expect(died.get(pid)).toBe(oops);
    }));

  test(`a value that is thrown in terminate, ${way}, and is no Error, counts as returned: the reason stays`, () =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      const { module } = noting(way, () => {
        throw "a ball";
      });
      const pid = await start(sim, module, { init: () => ok(["state"]) });
      sim.cast(pid, "act", (log) => stop("done", log));
      await sim.idle();
      expect(died.get(pid)).toBe("done");
    }));

  test(`a result that is thrown in terminate, ${way}, counts as returned`, () =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      const { module } = noting(way, () => {
        throw noreply(1);
      });
      const pid = await start(sim, module, {});
      sim.cast(pid, "act", (log) => stop("done", log));
      await sim.idle();
      expect(died.get(pid)).toBe("done");
    }));

  test(`a stop with a reply sends it when terminate is done, ${way}`, () =>
    inVirtualTime(async (sim) => {
      const order: string[] = [];
      const module = Terminating((_, __, self) => ways[way](() => void order.push(`terminate of ${self.pid}`)));
      const pid = await start(sim, module, {});
      const caller = puppet(sim);
      await caller.does(async (self) => {
        order.push(String(await self.call(pid, "act", (log) => stop("done", log, "answer"))));
      });
      expect(order).toEqual([`terminate of ${pid}`, "answer"]);
    }));

  test(`a stop with a reply sends it even if terminate throws, ${way}`, () =>
    inVirtualTime(async (sim) => {
      const { module } = noting(way, () => {
        throw oops;
      });
      const pid = await start(sim, module, {});
      expect(await sim.call(pid, "act", (log) => stop("normal", log, "answer"))).toBe("answer");
    }));
}

test("terminate does not run at a kill, trapping or not", () =>
  inVirtualTime(async (sim) => {
    const { calls, module } = noting();
    for (const init of [traps, () => ok([])]) sim.kill(await start(sim, module, { init }));
    await sim.idle();
    expect(calls).toEqual([]);
  }));

test("terminate does not run at an exit signal that is not trapped", () =>
  inVirtualTime(async (sim) => {
    const { calls, module } = noting();
    const parent = puppet(sim);
    await parent.does((self) => startLink(self, module, {}));
    sim.exit(parent.pid, "shutdown");
    await sim.idle();
    expect([calls, sim.processes()]).toEqual([[], []]);
  }));

test.each<Reason>(["normal", "shutdown", { shutdown: 1 }, "killed", "oops"])(
  "the exit %o of its parent ends a server that traps, by way of terminate and with that reason",
  (reason) =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      const { calls, module } = noting();
      const parent = puppet(sim);
      let pid: any;
      await parent.does(async (self) => {
        pid = await startLink(self, module, { init: traps });
      });
      await parent.does(() => exit(reason));
      expect(calls).toEqual([[reason, ["state"]]]);
      expect(died.get(pid)).toBe(reason);
    }),
);

test("an exit signal that the parent sends while it lives counts as well", () =>
  inVirtualTime(async (sim) => {
    const { calls, module } = noting();
    const parent = puppet(sim, { trapExit: true });
    await parent.does(async (self) => {
      const pid = await startLink(self, module, { init: traps });
      self.exit(pid, "shutdown");
    });
    expect(calls).toEqual([["shutdown", ["state"]]]);
    expect(parent.inbox).toMatchObject([{ tag: "exit", reason: "shutdown" }]);
  }));

test("the exit of anyone else is a message for a server that traps", () =>
  inVirtualTime(async (sim) => {
    const { calls, module } = noting();
    const [parent, other] = [puppet(sim), puppet(sim)];
    let pid: any;
    await parent.does(async (self) => {
      pid = await startLink(self, module, { init: traps });
    });
    await other.does((self) => {
      self.link(pid);
      exit("oops");
    });
    expect(await logOf(sim, pid)).toEqual(["state", { tag: "exit", pid: other.pid, reason: "oops" }]);
    expect(calls).toEqual([]);
  }));

test("a server that was started without a link has no parent: the exit of its starter is a message", () =>
  inVirtualTime(async (sim) => {
    const { calls, module } = noting();
    const starter = puppet(sim);
    let pid: any;
    await starter.does(async (self) => {
      pid = await start(self, module, { init: traps });
      self.link(pid);
    });
    sim.exit(starter.pid, "oops");
    expect(await logOf(sim, pid)).toEqual(["state", { tag: "exit", pid: starter.pid, reason: "oops" }]);
    expect(calls).toEqual([]);
  }));

test("a trapped exit that a server sends to itself ends one that was started without a link, and is a message to others", () =>
  inVirtualTime(async (sim) => {
    const [alone, linked] = [noting(), noting()];
    const pid = await start(sim, alone.module, { init: traps });
    const parent = puppet(sim);
    let child: any;
    await parent.does(async (self) => {
      child = await startLink(self, linked.module, { init: traps });
    });
    for (const each of [pid, child]) {
      sim.cast<any, string>(each, "act", (log: Log, self: Self) => {
        self.exit(self.pid, "enough");
        return noreply([...log, "told itself"]);
      });
    }
    await sim.idle();
    expect(alone.calls).toEqual([["enough", ["state", "told itself"]]]);
    expect(linked.calls).toEqual([]);
    expect(await logOf(sim, child)).toEqual(["state", "told itself", { tag: "exit", pid: child, reason: "enough" }]);
  }));

test("a parent's exit waits in line: what came before it is handled, what came after is not", () =>
  inVirtualTime(async (sim) => {
    const { calls, module } = noting();
    const parent = puppet(sim);
    await parent.does(async (self) => {
      const pid = await startLink(self, module, { init: traps });
      self.send(pid, "before");
      self.exit(pid, "shutdown");
      self.send(pid, "after");
    });
    expect(calls).toEqual([["shutdown", ["state", "before"]]]);
  }));

test("a server may talk to others in terminate", () =>
  inVirtualTime(async (sim) => {
    const friend = await start(
      sim,
      Terminating(() => {}),
      {},
    );
    const module = Terminating(async (reason, _, self) => {
      await self.sleep(10);
      self.send(friend, `bye: ${reason}`);
      await self.call(friend, "act", (log) => reply(0, [...log, "called"]));
    });
    const pid = await start(sim, module, {});
    await GenServer.stop(sim, pid);
    expect(await logOf(sim, friend)).toEqual(["bye: normal", "called"]);
  }));

test("a kill in the middle of terminate ends the server at once, and no reply is sent", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const zombies = events(sim, "process.zombie");
    const gate = Promise.withResolvers<void>();
    const pid = await start(
      sim,
      Terminating(() => gate.promise),
      {},
    );
    const call = sim.call(pid, "act", (log) => stop("normal", log, "answer"));
    await sim.idle();
    sim.kill(pid);
    gate.resolve();
    await expect(call).rejects.toMatchObject({ reason: "killed" });
    await sim.idle();
    expect([died.get(pid), zombies.map(({ operation }) => operation)]).toEqual(["killed", ["settle"]]);
  }));

test.each<[string, (log: Log) => unknown]>([
  ["replies", (log) => reply("answer", log)],
  ["stops", (log) => stop("normal", log, "answer")],
  ["goes on", (log) => noreply(log, { continue: () => expect.unreachable() })],
  ["throws", () => exit("oops")],
])("what a server that has killed itself returns counts for nothing: it %s", (_, result) =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const { calls, module } = noting();
    const pid = await start(sim, module, {});
    const act: Act = (log, self) => {
      self.exit(self.pid, "kill");
      return result(log);
    };
    await expect(sim.call(pid, "act", act)).rejects.toMatchObject({ reason: "killed" });
    await sim.idle();
    expect([calls, died.get(pid)]).toEqual([[], "killed"]);
  }),
);

test("terminate runs at the exit of a parent that has a name, by link and by signal", () =>
  inVirtualTime(async (sim) => {
    const seen: unknown[] = [];
    const module = Terminating((reason) => void seen.push(reason));
    for (const end of ["by link", "by signal"]) {
      const parent = puppet(sim, { name: name("parent"), trapExit: true });
      let pid: any;
      await parent.does(async (self) => {
        pid = await startLink(self, module, { init: traps });
      });
      if (end === "by link") sim.kill(parent.pid);
      else await parent.does((self) => self.exit(pid, "shutdown"));
      await sim.idle();
      expect(sim.isAlive(pid)).toBe(false);
    }
    expect(seen).toEqual(["killed", "shutdown"]);
  }));
