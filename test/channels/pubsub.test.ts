import { PubSub } from "hornbeam/channels";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { puppet } from "../runtime/support.ts";
import { inSim } from "./support.ts";

const news = (n: number, topic = "news") => ({ tag: "broadcast", topic, event: "flash", payload: { n } });

test("a broadcast reaches every subscriber of its topic, the sender too, and nobody else", () =>
  inSim(async (sim) => {
    const [a, b, c] = [puppet(sim), puppet(sim), puppet(sim)];
    for (const each of [a, b]) await each.does((self) => PubSub.subscribe(self, "news"));
    await c.does((self) => PubSub.subscribe(self, "newspaper"));
    await a.does((self) => PubSub.broadcast(self, "news", "flash", { n: 1 }));
    expect([a.inbox, b.inbox, c.inbox]).toEqual([[news(1)], [news(1)], []]);
  }));

test("broadcastFrom reaches every subscriber but the sender", () =>
  inSim(async (sim) => {
    const [a, b] = [puppet(sim), puppet(sim)];
    for (const each of [a, b]) await each.does((self) => PubSub.subscribe(self, "news"));
    await a.does((self) => PubSub.broadcastFrom(self, "news", "flash", { n: 1 }));
    expect([a.inbox, b.inbox]).toEqual([[], [news(1)]]);
  }));

test("a system may broadcast, and a topic without subscribers is fine", () =>
  inSim(async (sim) => {
    const a = puppet(sim);
    PubSub.broadcast(sim, "news", "flash", { n: 0 });
    await a.does((self) => PubSub.subscribe(self, "news"));
    PubSub.broadcast(sim, "news", "flash", { n: 1 });
    await sim.idle();
    expect(a.inbox).toEqual([news(1)]);
  }));

test("who subscribes twice gets everything twice, and one unsubscribe ends both", () =>
  inSim(async (sim) => {
    const a = puppet(sim);
    await a.does((self) => {
      PubSub.subscribe(self, "news");
      PubSub.subscribe(self, "news");
    });
    expect(PubSub.subscribers(sim, "news")).toBe(2);
    PubSub.broadcast(sim, "news", "flash", { n: 1 });
    await a.does((self) => PubSub.unsubscribe(self, "news"));
    PubSub.broadcast(sim, "news", "flash", { n: 2 });
    await sim.idle();
    expect(a.inbox).toEqual([news(1), news(1)]);
    expect(PubSub.subscribers(sim, "news")).toBe(0);
  }));

test("unsubscribe ends nothing but this process and this topic, and is fine without a subscription", () =>
  inSim(async (sim) => {
    const [a, b] = [puppet(sim), puppet(sim)];
    for (const each of [a, b]) {
      await each.does((self) => {
        PubSub.subscribe(self, "news");
        PubSub.subscribe(self, "sport");
      });
    }
    await a.does((self) => {
      PubSub.unsubscribe(self, "news");
      PubSub.unsubscribe(self, "weather");
    });
    PubSub.broadcast(sim, "news", "flash", { n: 1 });
    PubSub.broadcast(sim, "sport", "flash", { n: 2 });
    await sim.idle();
    expect([a.inbox, b.inbox]).toEqual([[news(2, "sport")], [news(1), news(2, "sport")]]);
  }));

test("a subscription ends with its process, before anybody hears of that end", () =>
  inSim(async (sim) => {
    const left: number[] = [];
    const pid = sim.spawn(async (self) => {
      PubSub.subscribe(self, "news");
      await self.receive();
    });
    sim.spawn(async (self) => {
      self.monitor(pid);
      await self.receive();
      left.push(PubSub.subscribers(self, "news"));
    });
    await sim.idle();
    expect(PubSub.subscribers(sim, "news")).toBe(1);
    sim.kill(pid);
    await sim.idle();
    expect(left).toEqual([0]);
  }));

test("a dead process neither broadcasts nor subscribes", () =>
  inSim(async (sim) => {
    const zombies: string[] = [];
    sim.telemetry.on("process.zombie", (_, { operation }) => void zombies.push(operation));
    const a = puppet(sim);
    await a.does((self) => PubSub.subscribe(self, "news"));
    sim.spawn((self) => {
      self.exit(self.pid, "kill");
      PubSub.broadcast(self, "news", "flash", { n: 1 });
      PubSub.broadcastFrom(self, "news", "flash", { n: 1 });
      PubSub.subscribe(self, "news");
    });
    await sim.idle();
    expect(a.inbox).toEqual([]);
    expect(PubSub.subscribers(sim, "news")).toBe(1);
    expect(zombies).toEqual(["broadcast", "broadcast", "subscribe"]);
  }));

test("two systems share no topics", () =>
  inVirtualTime({ time: "manual" }, (one) =>
    inSim(async (other) => {
      const a = puppet(one);
      await a.does((self) => PubSub.subscribe(self, "news"));
      expect([PubSub.subscribers(one, "news"), PubSub.subscribers(other, "news")]).toEqual([1, 0]);
      PubSub.broadcast(other, "news", "flash", { n: 1 });
      await one.idle();
      expect(a.inbox).toEqual([]);
    }),
  ));

test("one sender's broadcasts arrive in order", () =>
  inSim(async (sim) => {
    const a = puppet(sim);
    await a.does((self) => PubSub.subscribe(self, "news"));
    for (let n = 0; n < 100; n++) PubSub.broadcast(sim, "news", "flash", { n });
    await sim.idle();
    expect(a.inbox).toEqual(Array.from({ length: 100 }, (_, n) => news(n)));
  }));

test.each([[undefined], [7], [{}]])("the topic %j is refused", (topic) =>
  inSim(async (sim) => {
    const errors: unknown[] = [];
    sim.spawn((self) => {
      try {
        PubSub.subscribe(self, topic as unknown as string);
      } catch (error) {
        errors.push(error);
      }
    });
    await sim.idle();
    expect(errors).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/^subscribe: expected a topic/) }),
    ]);
  }),
);
