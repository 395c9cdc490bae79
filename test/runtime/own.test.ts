import { BadArgument, name } from "hornbeam";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, events, forever, puppet } from "./support.ts";

const resource = (dispose: () => void): Disposable => ({ [Symbol.dispose]: dispose });

test("what a process owns is disposed at its end, last first, before anyone hears of it", () =>
  inVirtualTime(async (sim) => {
    const order: string[] = [];
    sim.telemetry.on("process.exit", () => void order.push("exit"));
    const owner = puppet(sim, { name: name("owner") });
    await owner.does((self) => {
      self.own(resource(() => order.push(`first, name ${sim.whereis(name("owner")) === undefined ? "free" : "held"}`)));
      self.own(resource(() => order.push("second")));
      self.signal.addEventListener("abort", () => order.push("signal"));
    });
    expect(order).toEqual([]);
    sim.kill(owner.pid);
    expect(order).toEqual(["second", "first, name free", "signal", "exit"]);
  }));

test("a resource that is taken back is not disposed, and one that is owned twice is disposed once", () =>
  inVirtualTime(async (sim) => {
    const disposed: string[] = [];
    const owner = puppet(sim);
    await owner.does((self) => {
      const back = self.own(resource(() => disposed.push("taken back")));
      const twice = self.own(resource(() => disposed.push("twice")));
      self.own(twice);
      self.disown(back);
    });
    sim.kill(owner.pid);
    expect(disposed).toEqual(["twice"]);
  }));

test("a dispose that throws is told, and holds up neither the others nor the exit", () =>
  inVirtualTime(async (sim) => {
    const failures = events(sim, "process.release.failure");
    const died = deaths(sim);
    const disposed: string[] = [];
    const error = new Error("cannot close");
    const owner = puppet(sim);
    const peer = puppet(sim);
    await peer.does((self) => self.link(owner.pid));
    await owner.does((self) => {
      self.own(resource(() => disposed.push("first")));
      self.own(
        resource(() => {
          throw error;
        }),
      );
      self.own(resource(() => disposed.push("third")));
    });
    sim.exit(owner.pid, "oops");
    expect(disposed).toEqual(["third", "first"]);
    expect(failures).toMatchObject([{ pid: owner.pid, error }]);
    expect([died.get(owner.pid), died.get(peer.pid)]).toEqual(["oops", "oops"]);
  }));

test("a dead process owns nothing: what it is given is disposed at once", () =>
  inVirtualTime(async (sim) => {
    let disposed = false;
    const gate = Promise.withResolvers<void>();
    const pid = sim.spawn(async (self) => {
      await gate.promise;
      self.own(
        resource(() => {
          disposed = true;
        }),
      );
    });
    await sim.idle();
    sim.kill(pid);
    gate.resolve();
    await sim.idle();
    expect(disposed).toBe(true);
  }));

test("own gives the resource back", () =>
  inVirtualTime(async (sim) => {
    const socket = resource(() => {});
    const owner = puppet(sim);
    await owner.does((self) => expect(self.own(socket)).toBe(socket));
  }));

test("a dispose that ends other processes does so in turn", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const victims = [sim.spawn(forever), sim.spawn(forever)];
    const owner = puppet(sim);
    await owner.does((self) => {
      self.own(
        resource(() => {
          for (const pid of victims) sim.exit(pid, "with it");
        }),
      );
    });
    sim.exit(owner.pid, "oops");
    expect([...died]).toEqual([[owner.pid, "oops"], ...victims.map((pid) => [pid, "with it"])]);
  }));

test.each([undefined, null, 7, {}])("what cannot be disposed (%o) is not taken", (what) =>
  inVirtualTime(async (sim) => {
    let refused: unknown;
    sim.spawn((self) => {
      try {
        self.own(what as never);
      } catch (error) {
        refused = error;
      }
    });
    await sim.idle();
    expect(refused).toBeInstanceOf(BadArgument);
    expect((refused as Error).message).toMatch(/^own: expected a resource with \[Symbol\.dispose\], got: /);
  }),
);
