import { type Alias, BadArgument, type MonitorRef } from "hornbeam";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { forever, puppet } from "./support.ts";

/** A process that made an alias, and another that knows it. */
async function aliased(sim: VirtualSystem, options?: { reply?: boolean; priority?: boolean }) {
  const owner = puppet(sim);
  const friend = puppet(sim);
  let alias: Alias | undefined;
  await owner.does((self) => {
    alias = self.alias(options);
  });
  return { owner, friend, alias: alias as Alias };
}

test("what is sent to an alias arrives at its process, until the alias is withdrawn", () =>
  inVirtualTime(async (sim) => {
    const { owner, friend, alias } = await aliased(sim);
    await friend.does((self) => self.send(alias, "one"));
    let first: unknown;
    let again: unknown;
    await owner.does((self) => {
      first = self.unalias(alias);
      again = self.unalias(alias);
    });
    await friend.does((self) => self.send(alias, "two"));
    expect(owner.inbox).toEqual(["one"]);
    expect([first, again]).toEqual([true, false]);
  }));

test("a message that waits already is not lost with the alias it came by", () =>
  inVirtualTime(async (sim) => {
    const got: unknown[] = [];
    const pid = sim.spawn(async (self) => {
      const alias = self.alias();
      sim.send(alias, "before");
      self.unalias(alias);
      sim.send(alias, "after");
      got.push(await self.receive(undefined, 10), await self.receive(undefined, 10));
    });
    await sim.advance(100);
    expect(got).toEqual(["before", { tag: "timeout" }]);
    expect(sim.isAlive(pid)).toBe(false);
  }));

test("an alias for one reply is withdrawn by the first message", () =>
  inVirtualTime(async (sim) => {
    const { owner, friend, alias } = await aliased(sim, { reply: true });
    await friend.does((self) => {
      self.send(alias, 1);
      self.send(alias, 2);
    });
    expect(owner.inbox).toEqual([1]);
    expect(sim.processInfo(owner.pid)?.aliases).toBe(0);
  }));

test("only its own process can withdraw an alias", () =>
  inVirtualTime(async (sim) => {
    const { owner, friend, alias } = await aliased(sim);
    let withdrawn: unknown;
    await friend.does((self) => {
      withdrawn = self.unalias(alias);
      self.send(alias, "still there");
    });
    expect(withdrawn).toBe(false);
    expect(owner.inbox).toEqual(["still there"]);
  }));

test("an alias ends with its process, and sending to it then is nothing", () =>
  inVirtualTime(async (sim) => {
    const { owner, friend, alias } = await aliased(sim);
    sim.kill(owner.pid);
    await friend.does((self) => self.send(alias, "late"));
    expect(sim.isAlive(friend.pid)).toBe(true);
  }));

test("what is no alias is refused with what was expected", () =>
  inVirtualTime(async (sim) => {
    const { owner } = await aliased(sim);
    await owner.does((self) => {
      expect(() => self.unalias(7 as any)).toThrow(/expected an alias, got: 7/);
      expect(() => self.monitor(self.pid, { alias: "often" as any })).toThrow(BadArgument);
    });
  }));

describe("an alias that comes with a monitor has its ref", () => {
  const modes = [
    // withdrawn by: a message, cancel, the Down
    ["explicitUnalias", { message: false, cancel: false, down: false }],
    ["demonitor", { message: false, cancel: true, down: true }],
    ["replyDemonitor", { message: true, cancel: true, down: true }],
  ] as const;

  test.for(modes)("and is withdrawn as %s says", ([mode, ends]) =>
    inVirtualTime(async (sim) => {
      const owner = puppet(sim);
      /** Whether `act` leaves the alias working, and whether the monitor does. */
      const leaves = async (act: (monitor: MonitorRef, alias: Alias) => unknown) => {
        const target = sim.spawn(forever);
        let monitor: MonitorRef | undefined;
        await owner.does((self) => {
          monitor = self.monitor(target, { alias: mode });
          expect(monitor.alias?.ref).toBe(monitor.ref);
        });
        const watch = monitor as MonitorRef;
        const alias = watch.alias as Alias;
        act(watch, alias);
        await sim.idle();
        owner.inbox.length = 0;
        sim.send(alias, "probe");
        await sim.idle();
        const result = { alias: owner.inbox.includes("probe"), monitor: watch.active };
        await owner.does((self) => self.unalias(alias));
        watch.cancel();
        sim.kill(target);
        return result;
      };
      expect(await leaves((_, alias) => sim.send(alias, "first"))).toEqual({
        alias: !ends.message,
        monitor: !ends.message,
      });
      expect(await leaves((monitor) => monitor.cancel())).toEqual({ alias: !ends.cancel, monitor: false });
      const target = sim.spawn(forever);
      let alias: Alias | undefined;
      await owner.does((self) => {
        alias = self.monitor(target, { alias: mode }).alias;
      });
      sim.kill(target);
      await sim.idle();
      owner.inbox.length = 0;
      sim.send(alias as Alias, "probe");
      await sim.idle();
      expect(owner.inbox.includes("probe")).toBe(!ends.down);
    }),
  );
});

