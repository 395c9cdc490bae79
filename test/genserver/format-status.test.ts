import { ok, stop } from "hornbeam";
import { type GenServer, type Status, start, sys } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { events } from "../runtime/support.ts";

const SECRET = "hunter2";
const oops = new Error("oops");

/** A server whose state and messages hold a secret. */
const Vault = (formatStatus?: (status: any) => any, terminate?: () => void) =>
  ({
    init: () => ok({ secret: SECRET }),
    handleCall: {
      crash: (): never => {
        throw oops;
      },
      leave: (_secret: string, state) => stop("oops", state),
    },
    handleInfo: (message: unknown, state: { secret: string }): any =>
      message === "bad" ? 5 : stop(message as string, state),
    ...(formatStatus && { formatStatus }),
    ...(terminate && { terminate }),
  }) satisfies GenServer<{ secret: string }>;

const redact = (status: Status): Status => ({
  ...status,
  state: "[redacted]",
  ...("message" in status && { message: "[redacted]" }),
});

test("getStatus shows the state as formatStatus puts it, getState as it is", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Vault(redact));
    expect((await sys.getStatus(sim, pid)).status).toEqual({ state: "[redacted]" });
    expect(await sys.getState(sim, pid)).toEqual({ secret: SECRET });
  }));

test.each<[string, (by: any, pid: any) => void]>([
  ["a throw in a callback", (sim, pid) => sim.call(pid, "crash").catch(() => {})],
  ["a stop", (sim, pid) => sim.call(pid, "leave", SECRET).catch(() => {})],
  ["a bad return", (sim, pid) => sim.send(pid, "bad")],
  ["a request that it does not have", (sim, pid) => sim.cast(pid, "unknown", SECRET)],
])("the report of %s shows state and message as formatStatus puts them", (_, crash) =>
  inVirtualTime(async (sim) => {
    const crashes = events(sim, "process.crash");
    const pid = await start(sim, Vault(redact));
    crash(sim, pid);
    await sim.idle();
    expect(crashes).toMatchObject([{ pid, doing: { state: "[redacted]", message: "[redacted]" } }]);
    expect(JSON.stringify(crashes)).not.toContain(SECRET);
  }),
);

test("the report of a crash in terminate is redacted, too", () =>
  inVirtualTime(async (sim) => {
    const crashes = events(sim, "process.crash");
    const module = Vault(redact, () => {
      throw oops;
    });
    sim.send(await start(sim, module), SECRET);
    await sim.idle();
    expect(crashes).toMatchObject([{ reason: oops, doing: { callback: "terminate", state: "[redacted]" } }]);
    expect(JSON.stringify(crashes)).not.toContain(SECRET);
  }));

test("formatStatus is given state, message, reason and log in a report, state and log in a status; it may replace each", () =>
  inVirtualTime(async (sim) => {
    const crashes = events(sim, "process.crash");
    const given: Status[] = [];
    const pid = await start(
      sim,
      Vault((status: Status) => {
        given.push(status);
        return Object.fromEntries(Object.keys(status).map((key) => [key, key === "log" ? ["shown"] : `shown ${key}`]));
      }),
    );
    await sys.log(sim, pid, true);
    expect((await sys.getStatus(sim, pid)).status).toEqual({ state: "shown state", log: ["shown"] });
    sim.send(pid, "enough");
    await sim.idle();
    const log = [{ tag: "in", message: "enough" }];
    expect(given).toEqual([
      { state: { secret: SECRET }, log: [] },
      { state: { secret: SECRET }, message: "enough", reason: "enough", log },
    ]);
    const doing = { state: "shown state", message: "shown message", log: ["shown"] };
    expect(crashes).toMatchObject([{ reason: "shown reason", doing }]);
  }));

test.each<[string, (status: Status) => unknown, string]>([
  [
    "throws an Error",
    () => {
      throw new Error(SECRET);
    },
    "[hidden: formatStatus threw]",
  ],
  [
    "throws a value",
    (status) => {
      throw status;
    },
    "[hidden: formatStatus threw]",
  ],
  ["returns nothing", () => undefined, "[hidden: formatStatus returned something that is no status]"],
  ["returns a promise", async (status) => status, "[hidden: formatStatus returned something that is no status]"],
  ["leaves a key out", () => ({}), "[hidden: formatStatus returned something that is no status]"],
  [
    "invents a key",
    (status) => ({ ...status, more: 1 }),
    "[hidden: formatStatus returned something that is no status]",
  ],
])("a formatStatus that %s hides state, message and log, and says so; the reason stays", (_, format, hidden) =>
  inVirtualTime(async (sim) => {
    const crashes = events(sim, "process.crash");
    const pid = await start(sim, Vault(format));
    await sys.log(sim, pid, true);
    expect((await sys.getStatus(sim, pid)).status).toEqual({ state: hidden, log: [] });
    await sim.call(pid, "leave", SECRET).catch(() => {});
    expect(crashes).toMatchObject([{ reason: "oops", doing: { state: hidden, message: hidden, log: [] } }]);
    expect(JSON.stringify(crashes)).not.toContain(SECRET);
    expect(sim.isAlive(pid)).toBe(false);
  }),
);

test("formatStatus is not asked when nobody listens, and cannot change what a server ends with", () =>
  inVirtualTime(async (sim) => {
    let asked = 0;
    const format = (status: Status) => {
      asked++;
      return { ...status, reason: "normal" };
    };
    const pid = await start(sim, Vault(format));
    await expect(sim.call(pid, "leave", "")).rejects.toMatchObject({ reason: "oops" });
    expect(asked).toBe(0);
    const crashes = events(sim, "process.crash");
    await expect(sim.call(await start(sim, Vault(format)), "leave", "")).rejects.toMatchObject({ reason: "oops" });
    expect([asked, crashes[0]?.reason]).toEqual([1, "normal"]);
  }));
