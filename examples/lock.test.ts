// A server and its tests. A lock is lent to one process at a time; who ends, or keeps it too long, loses it to the next.

import { type Down, type MonitorRef, name, noreply, ok, type Pid, type Self, type TimerRef } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { simulate } from "hornbeam/simulation";
import { changes, snapshot } from "hornbeam/supervisor/test";
import {
  assertDown,
  assertExit,
  assertReceive,
  flushMailbox,
  refuteReceive,
  startSupervised,
  test,
  testProcess,
} from "hornbeam/vitest";
import { describe, expect } from "vitest";

interface Claim {
  readonly pid: Pid;
  readonly watch: MonitorRef;
}

/** The first in line has the lock, until the timer. */
interface Line {
  readonly claims: readonly Claim[];
  readonly timer: TimerRef | undefined;
}

const LENT = 30_000;

const Lock = {
  init: () => ok<Line>({ claims: [], timer: undefined }),
  handleCast: {
    take: (pid: Pid, line, self) => {
      const claims = [...line.claims, { pid, watch: self.monitor(pid) }];
      return noreply(claims.length === 1 ? lend(claims, self) : { ...line, claims });
    },
    give: (pid: Pid, line, self) => noreply(without(pid, line, self)),
  },
  handleInfo: (message: Down | { readonly tag: "late"; readonly pid: Pid }, line, self) =>
    noreply(without(message.pid, line, self)),
} satisfies GenServer<Line>;

function without(pid: Pid, line: Line, self: Self): Line {
  const [first] = line.claims;
  for (const claim of line.claims) if (claim.pid === pid) claim.watch.cancel({ flush: true });
  const claims = line.claims.filter((claim) => claim.pid !== pid);
  if (first?.pid !== pid) return { ...line, claims };
  line.timer?.cancel();
  return lend(claims, self);
}

function lend(claims: readonly Claim[], self: Self): Line {
  const [first] = claims;
  if (first === undefined) return { claims, timer: undefined };
  self.send(first.pid, "granted");
  return { claims, timer: self.sendAfter({ tag: "late", pid: first.pid }, LENT) };
}

const lock = name<typeof Lock>("lock");

/** A process that takes the lock and keeps it. */
const keep = async (self: Self) => {
  self.cast(lock, "take", self.pid);
  await self.receive((message) => message === "stop");
};

test("who keeps the lock for 30 seconds loses it to the next", async ({ sim, self }) => {
  await startSupervised(sim, child(Lock, { name: lock }));
  self.spawnLink(keep);
  await sim.idle();
  self.cast(lock, "take", self.pid);
  await refuteReceive(self, "granted", { timeout: LENT - 1 });
  await assertReceive(self, "granted");
  expect(sim.now()).toBe(LENT);
});

test("who ends, whatever for, gives the lock to the next", async ({ sim, self }) => {
  await startSupervised(sim, child(Lock, { name: lock }));
  const holder = sim.spawn(keep);
  await sim.idle();
  self.cast(lock, "take", self.pid);
  sim.kill(holder);
  await assertDown(self, holder, "killed");
  await assertReceive(self, "granted");
});

test("a lock that crashes is there again, and nobody holds it", async ({ sim, self }) => {
  const pid = await startSupervised(sim, child(Lock, { name: lock }));
  const parent = sim.processInfo(pid)?.parent as Pid;
  const before = await snapshot(sim, parent);
  self.spawnLink(keep);
  await sim.idle();
  sim.kill(pid);
  self.cast(lock, "take", self.pid);
  await sim.idle();
  expect(changes(before, await snapshot(sim, parent)).restarted).toEqual(["test/lock"]);
  expect(flushMailbox(self)).toEqual([]);
  self.cast(lock, "take", self.pid);
  await assertReceive(self, "granted");
});

describe("a process of the test that traps exits", () => {
  test.override({ trapExit: true });

  test("is told how its children end", async ({ sim, self }) => {
    await startSupervised(sim, child(Lock, { name: lock }));
    const holder = self.spawnLink(keep);
    self.send(holder, "stop");
    await assertExit(self, holder, "normal");
  });
});

test("no two have the lock at once, whoever comes first", () =>
  simulate({ schedules: 200 }, async (sim) => {
    const me = testProcess(sim);
    await startSupervised(sim, child(Lock, { name: lock }));
    const use = (who: string) => async (self: Self) => {
      self.cast(lock, "take", self.pid);
      await self.receive();
      self.send(me.pid, `${who} has it`);
      self.send(me.pid, `${who} gives it`);
      self.cast(lock, "give", self.pid);
    };
    await sim.all([sim.spawn(use("ada")), sim.spawn(use("bob"))]);
    const said = flushMailbox(me).join(", ");
    expect([
      "ada has it, ada gives it, bob has it, bob gives it",
      "bob has it, bob gives it, ada has it, ada gives it",
    ]).toContain(said);
  }));
