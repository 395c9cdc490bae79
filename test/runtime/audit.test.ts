import { name } from "hornbeam";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { audit } from "../../runtime/audit.ts";
import { withLink, withoutLink } from "../../runtime/links.ts";
import type { Process } from "../../runtime/process.ts";
import { LiveSystem } from "../../runtime/system.ts";
import { forever, puppet } from "./support.ts";

/** Two processes that are tied in every way, as the runtime has them. */
async function tied(sim: VirtualSystem) {
  const a = puppet(sim);
  const b = puppet(sim, { name: name("b") });
  await a.does((self) => {
    self.link(b.pid);
    self.monitor(b.pid);
    self.sendAfter("later", 1_000);
  });
  const processOf = ({ pid }: { pid: unknown }) => (pid as { process: Process }).process;
  return { a: processOf(a), b: processOf(b) };
}

const inTies = (spoil: (ties: { a: Process; b: Process }) => () => void, expected: RegExp) =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const ties = await tied(sim);
    expect(audit(ties.a.kernel)).toEqual([]);
    const restore = spoil(ties);
    expect(audit(ties.a.kernel).join("\n")).toMatch(expected);
    restore();
  });

test("a link that only one side knows of is found", () =>
  inTies(({ a, b }) => {
    b.links = withoutLink(b.links, a);
    return () => {
      b.links = withLink(b.links, a);
    };
  }, /a link to <0\.\d+> of <0\.\d+> process/));

test("a monitor of nobody is found", () =>
  inTies(({ a }) => {
    const watch = a.watching as NonNullable<Process["watching"]>;
    const { target } = watch;
    watch.target = null;
    return () => {
      watch.target = target;
    };
  }, /a monitor of nobody/));

test("a name of somebody who does not have it is found", () =>
  inTies(({ b }) => {
    b.registered = "other";
    return () => {
      b.registered = "b";
    };
  }, /the name b of/));

test("a timer of a process that has ended is found", () =>
  inTies(({ a }) => {
    const timer = a.timers as NonNullable<Process["timers"]>;
    timer.owner = { timers: timer };
    return () => {
      timer.owner = a;
    };
  }, /a timer of a process that has ended/));

test("a simulation fails when a link, monitor, name or timer of a dead process is left", async () => {
  const failed = inVirtualTime({ time: "manual" }, async (sim) => {
    const { a, b } = await tied(sim);
    b.links = withoutLink(b.links, a);
  });
  await expect(failed).rejects.toThrow(/left something over: a link to/);
});

test("a system that has stopped holds nothing: no process, name, timer, link or monitor", async () => {
  const world = new LiveSystem({ reports: false });
  const a = world.spawn(forever, { name: name("a") });
  const b = world.spawn((self) => {
    self.link(a);
    self.monitor(a);
    self.sendAfter("x", 10_000);
    return forever(self);
  });
  await new Promise((resolve) => setImmediate(resolve));
  await world.stop();
  expect(audit(world.kernel)).toEqual([]);
  expect([world.isAlive(a), world.isAlive(b), world.processes()]).toEqual([false, false, []]);
  expect([world.kernel.names.size, world.kernel.timers.pending, world.kernel.table.size]).toEqual([0, 0, 0]);
  const { links, watching, watchers, timers } = world.self;
  expect([links, watching, watchers, timers]).toEqual([null, null, null, null]);
});
