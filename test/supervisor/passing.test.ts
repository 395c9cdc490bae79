// What becomes of messages (`messages: "freeze"`, `"clone"`) is no business of the library's own: every feature works.
import { noreply, ok, reply, Task } from "hornbeam";
import { Agent, child, type GenServer, start, sys } from "hornbeam/genserver";
import {
  Application,
  DynamicSupervisor,
  Supervisor,
  supervisor,
  TaskSupervisor,
  WorkerPool,
} from "hornbeam/supervisor";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { inside } from "../runtime/support.ts";
import { failure, Gate, pool, REAL, tasks } from "./pool-support.ts";

const Counter = {
  init: (from: number) => ok({ count: from }),
  handleCall: {
    add: (by: number, state) => {
      // The state is the server's own: it may be changed in place.
      state.count += by;
      return reply(state.count, state);
    },
  },
  handleCast: { add: (by: number, state) => noreply({ count: state.count + by }) },
} satisfies GenServer<{ count: number }>;

const App = (from: number) =>
  supervisor({ init: () => ({ strategy: "oneForOne" as const, children: [child(Counter, from, { id: "counter" })] }) });

describe.each(["freeze", "clone"] as const)("with messages passed by %s,", (messages) => {
  test("an application is the same one each time, and reads what was put into its environment", () =>
    inVirtualTime({ messages }, async (sim) => {
      const levels: number[] = [];
      const Shop = {
        name: "shop",
        env: { level: 1, nested: { list: [1] } },
        start: ({ level }: { level: number }) => {
          levels.push(level);
          return App(level);
        },
      } satisfies Application<{ level: number; nested: object }>;
      Application.putEnv(sim, Shop, "level", 2);
      expect(await Application.ensureAllStarted(sim, Shop)).toEqual(["shop"]);
      expect(await Application.ensureAllStarted(sim, Shop)).toEqual([]);
      await Application.stop(sim, Shop);
      await Application.start(sim, Shop);
      expect(levels).toEqual([2, 2]);
      expect([Object.isFrozen(Shop), Object.isFrozen(Shop.env.nested)]).toEqual([false, false]);
    }));

  test("a look at a state changes nothing of it", () =>
    inVirtualTime({ messages }, async (sim) => {
      const counter = await start(sim, Counter, 1);
      const seen = await sys.getState(sim, counter);
      expect(await sim.call(counter, "add", 1)).toBe(2);
      expect(seen).toEqual({ count: 1 });
      expect((await sys.getStatus(sim, counter)).status).toEqual({ state: { count: 2 } });
      expect(await sim.call(counter, "add", 1)).toBe(3);
      await sys.log(sim, counter, true);
      await sim.call(counter, "add", 1);
      await sys.log(sim, counter, "get");
      expect(await sys.replaceState(sim, counter, (state: { count: number }) => ({ count: state.count * 2 }))).toEqual({
        count: 8,
      });
      expect(await sim.call(counter, "add", 1)).toBe(9);
    }));

  test("children, tasks and agents are what they were", () =>
    inVirtualTime({ messages }, async (sim) => {
      const app = await sim.start(App(1));
      const spec = child(Counter, 5, { id: "late", backoff: { first: 10 } });
      const late = await Supervisor.startChild(sim, app, spec);
      expect(late && (await sim.call(late, "add", 1))).toBe(6);
      expect(await Supervisor.getChildSpec(sim, app, "late")).toMatchObject({ id: "late", backoff: { first: 10 } });
      await Supervisor.terminateChild(sim, app, "late");
      await Supervisor.restartChild(sim, app, "late");
      const dynamic = await sim.start(DynamicSupervisor.child());
      await DynamicSupervisor.startChild(sim, dynamic, spec);
      const supervised = await sim.start(TaskSupervisor.child());
      const agent = await Agent.start(sim, () => ({ list: [1] }));
      await Agent.update(sim, agent, ({ list }) => ({ list: [...list, 2] }));
      expect(await Agent.get(sim, agent, ({ list }) => list)).toEqual([1, 2]);
      await inside(sim, async (self) => {
        const task = await TaskSupervisor.asyncNolink(self, supervised, () => ({ done: true }));
        expect(await Task.await(self, task)).toEqual({ done: true });
      });
    }));

  test(
    "a pool knows which task is called off",
    () =>
      inVirtualTime({ messages, time: "manual" }, async (sim) => {
        await sim.start(WorkerPool.child({ name: pool, filename: tasks, maxThreads: 1 }));
        const gate = new Gate();
        const run = failure(WorkerPool.run(sim.with({ timeout: 100 }), pool, "spin", gate.flags));
        await gate.begun();
        await sim.advance(100);
        expect(await run).toMatchObject({ reason: "timeout" });
        expect(await WorkerPool.run(sim, pool, "hello")).toBe("hello");
        expect(await WorkerPool.info(sim, pool)).toMatchObject({ cancelled: 1, failed: 0 });
      }),
    REAL,
  );
});
