import { name, noreply, ok, type Ref, reply } from "hornbeam";
import { GenServer, start } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { puppet } from "../runtime/support.ts";

const Counter = {
  init: (count: number) => ok(count),
  handleCall: {
    add: (by: number, count) => reply(count + by, count + by),
    slow: async (delay: number, count, self) => {
      await self.sleep(delay);
      return reply(delay, count);
    },
  },
  handleCast: { add: (by: number, count) => noreply(count + by) },
} satisfies GenServer<number>;

test("multiCall asks all at once and gives who answered and who did not, each in the order asked", () =>
  inVirtualTime(async (sim) => {
    const [one, two] = [await start(sim, Counter, 1), await start(sim, Counter, 2)];
    const nobody = name<typeof Counter>("nobody");
    sim.kill(two);
    const three = await start(sim, Counter, 3, { name: name("three") });
    const targets = [nobody, one, two, name<typeof Counter>("three")];
    const { replies, failures } = await GenServer.multiCall(sim, targets, "add", 10);
    expect(replies).toEqual([
      [one, 11],
      [targets[3], 13],
    ]);
    expect(failures).toMatchObject([
      [nobody, { reason: "noproc" }],
      [two, { reason: "noproc" }],
    ]);
    expect(await sim.call(three, "add", 0)).toBe(13);
  }));

test("multiCall waits as long as it is told, for all together, and late replies reach nobody", () =>
  inVirtualTime(async (sim) => {
    const servers = [await start(sim, Counter, 1), await start(sim, Counter, 2), await start(sim, Counter, 3)];
    const caller = puppet(sim);
    let seen: any;
    await caller.does(async (self) => {
      for (const server of servers.slice(1)) self.call(server, "slow", 500).catch(() => {});
      seen = [await GenServer.multiCall(self.with({ timeout: 100 }), servers, "slow", 10), self.now()];
    });
    await sim.advance(2000);
    const late = (at: number) => [servers[at], { reason: "timeout" }];
    expect(seen).toMatchObject([{ replies: [[servers[0], 10]], failures: [late(1), late(2)] }, 100]);
    expect(caller.inbox).toEqual([]);
  }));

test("a server that ends while multiCall asks it is among those that did not answer, with its reason", () =>
  inVirtualTime(async (sim) => {
    const [one, two] = [await start(sim, Counter, 1), await start(sim, Counter, 2)];
    const asked = GenServer.multiCall(sim, [one, two], "slow", 100);
    await sim.advance(50);
    sim.exit(two, "oops");
    expect(await asked).toMatchObject({ replies: [[one, 100]], failures: [[two, { reason: "oops" }]] });
  }));

test("multiCall of nobody is answered by nobody, and a bad option is the caller's error", () =>
  inVirtualTime(async (sim) => {
    expect(await GenServer.multiCall(sim, [] as Ref<typeof Counter>[], "add", 1)).toEqual({
      replies: [],
      failures: [],
    });
    const server = await start(sim, Counter, 1);
    const refused = GenServer.multiCall(sim.with({ timeout: -1 }), [server], "add", 1);
    await expect(refused).rejects.toThrow(/expected a time of 0 ms or more, got: -1/);
  }));

test("abcast casts to all that are there, and never fails", () =>
  inVirtualTime(async (sim) => {
    const one = await start(sim, Counter, 1);
    const two = await start(sim, Counter, 2, { name: name("two") });
    GenServer.abcast(sim, [one, name<typeof Counter>("nobody"), name<typeof Counter>("two")], "add", 10);
    expect([await sim.call(one, "add", 0), await sim.call(two, "add", 0)]).toEqual([11, 12]);
  }));

test("whereis gives the pid behind a pid or a name while it lives, else undefined", () =>
  inVirtualTime(async (sim) => {
    const lobby = name<typeof Counter>("lobby");
    expect(GenServer.whereis(sim, lobby)).toBeUndefined();
    const pid = await start(sim, Counter, 1, { name: lobby });
    expect([GenServer.whereis(sim, lobby), GenServer.whereis(sim, pid)]).toEqual([pid, pid]);
    await GenServer.stop(sim, pid);
    expect([GenServer.whereis(sim, lobby), GenServer.whereis(sim, pid)]).toEqual([undefined, undefined]);
    expect(() => GenServer.whereis(sim, undefined as never)).toThrow(/expected a pid or a name .*, got: undefined/);
  }));

test.each<[string, unknown]>([
  ["undefined", { name: undefined }],
  ["null", null],
  ["a string", "lobby"],
  ["an empty string", { name: "" }],
  ["a number", 5],
])("a name that is %s is refused, and nothing is started", (_, wrong) =>
  inVirtualTime(async (sim) => {
    const started = start(sim, Counter, 1, { name: wrong as never });
    await expect(started).rejects.toThrow(/expected a pid or a name made by name\("…"\), got: /);
    expect(sim.processes()).toEqual([]);
  }),
);
