import assert from "node:assert/strict";
import { type GroupEvent, isGroupEvent, name, noreply, ok, type Pid, pg, type Self, timeout } from "hornbeam";
import { type GenServer, start } from "hornbeam/genserver";
import { forever, keeping, type Scenario, text } from "../../scenario.ts";

const bursts: Scenario = {
  promise:
    "however many messages come at once, and however many were taken before: none is lost, those of one in order",
  async run(sim) {
    const heard: string[] = [];
    const Log = {
      init: () => ok(0),
      handleInfo: async (line: string, count: number, self: Self) => {
        heard.push(line);
        if (count % 3 === 0) await self.sleep(1);
        return noreply(count + 1);
      },
    } satisfies GenServer<number, string>;
    const log = await start(sim, Log);
    const senders = ["a", "b"].map((id) =>
      sim.spawn(
        async (self) => {
          let no = 0;
          for (const size of [5, 3, 9]) {
            for (let i = 0; i < size; i++) self.send(log, `${id}${no++}`);
            await self.sleep(2);
          }
        },
        { label: id },
      ),
    );
    await sim.all(senders);
    await sim.advance(100);
    for (const id of "ab") {
      const own = heard.filter((line) => line.startsWith(id));
      assert.deepEqual(
        own,
        Array.from({ length: 17 }, (_, no) => `${id}${no}`),
      );
    }
    return heard.join();
  },
};

const passedOver: Scenario = {
  promise: "what a receive has passed over comes before what its sender has sent after it",
  async run(sim) {
    const heard: string[] = [];
    const receiver = sim.spawn(async function receiver(self) {
      await self.receive((message) => message === "a3");
      await self.receive((message) => message === "b2");
      for (let i = 0; i < 10; i++) {
        heard.push(await self.receive());
        if (i % 3 === 0) await self.sleep(1);
      }
    });
    for (const id of ["a", "b"]) {
      sim.spawn(
        async (self) => {
          for (let no = 1; no <= 4; no++) self.send(receiver, `${id}${no}`);
          await self.sleep(1);
          for (let no = 5; no <= 6; no++) self.send(receiver, `${id}${no}`);
        },
        { label: id },
      );
    }
    await sim.all([receiver]);
    const of = (id: string) => heard.filter((line) => line.startsWith(id)).join();
    assert.deepEqual([of("a"), of("b")], ["a1,a2,a4,a5,a6", "b1,b3,b4,b5,b6"]);
    return heard.join();
  },
};

const limits: Scenario = {
  promise: "a receive with a time limit gives what came in time, or the timeout at that time; and then it is forgotten",
  async run(sim) {
    const receiver = sim.spawn(async function receiver(self) {
      self.send(self.pid, "mine");
      assert.equal(await self.receive(undefined, 0), "mine");
      assert.equal(await self.receive(undefined, 0), timeout);
      const begin = self.now();
      const wanted = (message: string) => message === "wanted";
      const first = await self.receive(wanted, 10);
      const waited = self.now() - begin;
      assert.ok(first === "wanted" ? waited <= 10 : waited === 10, `${text(first)} after ${waited}`);
      assert.equal(await self.receive((message) => message === "late", 200), "late");
      assert.equal(await self.receive((message) => message === "later", 500), "later");
    });
    for (const [message, delay] of [
      ["wanted", 9.5],
      ["other", 10],
      ["other", 10],
      ["late", 60],
      ["later", 150],
    ] as const) {
      sim.spawn(async (self) => {
        await self.sleep(delay - 0.5);
        await self.sleep(0.5);
        self.send(receiver, message);
      });
    }
    sim.spawn(async (self) => {
      await self.sleep(10);
      self.send(receiver, self.random() < 0.5 ? "wanted" : "other");
    });
    await sim.all([receiver]);
  },
};

const overdue: Scenario = {
  promise: "a receive whose time is up while other messages wait for it ends all the same",
  async run(sim) {
    let waited = -1;
    const receiver = sim.spawn(async function receiver(self) {
      for (let i = 0; i < 2; i++) self.sendAfter("other", 10);
      const begin = self.now();
      assert.equal(await self.receive((message) => message === "wanted", 10), timeout);
      waited = self.now() - begin;
    });
    await sim.all([receiver]);
    assert.equal(waited, 10);
  },
};

