import assert from "node:assert/strict";
import { type Alias, isDown, MailboxFull, type Pid } from "hornbeam";
import { forever, type Scenario } from "../scenario.ts";

const selective: Scenario = {
  promise: "a selective receive takes the first that matches and leaves the others their places",
  async run(sim) {
    const taken: string[] = [];
    const order: string[] = [];
    const receiver = sim.spawn(async function receiver(self) {
      for (let i = 0; i < 4; i++) taken.push(await self.receive((message) => message.startsWith("b")));
      for (let i = 0; i < 4; i++) order.push(await self.receive());
      assert.deepEqual(await self.receive(undefined, 0), { tag: "timeout" });
    });
    for (const id of ["x", "y"]) {
      sim.spawn(
        (self) => {
          for (const line of ["a", "b", "b", "c"]) self.send(receiver, `${line} ${id}${order.length}`);
        },
        { label: id },
      );
    }
    await sim.all([receiver]);
    for (const id of ["x", "y"]) {
      assert.deepEqual(
        order.filter((line) => line.includes(id)).map((line) => line[0]),
        ["a", "c"],
      );
    }
    assert.ok(taken.every((line) => line.startsWith("b")));
    return `${taken} ${order}`;
  },
};

const urgent: Scenario = {
  promise: "what is sent with priority through an alias that allows it goes before ordinary messages, in its own order",
  async run(sim) {
    const heard: string[] = [];
    let alias: Alias | undefined;
    const target = sim.spawn(forever, { label: "target" });
    const receiver = sim.spawn(async function receiver(self) {
      alias = self.alias({ priority: true });
      self.monitor(target, { priority: true });
      await self.sleep(5);
      for (;;) {
        const message = await self.receive(undefined, 0);
        if (message.tag === "timeout") break;
        heard.push(isDown(message) ? "down" : message);
      }
    });
    await sim.idle();
    for (const id of ["x", "y"]) {
      sim.spawn(
        (self) => {
          self.send(receiver, `${id} ordinary 1`);
          self.send(alias as Alias, `${id} urgent 1`, { priority: true });
          self.send(alias as Alias, `${id} ordinary 2`);
          self.send(alias as Alias, `${id} urgent 2`, { priority: true });
        },
        { label: id },
      );
    }
    sim.spawn((self) => self.exit(target, "boom"));
    await sim.all([receiver]);
    const ordinary = heard.findIndex((line) => line.includes("ordinary"));
    assert.ok(
      heard.slice(ordinary).every((line) => line.includes("ordinary")),
      heard.join(),
    );
    for (const id of ["x", "y"]) {
      const own = heard.filter((line) => line.startsWith(id)).map((line) => line.slice(2));
      assert.deepEqual(own.slice(0, 2), ["urgent 1", "urgent 2"]);
      assert.deepEqual([...own.slice(2)].sort(), own.slice(2));
    }
    assert.equal(heard.length, 9);
    assert.equal(heard.filter((line) => line === "down").length, 1);
    return heard.join();
  },
};

const bounded: Scenario = {
  promise: "a full mailbox loses ordinary messages as it says, and nothing that its process must hear",
  async run(sim) {
    const heard = new Map<string, string[]>();
    const results: string[] = [];
    const target = sim.spawn(forever, { label: "target" });
    const receivers = (["dropNewest", "dropOldest", "refuse"] as const).map((overflow) => {
      const lines: string[] = [];
      heard.set(overflow, lines);
      return sim.spawn(
        async (self) => {
          self.monitor(target);
          await self.sleep(5);
          for (;;) {
            const message = await self.receive();
            lines.push(isDown(message) ? "down" : message);
          }
        },
        { label: overflow, mailbox: { limit: 2, overflow } },
      );
    });
    await sim.idle();
    for (const id of ["x", "y"]) {
      sim.spawn(
        (self) => {
          for (const pid of receivers) {
            for (const no of [1, 2]) {
              try {
                self.send(pid, `${id}${no}`);
              } catch (error) {
                assert.ok(error instanceof MailboxFull);
                results.push(`${id}${no}`);
              }
            }
          }
        },
        { label: id },
      );
    }
    sim.spawn((self) => self.exit(target, "boom"));
    await sim.advance(10);
    for (const [overflow, lines] of heard) {
      assert.equal(lines.filter((line) => line === "down").length, 1, overflow);
      // The news of the end takes a place, if it came first.
      assert.ok(lines.length === 2 || lines.length === 3, `${overflow}: ${lines}`);
    }
    assert.equal(results.length, 5 - (heard.get("refuse")?.length ?? 0));
    for (const line of results) assert.ok(!heard.get("refuse")?.includes(line));
    const of = (overflow: string) =>
      heard
        .get(overflow)
        ?.filter((line) => line !== "down")
        .sort()
        .join();
    assert.notEqual(of("dropNewest"), of("dropOldest"));
    return `${of("dropNewest")} ${results}`;
  },
};

const gone: Scenario = {
  promise:
    "what is sent to who has ended is nobody's, a process hears nothing after its end, and all it held is let go",
  async run(sim) {
    const log: string[] = [];
    const processes: Pid[] = ["a", "b"].map((id) =>
      sim.spawn(
        async (self) => {
          self.own({ [Symbol.dispose]: () => void log.push(`${id} released`) });
          self.sendAfter("tick", 3);
          self.signal.addEventListener("abort", () => void log.push(`${id} aborted`));
          for (;;) {
            const message = await self.receive();
            log.push(`${id} ${message}`);
            if (message === "end") return;
          }
        },
        { label: id },
      ),
    );
    const [a, b] = processes as [Pid, Pid];
    sim.spawn((self) => {
      for (const message of ["one", "end", "two"]) self.send(a, message);
    });
    sim.spawn(async (self) => {
      await self.sleep(3);
      self.send(b, "one");
      self.exit(b, "boom");
      self.send(b, "two");
    });
    await sim.all(processes);
    await sim.idle();
    for (const id of ["a", "b"]) {
      const own = log.filter((line) => line.startsWith(id)).map((line) => line.slice(2));
      assert.deepEqual(own.slice(-2), ["released", "aborted"], own.join());
      assert.ok(!own.includes("two"));
      assert.equal(own.filter((line) => line === "released").length, 1);
    }
    assert.ok(log.indexOf("a one") < log.indexOf("a end"));
    assert.deepEqual(sim.leaks(), []);
    return log.join();
  },
};

export const mailboxes = {
  "mailboxes: selective": selective,
  "mailboxes: urgent": urgent,
  "mailboxes: bounded": bounded,
  "mailboxes: gone": gone,
} satisfies Record<string, Scenario>;
