import assert from "node:assert/strict";
import { type GroupEvent, type Pid, pg } from "hornbeam";
import { forever, type Scenario } from "../scenario.ts";

const members: Scenario = {
  promise:
    "members of a group live, and a watcher hears of each join and each leave once, in the order in which they were",
  async run(sim) {
    sim.always("members live", () => pg.getMembers(sim, "room").every((pid) => sim.isAlive(pid)));
    const seen: Pid[] = [];
    const log: string[] = [];
    const joiners = ["a", "b", "c"].map((id) =>
      sim.spawn(
        async (self) => {
          pg.join(self, "room", self.pid);
          if (id === "a") pg.join(self, "room", self.pid);
          await self.receive();
          if (id === "b") pg.leave(self, "room", self.pid);
          await forever(self);
        },
        { label: id },
      ),
    );
    sim.spawn(async function watcher(self) {
      seen.push(...pg.monitor(self, "room").members);
      for (;;) {
        const { tag, pids }: GroupEvent = await self.receive();
        for (const pid of pids) {
          log.push(`${tag} ${"abc"[joiners.indexOf(pid)]}`);
          if (tag === "join") seen.push(pid);
          else assert.ok(seen.splice(seen.indexOf(pid), 1)[0] === pid, "left before it joined");
        }
      }
    });
    const [a, b, c] = joiners as [Pid, Pid, Pid];
    sim.spawn((self) => self.exit(a, "boom"));
    sim.spawn((self) => self.send(b, "leave"));
    sim.spawn((self) => self.send(c, "stay"));
    await sim.idle();
    assert.deepEqual([...seen], [c]);
    assert.deepEqual(pg.getMembers(sim, "room"), [c]);
    sim.kill(c);
    await sim.idle();
    assert.deepEqual(pg.whichGroups(sim), []);
    assert.equal(log.at(-1), "leave c");
    return log.join();
  },
};

const cancelled: Scenario = {
  promise: "a watch that was ended is silent at once, also of what had happened before",
  async run(sim) {
    const heard: string[] = [];
    const after: unknown[] = [];
    const watcher = sim.spawn(async function watcher(self) {
      const watch = pg.monitor(self, "room");
      const other = pg.monitorScope(self);
      await self.receive((message) => message === "stop");
      watch.cancel();
      for (;;) {
        const event = await self.receive();
        if (event.ref === watch.ref) after.push(event);
        else if (event.ref === other.ref) heard.push(event.tag);
      }
    });
    await sim.idle();
    sim.spawn((self) => self.send(watcher, "stop"));
    const members = [1, 2].map(() =>
      sim.spawn(async (self) => {
        pg.join(self, "room", self.pid);
        await self.receive();
      }),
    );
    for (const pid of members) sim.spawn((self) => self.exit(pid, "boom"));
    await sim.idle();
    assert.deepEqual(after, []);
    const joined = heard.filter((tag) => tag === "join").length;
    assert.equal(heard.length, joined * 2);
    return heard.join();
  },
};

export const groups = {
  "groups: members": members,
  "groups: cancelled": cancelled,
} satisfies Record<string, Scenario>;
