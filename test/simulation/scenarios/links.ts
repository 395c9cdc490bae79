import assert from "node:assert/strict";
import type { Exit, Pid, Reason, Self } from "hornbeam";
import { endsOf, forever, keeping, type Scenario, text } from "../scenario.ts";

/** Traps exits, is linked to processes, and keeps what it hears of them. */
const listener = (into: Exit[], pids: readonly Pid[] = []) =>
  async function listener(self: Self) {
    self.trapExit = true;
    for (const pid of pids) self.link(pid);
    await keeping(into)(self);
  };

/** Exits written short: whose, and why. */
const seen = (exits: readonly Exit[]) => exits.map(({ pid, reason }) => `${pid} ${text(reason)}`);

const chain: Scenario = {
  promise: "a chain of links falls with the first that fails, for its reason, once; who is not linked stays",
  async run(sim) {
    const ends = endsOf(sim);
    const heard: Exit[] = [];
    const pids: Pid[] = [];
    const first = sim.spawn(async function first(self) {
      pids.push(
        self.spawnLink(async function second(self) {
          pids.push(self.spawnLink(forever, { label: "third" }));
          await forever(self);
        }),
      );
      await forever(self);
    });
    await sim.idle();
    const [second, third] = pids as [Pid, Pid];
    const trapper = sim.spawn(listener(heard, [third, third]), { trapExit: true });
    const bystander = sim.spawn(forever);
    await sim.idle();
    sim.always(
      "the chain falls as one",
      () => new Set([first, second, third].map((pid) => sim.isAlive(pid))).size === 1,
    );
    sim.spawn((self) => self.exit(first, "boom"));
    sim.spawn((self) => self.exit(third, "bang"));
    sim.spawn((self) => self.exit(second, "normal"));
    await sim.idle();
    const reasons = [first, second, third].map((pid) => ends.get(pid));
    assert.equal(new Set(reasons).size, 1, `one reason: ${reasons}`);
    assert.ok(reasons[0] === "boom" || reasons[0] === "bang", text(reasons[0]));
    assert.deepEqual(seen(heard), [`${third} ${reasons[0]}`]);
    assert.ok(sim.isAlive(trapper) && sim.isAlive(bystander));
    return reasons[0];
  },
};

const trapped: Scenario = {
  promise: "who traps exits hears of each link once, with its reason, and of a kill as killed",
  async run(sim) {
    const heard: Exit[] = [];
    const reasons = new Map<Pid, Reason>();
    const boom = new Error("boom");
    const trapper = sim.spawn(async function trapper(self) {
      self.trapExit = true;
      const dies = (reason: Reason) => async (child: Self) => {
        await child.receive();
        if (reason instanceof Error) throw reason;
        if (reason !== "normal") child.exit(child.pid, reason);
      };
      for (const reason of ["normal", "shutdown", boom, "kill", { shutdown: 1 }]) {
        reasons.set(self.spawnLink(dies(reason)), reason === "kill" ? "killed" : reason);
      }
      await keeping(heard)(self);
    });
    await sim.idle();
    for (const pid of reasons.keys()) sim.spawn((self) => self.send(pid, "go"));
    await sim.idle();
    assert.deepEqual(new Map(heard.map(({ pid, reason }) => [pid, reason])), reasons);
    assert.equal(heard.length, reasons.size);
    assert.ok(sim.isAlive(trapper));
    sim.kill(trapper);
    assert.deepEqual(sim.leaks(), []);
    return heard.map(({ reason }) => text(reason)).join();
  },
};

const kill: Scenario = {
  promise: "a kill cannot be trapped, and those who are linked hear of killed",
  async run(sim) {
    const ends = endsOf(sim);
    const heardFirst: Exit[] = [];
    const heardPeer: Exit[] = [];
    const first = sim.spawn(listener(heardFirst), { label: "first" });
    await sim.idle();
    const peer = sim.spawn(listener(heardPeer, [first]), { label: "peer" });
    const linked = sim.spawn(async (self) => {
      self.link(first);
      await forever(self);
    });
    await sim.idle();
    sim.spawn((self) => self.exit(first, "stop"));
    sim.spawn((self) => self.exit(first, "kill"));
    sim.spawn((self) => self.exit(first, "normal"));
    await sim.idle();
    assert.equal(ends.get(first), "killed");
    assert.equal(ends.get(linked), "killed");
    assert.deepEqual(seen(heardPeer), [`${first} killed`]);
    assert.ok(sim.isAlive(peer));
    const before = heardFirst.map(({ reason }) => text(reason)).join();
    assert.ok(["", "stop", "normal", "stop,normal", "normal,stop"].includes(before), before);
    return before;
  },
};

