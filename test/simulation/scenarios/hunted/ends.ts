import assert from "node:assert/strict";
import { error, exit, ignore, name, type Pid, type Self } from "hornbeam";
import { type GenServer, startLink } from "hornbeam/genserver";
import { endsOf, forever, keeping, type Scenario, settled } from "../../scenario.ts";

const hub: Scenario = {
  promise: "of many links each passes one exit, whoever was unlinked in between, and what was sent before comes before",
  async run(sim) {
    const heard: unknown[] = [];
    const parts: Pid[] = [];
    const hub = sim.spawn(async function hub(self) {
      self.trapExit = true;
      for (let i = 0; i < 10; i++) {
        parts.push(
          self.spawnLink(
            async (part: Self) => {
              await part.receive();
              part.send(self.pid, `last word of ${i}`);
              exit(`end of ${i}`);
            },
            { label: `part ${i}` },
          ),
        );
      }
      for (const i of [3, 7, 5, 6, 4, 9]) self.unlink(parts[i] as Pid);
      self.link(parts[9] as Pid);
      await keeping(heard)(self);
    });
    await sim.idle();
    // A link is one of both.
    assert.deepEqual(
      sim.leaks().filter((leak) => leak.includes("link")),
      [],
    );
    for (const pid of parts.slice(0, 3)) sim.spawn((self) => self.send(pid, "end"));
    await sim.idle();
    for (const pid of parts.slice(3)) sim.send(pid, "end");
    await sim.idle();
    const lines = heard.map((each) => (typeof each === "string" ? each : (each as { reason: string }).reason));
    for (let i = 0; i < 10; i++) {
      const linked = i < 3 || i >= 8;
      const expected = linked ? [`last word of ${i}`, `end of ${i}`] : [`last word of ${i}`];
      assert.deepEqual(
        lines.filter((line) => line.endsWith(` ${i}`)),
        expected,
      );
    }
    assert.ok(sim.isAlive(hub));
    sim.kill(hub);
    assert.deepEqual(sim.leaks(), []);
    return lines.join();
  },
};

const reasonKill: Scenario = {
  promise:
    "only a signal kills: an end whose reason happens to be kill is trapped by who traps, and passed on as it is",
  async run(sim) {
    const ends = endsOf(sim);
    const heard: { reason: unknown }[] = [];
    const source = sim.spawn(async function source(self) {
      await self.receive();
      exit("kill");
    });
    const trapper = sim.spawn(async function trapper(self) {
      self.trapExit = true;
      self.link(source);
      await keeping(heard)(self);
    });
    const plain = sim.spawn(async function plain(self) {
      self.link(source);
      await forever(self);
    });
    await sim.idle();
    sim.send(source, "go");
    await sim.idle();
    assert.deepEqual([ends.get(source), ends.get(plain)], ["kill", "kill"]);
    assert.deepEqual(
      heard.map(({ reason }) => reason),
      ["kill"],
    );
    assert.ok(sim.isAlive(trapper));
  },
};

const watchers: Scenario = {
  promise: "monitors of one process do not get in each other's way: those that were not cancelled all fire",
  async run(sim) {
    const heard: unknown[] = [];
    const target = sim.spawn(async function target(self) {
      const watcher = await self.receive();
      self.send(watcher, "last word");
    });
    const watcher = sim.spawn(async function watcher(self) {
      const monitors = Array.from({ length: 5 }, (_, tag) => self.monitor(target, { tag }));
      await self.receive((message) => message === "cancel");
      for (const i of [2, 4]) assert.equal(monitors[i]?.cancel(), true);
      self.send(target, self.pid);
      await keeping(heard)(self);
    });
    const passing = sim.spawn(async (self) => {
      self.monitor(target);
      await self.receive();
    });
    await sim.idle();
    sim.send(passing, "end");
    await sim.idle();
    assert.deepEqual(
      sim.leaks().filter((leak) => leak.includes("nobody")),
      [],
    );
    sim.send(watcher, "cancel");
    await sim.idle();
    assert.equal(heard[0], "last word");
    const tags = heard.slice(1).map((down) => (down as { tag: number }).tag);
    assert.deepEqual(tags.sort(), [0, 1, 3]);
  },
};

const failedStart: Scenario = {
  promise: "a start that comes to nothing is told by its result alone, and its name is free by then",
  async run(sim) {
    const service = name("service");
    const Bad = {
      init: async (how: string, self: Self) => {
        if (how === "ignore") return ignore;
        if (how === "error") return error("refused");
        if (how === "hang") await self.sleep(50);
        throw new Error("broken");
      },
    } satisfies GenServer<undefined>;
    const results: string[] = [];
    const starter = (trapExit: boolean) =>
      async function starter(self: Self) {
        self.trapExit = trapExit;
        for (const how of ["ignore", "error", "hang", "throw"]) {
          if (!trapExit && how === "throw") continue;
          const options = { name: service, timeout: how === "hang" ? 10 : 100 };
          results.push(`${how}: ${await settled(startLink(self, Bad, how, options))}`);
          assert.equal(self.whereis(service), undefined);
        }
        assert.deepEqual(await self.receive(undefined, 200), { tag: "timeout" });
      };
    await sim.all([sim.spawn(starter(true))]);
    await sim.all([sim.spawn(starter(false))]);
    const clean = ["ignore: ignore", "error: refused", "hang: timeout"];
    assert.deepEqual(results, [...clean, "throw: broken", ...clean]);
    assert.deepEqual(sim.leaks(), []);
  },
};

const succession: Scenario = {
  promise: "who takes a name the instant its holder is dead keeps it",
  async run(sim) {
    const throne = name("throne");
    const heir = sim.spawn(forever, { label: "heir" });
    const king = sim.spawn(forever, { name: throne });
    const guard = sim.spawn(async function guard(self) {
      self.link(king);
      await forever(self);
    });
    await sim.idle();
    // The king is dead by then, and has not been let go yet.
    sim.telemetry.on("process.exit", (_, { pid }) => {
      if (pid === guard) registrar.register(throne, heir);
    });
    let registrar = undefined as unknown as Self;
    sim.spawn(async function registrarProcess(self) {
      registrar = self;
      await forever(self);
    });
    await sim.idle();
    sim.kill(guard);
    await sim.idle();
    assert.equal(sim.whereis(throne), heir);
    sim.kill(heir);
    assert.equal(sim.whereis(throne), undefined);
  },
};

export const ends = {
  "links: many": hub,
  "links: a reason of kill": reasonKill,
  "monitors: several": watchers,
  "starts: come to nothing": failedStart,
  "names: a succession": succession,
} satisfies Record<string, Scenario>;
