import { BadArgument, noreply, ok, reply, timeout } from "hornbeam";
import { start } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { puppet, REAL } from "./support.ts";

const is = (wanted: unknown) => (message: unknown) => message === wanted;

test("messages between two processes keep their order", () =>
  inVirtualTime(async (sim) => {
    const receiver = puppet(sim);
    const sender = puppet(sim);
    const sent = Array.from({ length: 1000 }, (_, i) => i);
    await sender.does((self) => {
      for (const i of sent) self.send(receiver.pid, i);
    });
    expect(receiver.inbox).toEqual(sent);
  }));

test("a selective receive takes the first that matches, and the others keep their places", () =>
  inVirtualTime(async (sim) => {
    const taken: unknown[] = [];
    const pid = sim.spawn(async (self) => {
      taken.push(await self.receive(is("c")));
      taken.push(await self.receive(is("b")));
      for (let i = 0; i < 4; i++) taken.push(await self.receive());
    });
    for (const message of ["a", "b", "c", "d", "b", "e"]) sim.send(pid, message);
    await sim.idle();
    expect(taken).toEqual(["c", "b", "a", "d", "b", "e"]);
  }));

test("what a receive passed over comes before what arrives later", () =>
  inVirtualTime(async (sim) => {
    const taken: unknown[] = [];
    const pid = sim.spawn(async (self) => {
      await self.receive(is("go"));
      for (let i = 0; i < 3; i++) taken.push(await self.receive());
    });
    sim.send(pid, 1);
    sim.send(pid, 2);
    await sim.idle();
    sim.send(pid, "go");
    sim.send(pid, 3);
    await sim.idle();
    expect(taken).toEqual([1, 2, 3]);
  }));

test("messages that arrive while the process waits for something else are kept", () =>
  inVirtualTime(async (sim) => {
    const taken: unknown[] = [];
    const pid = sim.spawn(async (self) => {
      await self.sleep(10);
      taken.push(await self.receive(), await self.receive());
    });
    await sim.idle();
    sim.send(pid, 1);
    sim.send(pid, undefined);
    await sim.advance(10);
    expect(taken).toEqual([1, undefined]);
  }));

test("a receive gives up after its time, and passes over what does not match until then", () =>
  inVirtualTime(async (sim) => {
    const taken: unknown[] = [];
    const pid = sim.spawn(async (self) => {
      taken.push(await self.receive(is("wanted"), 100), self.now());
      taken.push(await self.receive());
    });
    await sim.idle();
    sim.send(pid, "other");
    await sim.advance(100);
    expect(taken).toEqual([timeout, 100, "other"]);
  }));

test("a message in time ends the wait, and no timeout comes after it", () =>
  inVirtualTime(async (sim) => {
    const taken: unknown[] = [];
    const pid = sim.spawn(async (self) => {
      taken.push(await self.receive(undefined, 100));
      taken.push(await self.receive(undefined, 1000), self.now());
    });
    await sim.advance(50);
    sim.send(pid, "in time");
    await sim.idle();
    expect(sim.leaks()).toContain("1 timers");
    await sim.advance(2000);
    expect(taken).toEqual(["in time", timeout, 1050]);
  }));

test("a receive with a timeout of 0 takes what is there, and does not wait for more", () =>
  inVirtualTime(async (sim) => {
    const taken: unknown[] = [];
    const pid = sim.spawn(async (self) => {
      await self.sleep(1);
      taken.push(await self.receive(is("b"), 0));
      taken.push(await self.receive(undefined, 0), await self.receive(undefined, 0));
      taken.push(self.now());
    });
    await sim.idle();
    sim.send(pid, "a");
    sim.send(pid, "b");
    await sim.advance(1);
    expect(taken).toEqual(["b", "a", timeout, 1]);
  }));

test("a match that throws makes its receive reject, and the message stays", () =>
  inVirtualTime(async (sim) => {
    const seen: unknown[] = [];
    const match = () => {
      throw new Error("bad match");
    };
    const pid = sim.spawn(async (self) => {
      for (let i = 0; i < 2; i++) await self.receive(match).catch((error) => seen.push(error.message));
      seen.push(await self.receive());
    });
    sim.send(pid, "message");
    await sim.idle();
    expect(seen).toEqual(["bad match", "bad match", "message"]);
  }));

test("a process cannot wait in two receives at once", () =>
  inVirtualTime(async (sim) => {
    const seen: unknown[] = [];
    const pid = sim.spawn(async (self) => {
      const first = self.receive();
      await Promise.resolve()
        .then(() => self.receive())
        .catch((error) => seen.push(error));
      seen.push(await first);
    });
    await sim.idle();
    sim.send(pid, "for the first");
    await sim.idle();
    expect(seen).toEqual([expect.any(BadArgument), "for the first"]);
  }));

test("a wait of no length that makes sense is refused", () =>
  inVirtualTime(async (sim) => {
    const seen: unknown[] = [];
    sim.spawn(async (self) => {
      await Promise.resolve()
        .then(() => self.receive(undefined, Number.NaN))
        .catch((error) => seen.push(error));
    });
    await sim.idle();
    expect(seen).toEqual([expect.any(BadArgument)]);
  }));

test("receive is for spawned functions: a server is told to use handleInfo", () =>
  inVirtualTime(async (sim) => {
    const Server = {
      init: () => ok(0),
      handleCall: {
        wait: async (_, n: number, self) => {
          try {
            return reply(await self.receive(), n);
          } catch (error) {
            return reply(error, n);
          }
        },
      },
      handleInfo: (_: unknown, n: number) => noreply(n),
    } satisfies import("hornbeam/genserver").GenServer<number>;
    const server = await start(sim, Server);
    expect(await sim.call(server, "wait")).toBeInstanceOf(BadArgument);
  }));

// Half a second; n² takes 20 s and more.
test(
  "half a million messages that were passed over are taken up within 5 s",
  () =>
    inVirtualTime(async (sim) => {
      const count = 500_000;
      let taken = 0;
      const pid = sim.spawn(async (self) => {
        await self.receive(is("go"));
        for (; taken < count; taken++) await self.receive();
      });
      for (let i = 0; i < count; i++) sim.send(pid, i);
      sim.send(pid, "go");
      const before = performance.now();
      await sim.idle();
      expect(taken).toBe(count);
      expect(performance.now() - before).toBeLessThan(5000);
    }),
  4 * REAL,
);