const manyFlushed: Scenario = {
  promise: "a flush takes all that is meant, wherever it waits, and leaves the rest in order",
  async run(sim) {
    const heard: unknown[] = [];
    const receiver: Pid = sim.spawn(async function receiver(self) {
      const watch = pg.monitor(self, "g");
      await self.receive((message) => message === "go");
      watch.cancel();
      for (let i = 0; i < 6; i++) heard.push(await self.receive(undefined, 100));
      assert.equal(await self.receive(undefined, 10), timeout);
    });
    await sim.idle();
    sim.spawn((self) => {
      const join = () => pg.join(self, "g", self.pid);
      join();
      self.send(receiver, 1);
      self.send(receiver, 2);
      join();
      join();
      self.send(receiver, 3);
      self.send(receiver, "go");
      join();
      self.send(receiver, 4);
      join();
      join();
      self.send(receiver, 5);
      self.send(receiver, 6);
      join();
    });
    await sim.all([receiver]);
    assert.deepEqual(heard.filter(isGroupEvent), []);
    assert.deepEqual(heard, [1, 2, 3, 4, 5, 6]);
  },
};

const groupEvents: Scenario = {
  promise: "who watches a group hears of each join, leave and end in it, and after a cancel of nothing",
  async run(sim) {
    const events: GroupEvent[] = [];
    const after: unknown[] = [];
    sim.spawn(async function watcher(self) {
      pg.monitor(self, "news");
      await keeping(events)(self);
    });
    sim.spawn(
      async function quitter(self) {
        const watch = pg.monitor(self, "news");
        await self.receive((message) => message === "quit");
        watch.cancel();
        await keeping(after)(self);
      },
      { name: name("quitter") },
    );
    const member = async (self: Self) => {
      pg.join(self, "news", [self.pid, self.pid]);
      pg.join(self, "sport", self.pid);
      await self.receive();
      pg.leave(self, "sport", self.pid);
      assert.ok(pg.leave(self, "news", self.pid));
      assert.ok(pg.getMembers(self, "news").includes(self.pid), "in it twice");
      await self.receive();
    };
    await sim.idle();
    const members = [1, 2, 3].map((i) => sim.spawn(member, { label: `member ${i}` }));
    for (const pid of members) {
      sim.spawn((self) => {
        self.send(pid, "leave");
        self.send(name("quitter"), "a");
        self.send(name("quitter"), "quit");
        self.send(name("quitter"), "b");
        self.send(pid, "end");
      });
    }
    await sim.all(members);
    await sim.idle();
    for (const pid of members) {
      const own = events.filter(({ pids }) => pids.includes(pid)).map(({ tag }) => tag);
      assert.deepEqual(own, ["join", "leave", "leave"]);
    }
    assert.deepEqual(after.filter(isGroupEvent), []);
    assert.equal(after.length, 8);
    assert.deepEqual(pg.whichGroups(sim), []);
    return after.join();
  },
};

const priority: Scenario = {
  promise: "urgent messages go before ordinary ones, in their order; a flush finds them, too",
  async run(sim) {
    const heard: unknown[] = [];
    const target = sim.spawn(forever, { label: "target" });
    const receiver = sim.spawn(async function receiver(self) {
      const alias = self.alias({ priority: true });
      const monitor = self.monitor(target, { priority: true });
      self.spawn(function sender(child) {
        for (const word of ["a", "b"]) child.send(self.pid, word);
        for (const word of ["x", "y", "z"]) child.send(alias, word, { priority: true });
        child.exit(target, "boom");
        child.send(self.pid, "c");
      });
      await self.sleep(1);
      assert.equal(monitor.cancel({ flush: true }), false);
      for (;;) heard.push(await self.receive());
    });
    await sim.advance(10);
    sim.kill(receiver);
    assert.deepEqual(heard, ["x", "y", "z", "a", "b", "c"]);
  },
};

const urgentPassedOver: Scenario = {
  promise: "an urgent message that a receive has passed over goes before ordinary ones, whenever they came",
  async run(sim) {
    const heard: string[] = [];
    const receiver = sim.spawn(
      async (self) => {
        const alias = self.alias({ priority: true });
        self.spawn((sender) => sender.send(self.pid, "ordinary"), { label: "ordinary" });
        self.spawn((sender) => sender.send(alias, "urgent", { priority: true }), { label: "urgent" });
        // Both have come by then, in either order, and were passed over.
        await self.receive((message) => message === "never", 10);
        for (let i = 0; i < 2; i++) heard.push(await self.receive());
      },
      { label: "receiver" },
    );
    await sim.all([receiver]);
    assert.deepEqual(heard, ["urgent", "ordinary"]);
  },
};

export const messages = {
  "receive: urgent": urgentPassedOver,
  "mailboxes: bursts": bursts,
  "receive: passed over": passedOver,
  "receive: limits": limits,
  "receive: overdue": overdue,
  "mailboxes: flushed": manyFlushed,
  "groups: events": groupEvents,
  "mailboxes: urgent and flushed": priority,
} satisfies Record<string, Scenario>;