test("a monitor by a name that nobody holds withdraws its alias with the Down it gives at once", () =>
  inVirtualTime(async (sim) => {
    const owner = puppet(sim);
    await owner.does((self) => {
      const { alias } = self.monitor({ name: "nobody" }, { alias: "demonitor" });
      self.send(alias as Alias, "lost");
    });
    expect(owner.inbox).toMatchObject([{ tag: "down", reason: "noproc" }]);
  }));

test.for(["explicitUnalias", "demonitor", "replyDemonitor"] as const)(
  "an alias that comes with a monitor of oneself leads nowhere (%s)",
  (mode) =>
    inVirtualTime(async (sim) => {
      const owner = puppet(sim);
      await owner.does((self) => {
        const alias = self.monitor(self.pid, { alias: mode }).alias as Alias;
        self.send(alias, "lost");
        expect(self.unalias(alias)).toBe(false);
      });
      expect(owner.inbox).toEqual([]);
      expect(sim.processInfo(owner.pid)?.aliases).toBe(0);
    }),
);

test("a Down has the tag that its monitor was given", () =>
  inVirtualTime(async (sim) => {
    const owner = puppet(sim);
    const target = sim.spawn(forever);
    await owner.does((self) => self.monitor(target, { tag: { job: 7 } }));
    sim.kill(target);
    await sim.idle();
    expect(owner.inbox).toMatchObject([{ tag: { job: 7 }, pid: target, reason: "killed" }]);
  }));

test("an urgent message overtakes ordinary ones through an alias that allows it, and only there", () =>
  inVirtualTime(async (sim) => {
    const orders: unknown[] = [];
    for (const priority of [true, false]) {
      sim.spawn(async (self) => {
        const alias = self.alias({ priority });
        self.send(self.pid, "a");
        self.send(alias, "ordinary");
        self.send(alias, "urgent 1", { priority: true });
        self.send(alias, "urgent 2", { priority: true });
        self.send(self.pid, "not an alias", { priority: true });
        const order: unknown[] = [];
        for (let i = 0; i < 5; i++) order.push(await self.receive());
        orders.push(order);
      });
    }
    await sim.idle();
    expect(orders).toEqual([
      ["urgent 1", "urgent 2", "a", "ordinary", "not an alias"],
      ["a", "ordinary", "urgent 1", "urgent 2", "not an alias"],
    ]);
  }));

test("an urgent message goes before those that a selective receive has passed over", () =>
  inVirtualTime(async (sim) => {
    const order: unknown[] = [];
    sim.spawn(async (self) => {
      const alias = self.alias({ priority: true });
      self.send(self.pid, "passed over");
      self.send(self.pid, "wanted");
      order.push(await self.receive((message) => message === "wanted"));
      self.send(alias, "urgent", { priority: true });
      order.push(await self.receive(), await self.receive());
    });
    await sim.idle();
    expect(order).toEqual(["wanted", "urgent", "passed over"]);
  }));

test("urgent messages that a selective receive has passed over still go before ordinary ones, in their order", () =>
  inVirtualTime(async (sim) => {
    const got: unknown[] = [];
    sim.spawn(async (self) => {
      const alias = self.alias({ priority: true });
      const any = (message: unknown) => message !== "never";
      self.spawn((sender) => {
        sender.send(self.pid, "ordinary 1");
        for (const n of [1, 2]) sender.send(alias, `urgent ${n}`, { priority: true });
        sender.send(self.pid, "go");
        sender.send(self.pid, "ordinary 2");
      });
      got.push(await self.receive((message) => message === "go"), sim.processInfo(self.pid)?.messages);
      for (let i = 0; i < 4; i++) got.push(await self.receive(any));
      self.send(self.pid, "ordinary 3");
      await self.receive((message) => message === "never", 1);
      self.send(alias, "urgent 3", { priority: true });
      await self.receive((message) => message === "never", 1);
      got.push(await self.receive(), await self.receive());
    });
    await sim.advance(10);
    expect(got).toEqual(["go", 4, "urgent 1", "urgent 2", "ordinary 1", "ordinary 2", "urgent 3", "ordinary 3"]);
  }));

test("an ordinary message that is passed over behind an urgent one keeps its own place", () =>
  inVirtualTime(async (sim) => {
    const got: unknown[] = [];
    sim.spawn(async (self) => {
      const alias = self.alias({ priority: true });
      self.send(alias, "urgent", { priority: true });
      self.send(self.pid, "wanted");
      got.push(await self.receive((message) => message === "wanted"), await self.receive());
      self.send(self.pid, "first");
      self.send(self.pid, "wanted");
      got.push(await self.receive((message) => message === "wanted"));
      self.send(alias, "flushed", { priority: true });
      got.push(await self.receive(), await self.receive());
    });
    await sim.idle();
    expect(got).toEqual(["wanted", "urgent", "wanted", "flushed", "first"]);
  }));

test("an urgent Down overtakes ordinary messages", () =>
  inVirtualTime(async (sim) => {
    const order: any[] = [];
    sim.spawn(async (self) => {
      const target = self.spawn(forever);
      self.monitor(target, { priority: true });
      self.send(self.pid, "first");
      self.exit(target, "kill");
      order.push(await self.receive(), await self.receive());
    });
    await sim.idle();
    expect(order).toMatchObject([{ tag: "down", reason: "killed" }, "first"]);
  }));
