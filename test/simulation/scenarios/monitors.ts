import assert from "node:assert/strict";
import { type Alias, type Down, type Exit, isDown, name, type Pid, type Self } from "hornbeam";
import { forever, keeping, litter, type Scenario, text } from "../scenario.ts";

const oneDown: Scenario = {
  promise: "each monitor gives one down, with the reason of the end, or noproc when it was made after it",
  async run(sim) {
    const heard: Down[][] = [];
    const refs: number[] = [];
    const target = sim.spawn(forever, { label: "target" });
    for (let i = 0; i < 3; i++) {
      const into: Down[] = [];
      heard.push(into);
      sim.spawn(
        async (self) => {
          refs.push(self.monitor(target).ref, self.monitor(target).ref);
          await keeping(into)(self);
        },
        { label: `watcher ${i}` },
      );
    }
    sim.spawn((self) => self.exit(target, "boom"));
    sim.spawn((self) => self.exit(target, "bang"));
    await sim.idle();
    const all = heard.flat();
    assert.deepEqual(all.map(({ ref }) => ref).sort(), [...refs].sort());
    const reasons = new Set(all.map(({ reason }) => reason));
    assert.ok(!(reasons.has("boom") && reasons.has("bang")), "two reasons for one end");
    for (const reason of reasons) assert.ok(["boom", "bang", "noproc"].includes(reason as string), text(reason));
    for (const { pid } of all) assert.equal(pid, target);
    return all.map(({ reason }) => text(reason)).join();
  },
};

const flushed: Scenario = {
  promise: "after a cancel with flush no down comes; without it one comes exactly when the cancel came too late",
  async run(sim) {
    const heard: unknown[] = [];
    const late: boolean[] = [];
    const target = sim.spawn(forever, { label: "target" });
    sim.spawn(async function flusher(self) {
      const monitor = self.monitor(target);
      await self.receive((message) => message === "cancel");
      monitor.cancel({ flush: true });
      await keeping(heard)(self);
    });
    const plain: unknown[] = [];
    sim.spawn(async function canceller(self) {
      const monitor = self.monitor(target);
      await self.receive((message) => message === "cancel");
      late.push(!monitor.cancel());
      assert.equal(monitor.active, false);
      await keeping(plain)(self);
    });
    await sim.idle();
    for (const { pid, label } of sim.processes())
      if (!label.includes("target")) sim.spawn((self) => self.send(pid, "cancel"));
    sim.spawn((self) => self.exit(target, "boom"));
    await sim.idle();
    assert.deepEqual(heard, []);
    assert.equal(plain.length, late[0] ? 1 : 0);
    assert.ok(plain.every(isDown));
    return late[0];
  },
};

const byName: Scenario = {
  promise: "a monitor by name watches who held the name then, and its down says the name",
  async run(sim) {
    const service = name("service");
    const downs: Down[] = [];
    const watched: (Pid | undefined)[] = [];
    const first = sim.spawn(forever, { name: service, label: "first" });
    const second = sim.spawn(async function second(self) {
      self.monitor(first);
      await self.receive(isDown);
      // Who has heard of the end finds the name free.
      self.register(service);
      await forever(self);
    });
    for (let i = 0; i < 2; i++) {
      sim.spawn(async (self) => {
        await self.receive(() => true, 0);
        watched.push(self.whereis(service));
        self.monitor(service);
        await keeping(downs)(self);
      });
    }
    sim.spawn((self) => self.exit(first, "boom"));
    await sim.idle();
    assert.equal(sim.whereis(service), second);
    sim.kill(second, "bang");
    await sim.idle();
    assert.equal(sim.whereis(service), undefined);
    const expected = watched.map((pid) => (pid === first ? "boom" : pid === second ? "bang" : "noproc"));
    assert.deepEqual(downs.map(({ reason }) => reason).sort(), expected.sort());
    for (const down of downs) assert.equal(down.name, service);
    return expected.join();
  },
};

const watcherGone: Scenario = {
  promise: "a watcher that ends leaves nothing behind, and is told nothing, whoever of the two ends first",
  async run(sim) {
    const exits: Exit[] = [];
    const target = sim.spawn(forever, { label: "target" });
    const watchers = [1, 2].map((i) =>
      sim.spawn(
        async (self: Self) => {
          self.monitor(target);
          self.monitor(target, { alias: "demonitor" });
          await self.receive((message) => message === "end");
        },
        { label: `watcher ${i}` },
      ),
    );
    sim.spawn(async function mutual(self) {
      self.trapExit = true;
      const other = self.spawnLink(async (child) => {
        child.monitor(self.pid);
        await child.receive((message) => message === "end");
      });
      self.monitor(other);
      self.send(other, "end");
      exits.push(await self.receive((message): message is Exit => message.tag === "exit"));
      const down = await self.receive(isDown);
      assert.equal(down.reason, "normal");
    });
    await sim.idle();
    assert.equal(exits.length, 1);
    const order: unknown[] = [];
    sim.telemetry.on("process.exit", (_, { pid }) => void order.push([target, ...watchers].indexOf(pid)));
    for (const pid of watchers) {
      sim.spawn((self) => {
        self.send(pid, "end");
        self.monitor(pid);
        return self.receive(isDown);
      });
    }
    sim.always("no monitor of or by the dead", () => litter(sim).length === 0);
    sim.spawn((self) => self.exit(target, "boom"));
    await sim.idle();
    assert.deepEqual(sim.leaks(), []);
    return order.filter((no) => no !== -1).join();
  },
};

const aliases: Scenario = {
  promise:
    "an alias lets through what its mode says: all until it is withdrawn, all until the end of its monitor, or one",
  async run(sim) {
    const modes = ["explicitUnalias", "demonitor", "replyDemonitor"] as const;
    const heard: unknown[] = [];
    const target = sim.spawn(forever, { label: "target" });
    const addresses: (Alias | undefined)[] = [];
    const owner = sim.spawn(async function owner(self) {
      const monitors = modes.map((alias) => self.monitor(target, { alias, tag: alias }));
      addresses.push(...monitors.map(({ alias }) => alias));
      await keeping(heard)(self);
    });
    await sim.idle();
    const inTime = new Map<string, boolean>();
    for (const [i, mode] of modes.entries()) {
      sim.spawn(
        (self) => {
          inTime.set(mode, self.isAlive(target));
          self.send(addresses[i] as Alias, `${mode} 1`);
          self.send(addresses[i] as Alias, `${mode} 2`);
        },
        { label: mode },
      );
    }
    sim.spawn((self) => self.exit(target, "boom"));
    await sim.idle();
    const of = (mode: string) =>
      heard
        .map((each) => (typeof each === "string" ? each : `${(each as Down).tag} down`))
        .filter((each) => each.startsWith(mode))
        .map((each) => each.slice(mode.length + 1))
        .join();
    const both = ["1,2,down", "1,down,2", "down,1,2"];
    assert.ok(both.includes(of("explicitUnalias")), of("explicitUnalias"));
    assert.ok((inTime.get("demonitor") ? both : ["down"]).includes(of("demonitor")), of("demonitor"));
    assert.equal(of("replyDemonitor"), inTime.get("replyDemonitor") ? "1" : "down");
    assert.ok(sim.isAlive(owner));
    return modes.map(of).join(" ");
  },
};

export const monitors = {
  "monitors: one down": oneDown,
  "monitors: cancelled": flushed,
  "monitors: by name": byName,
  "monitors: the watcher ends": watcherGone,
  "monitors: aliases": aliases,
} satisfies Record<string, Scenario>;