const late: Scenario = {
  promise: "a link to who may be gone gives one exit: its reason, or noproc when it was gone already",
  async run(sim) {
    const ends = endsOf(sim);
    const heard: Exit[] = [];
    const target = sim.spawn(async function target(self) {
      await self.receive();
      self.exit(self.pid, "done");
    });
    await sim.idle();
    const trapper = sim.spawn(listener(heard, [target, target]));
    const plain = sim.spawn(async function plain(self) {
      self.link(target);
      await forever(self);
    });
    sim.spawn((self) => self.send(target, "go"));
    await sim.idle();
    assert.ok(sim.isAlive(trapper));
    const reason = heard[0]?.reason;
    // One link, made twice; or two that could not be made.
    assert.equal(heard.length, reason === "noproc" ? 2 : 1);
    assert.ok(reason === "done" || reason === "noproc", text(reason));
    const end = ends.get(plain);
    assert.ok(end === "done" || (end instanceof Error && end.name === "NoProcess"), text(end));
    sim.kill(trapper);
    assert.deepEqual(sim.leaks(), []);
    return `${text(reason)} ${end instanceof Error ? end.name : end}`;
  },
};

const unlinked: Scenario = {
  promise: "links count once and both ways: after an unlink, whoever made the link, neither end falls with the other",
  async run(sim) {
    const ends = endsOf(sim);
    let unlinked = false;
    const left = sim.spawn(async function left(self) {
      await self.receive();
      self.link(right);
      self.link(right);
      await self.receive();
      self.unlink(right);
      unlinked = true;
      await forever(self);
    });
    const right = sim.spawn(async function right(self) {
      self.link(left);
      await forever(self);
    });
    await sim.idle();
    sim.send(left, "link");
    await sim.idle();
    let before: boolean | undefined;
    sim.spawn((self) => self.send(left, "unlink"));
    sim.spawn((self) => {
      before = !unlinked;
      self.exit(right, "boom");
    });
    await sim.idle();
    assert.equal(ends.get(right), "boom");
    assert.equal(ends.get(left), before ? "boom" : undefined);
    return before;
  },
};

const normal: Scenario = {
  promise: "a normal end passes links without effect, a normal exit signal from another does nothing, one's own ends",
  async run(sim) {
    const ends = endsOf(sim);
    const parts: Pid[] = [];
    let finished = 0;
    const part = async (self: Self) => {
      await self.receive();
      finished++;
    };
    const parent = sim.spawn(async function parent(self) {
      for (let i = 0; i < 2; i++) parts.push(self.spawnLink(part, { label: `part ${i}` }));
      await self.receive();
      self.exit(self.pid, "normal");
    });
    await sim.idle();
    sim.spawn((self) => self.exit(parent, "normal"));
    for (const pid of [...parts, parent]) sim.spawn((self) => self.send(pid, "end"));
    await sim.idle();
    assert.deepEqual(
      [parent, ...parts].map((pid) => ends.get(pid)),
      ["normal", "normal", "normal"],
    );
    assert.equal(finished, 2);
    assert.deepEqual(sim.leaks(), []);
    return [...ends.keys()]
      .filter((pid) => pid === parent || parts.includes(pid))
      .map((pid) => [parent, ...parts].indexOf(pid))
      .join();
  },
};

export const links = {
  "links: a chain": chain,
  "links: exits trapped": trapped,
  "links: a kill": kill,
  "links: too late": late,
  "links: undone": unlinked,
  "links: a normal end": normal,
} satisfies Record<string, Scenario>;
