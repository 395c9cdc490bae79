import { error, noreply, ok, reply } from "hornbeam";
import { type CodeChange, type GenServer, start, sys } from "hornbeam/genserver";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { events } from "../runtime/support.ts";
import { WAYS, ways } from "./support.ts";

const Old = {
  init: (count: number) => ok(count),
  handleCall: { get: (_, count) => reply(`old ${count}`, count) },
} satisfies GenServer<number>;

interface Counts {
  readonly count: number;
}
const New = (codeChange?: (change: CodeChange, state: number) => any) =>
  ({
    init: (count: number) => ok({ count }),
    handleCall: { get: (_, state) => reply(`new ${JSON.stringify(state)}`, state) },
    handleInfo: (_: unknown, { count }: Counts) => noreply({ count: count + 1 }),
    ...(codeChange && { codeChange }),
  }) satisfies GenServer<Counts>;

async function suspended(sim: VirtualSystem) {
  const pid = await start(sim, Old, 41);
  await sys.suspend(sim, pid);
  return pid;
}

for (const way of WAYS) {
  test(`a suspended server goes on with another module, and with the state that its codeChange makes, ${way}`, () =>
    inVirtualTime(async (sim) => {
      const pid = await suspended(sim);
      const seen: unknown[] = [];
      const module = New((change, count) => {
        seen.push(change, count);
        return ways[way](() => ok({ count: count + 1 }));
      });
      const call = sim.call(pid, "get");
      await sys.changeCode(sim, pid, module, "extra");
      await sys.resume(sim, pid);
      expect(await call).toBe('new {"count":42}');
      sim.send(pid, "info" as never);
      expect(await sim.call(pid, "get")).toBe('new {"count":43}');
      expect(seen).toEqual([{ previous: Old, extra: "extra" }, 41]);
    }));

  test.each<[string, () => unknown, unknown]>([
    [
      "throws",
      () => {
        throw new Error("oops");
      },
      { message: "oops" },
    ],
    ["returns error", () => error("too old"), { name: "CodeChangeError", reason: "too old" }],
    ["returns something else", () => ({ count: 1 }), { name: "BadReturnValue" }],
    ["returns a next step", () => ok({ count: 1 }, { timeout: 5 }), { name: "BadReturnValue" }],
  ])(`if codeChange %s, ${way}, the asker hears of it, and the server goes on as it was`, (_, result, thrown) =>
    inVirtualTime(async (sim) => {
      const pid = await suspended(sim);
      const change = sys.changeCode(
        sim,
        pid,
        New(() => ways[way](result)),
      );
      await expect(change).rejects.toMatchObject(thrown as object);
      await sys.resume(sim, pid);
      expect(await sim.call(pid, "get")).toBe("old 41");
    }),
  );
}

test("a module without codeChange takes the state as it is", () =>
  inVirtualTime(async (sim) => {
    const pid = await suspended(sim);
    await sys.changeCode(sim, pid, New());
    await sys.resume(sim, pid);
    expect(await sim.call(pid, "get")).toBe("new 41");
  }));

test("code is changed only while the server is suspended", () =>
  inVirtualTime(async (sim) => {
    const pid = await start(sim, Old, 41);
    await expect(sys.changeCode(sim, pid, New())).rejects.toThrow(
      /expected a suspended process, got: <0\.\d+> genserver/,
    );
    expect(await sim.call(pid, "get")).toBe("old 41");
  }));

test("what is no module is refused, and the server goes on as it was", () =>
  inVirtualTime(async (sim) => {
    const pid = await suspended(sim);
    await expect(sys.changeCode(sim, pid, {})).rejects.toThrow(/expected a module with an init, got: \{\}/);
    const wrong = { init: () => ok(0), handleCall: { get: 1 } };
    await expect(sys.changeCode(sim, pid, wrong)).rejects.toThrow(/handleCall.get to be a function, got: 1/);
    await sys.resume(sim, pid);
    expect(await sim.call(pid, "get")).toBe("old 41");
  }));

test("a server that is killed in the middle of codeChange changes nothing any more", () =>
  inVirtualTime(async (sim) => {
    const zombies = events(sim, "process.zombie");
    const pid = await suspended(sim);
    const gate = Promise.withResolvers<void>();
    const change = sys.changeCode(
      sim,
      pid,
      New(() => gate.promise.then(() => ok({ count: 1 }))),
    );
    change.catch(() => {});
    await sim.idle();
    sim.kill(pid);
    await expect(change).rejects.toMatchObject({ reason: "killed" });
    gate.resolve();
    await sim.idle();
    expect(zombies).toMatchObject([{ pid, operation: "codeChange" }]);
  }));
