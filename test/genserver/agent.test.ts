import { BadArgument, CallError, exit, name, type Self, StartError } from "hornbeam";
import { Agent } from "hornbeam/genserver";
import { Supervisor, supervisor } from "hornbeam/supervisor";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { deaths, events, inside, puppet } from "../runtime/support.ts";
import { WAYS, ways } from "./support.ts";

test("an agent keeps a state that is read, changed and both, and is stopped", () =>
  inVirtualTime((sim) =>
    inside(sim, async (self) => {
      const agent = await Agent.startLink(self, () => ({ hits: 0 }));
      expect(await Agent.update(self, agent, ({ hits }) => ({ hits: hits + 1 }))).toBeUndefined();
      expect(await Agent.get(self, agent, ({ hits }) => hits)).toBe(1);
      expect(await Agent.getAndUpdate(self, agent, ({ hits }) => [`was ${hits}`, { hits: 10 }])).toBe("was 1");
      expect(Agent.cast(self, agent, ({ hits }) => ({ hits: hits + 1 }))).toBeUndefined();
      expect(await Agent.get(self, agent, (state) => state)).toEqual({ hits: 11 });
      expect(await Agent.stop(self, agent)).toBeUndefined();
      expect(self.isAlive(agent)).toBe(false);
    }),
  ));

test("an agent is found by its name, from anywhere", () =>
  inVirtualTime(async (sim) => {
    const hits = name<Agent<number>>("hits");
    const agent = await Agent.start(sim, () => 5, { name: hits });
    expect(sim.whereis(hits)).toBe(agent);
    await Agent.update(sim, hits, (count) => count + 1);
    expect(await Agent.get(sim, hits, (count) => count)).toBe(6);
    await expect(Agent.start(sim, () => 0, { name: hits })).rejects.toMatchObject({
      name: "AlreadyStarted",
      pid: agent,
    });
    await Agent.stop(sim, hits, "shutdown");
    expect(sim.whereis(hits)).toBeUndefined();
  }));

test("startLink ties an agent to its starter, start does not", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const owner = puppet(sim);
    const agents: any[] = [];
    await owner.does(async (self) => {
      agents.push(await Agent.startLink(self, () => 0), await Agent.start(self, () => 0));
    });
    sim.exit(owner.pid, "oops");
    expect(agents.map((pid) => died.get(pid))).toEqual(["oops", undefined]);
  }));

test("an agent can be supervised: it comes back with a new state, under its name", () =>
  inVirtualTime(async (sim) => {
    const hits = name<Agent<number>>("hits");
    const children = [
      Agent.child(() => 5, { name: hits }),
      Agent.child(() => 0, { id: "other" }),
      Agent.child(() => 0),
    ];
    const tree = await sim.start(supervisor({ init: () => ({ strategy: "oneForOne" as const, children }) }));
    expect((await Supervisor.whichChildren(sim, tree)).map(({ id }) => id)).toEqual(["agent", "other", "hits"]);
    expect(Agent.child(() => 0, { restart: "temporary", shutdown: 10 })).toMatchObject({
      restart: "temporary",
      shutdown: 10,
    });
    await Agent.update(sim, hits, () => 100);
    sim.exit(sim.whereis(hits) as any, "oops");
    await sim.idle();
    expect(await Agent.get(sim, hits, (count) => count)).toBe(5);
  }));

test.for(WAYS)("the functions of an agent may give their values %s, and still run one at a time", (way) =>
  inVirtualTime((sim) =>
    inside(sim, async (self) => {
      const make = ways[way];
      const agent = await Agent.start(self, () => make((): readonly string[] => []));
      const add = (line: string) => (lines: readonly string[]) => make(() => [...lines, line]);
      Agent.cast(self, agent, add("a"));
      const updated = Agent.update(self, agent, add("b"));
      const both = Agent.getAndUpdate(self, agent, (lines) => make(() => [lines.length, [...lines, "c"]] as const));
      expect(await Agent.get(self, agent, (lines) => make(() => lines))).toEqual(["a", "b", "c"]);
      expect([await updated, await both]).toEqual([undefined, 2]);
    }),
  ),
);

test("the functions run inside the agent, with its self", () =>
  inVirtualTime((sim) =>
    inside(sim, async (self) => {
      const pids: unknown[] = [];
      const agent = await Agent.start(self, (own) => pids.push(own.pid));
      await Agent.update(self, agent, (_, own) => pids.push(own.pid));
      Agent.cast(self, agent, (_, own) => pids.push(own.pid));
      await Agent.getAndUpdate(self, agent, (state, own) => [pids.push(own.pid), state]);
      expect(await Agent.get(self, agent, (_, own) => own.pid)).toBe(agent);
      expect(pids).toEqual([agent, agent, agent, agent]);
    }),
  ));

const boom = new Error("boom");
type Crash = (self: Self, agent: any, run: () => never) => unknown;
test.for([
  ["get", (self, agent, run) => Agent.get(self, agent, run)],
  ["update", (self, agent, run) => Agent.update(self, agent, run)],
  ["getAndUpdate", (self, agent, run) => Agent.getAndUpdate(self, agent, run)],
] satisfies [string, Crash][])(
  "a function of %s that throws or exits crashes the agent, and its caller has the reason",
  ([, crash]) =>
    inVirtualTime(async (sim) => {
      const died = deaths(sim);
      const crashes = events(sim, "process.crash");
      await inside(sim, async (self) => {
        for (const [run, reason] of [
          [() => Promise.reject(boom) as never, boom],
          [() => exit("oops"), "oops"],
        ] as const) {
          const agent = await Agent.start(self, () => 0);
          const error = await (crash(self, agent, run) as Promise<unknown>).catch((caught) => caught);
          expect(error).toBeInstanceOf(CallError);
          expect(error).toMatchObject({ reason });
          expect(died.get(agent)).toBe(reason);
          expect(crashes.at(-1)).toMatchObject({ label: `${agent} agent`, reason, doing: { state: 0 } });
        }
      });
    }),
);

test("a cast that throws crashes the agent, and nobody hears of it by the cast", () =>
  inVirtualTime(async (sim) => {
    const died = deaths(sim);
    const agent = await Agent.start(sim, () => 0);
    Agent.cast(sim, agent, () => {
      throw boom;
    });
    await sim.idle();
    expect(died.get(agent)).toBe(boom);
    Agent.cast(sim, agent, () => 1);
    await expect(Agent.get(sim, agent, (n) => n)).rejects.toMatchObject({ reason: "noproc" });
  }));

test("a function of getAndUpdate that does not return a pair crashes the agent", () =>
  inVirtualTime(async (sim) => {
    for (const result of [0, [1], [1, 2, 3], undefined]) {
      const agent = await Agent.start(sim, () => 0);
      const error: any = await Agent.getAndUpdate(sim, agent, () => result as never).catch((caught) => caught);
      expect(error.reason).toMatchObject({ name: "BadReturnValue", value: result });
      expect(error.message).toContain("the function of Agent.getAndUpdate returned a value that it may not return");
      expect(sim.isAlive(agent)).toBe(false);
    }
  }));

test("a call waits 5000 ms, or as long as it is told to, and the agent does the work all the same", () =>
  inVirtualTime((sim) =>
    inside(sim, async (self) => {
      const agent = await Agent.start(self, () => 0);
      const slow = async (_: number, own: Self) => {
        await own.sleep(6000);
        return 1;
      };
      const begun = self.now();
      await expect(Agent.update(self, agent, slow)).rejects.toMatchObject({ reason: "timeout" });
      expect(self.now() - begun).toBe(5000);
      expect(await Agent.get(self, agent, (n) => n)).toBe(1);
      await expect(Agent.get(self, agent, slow, 10)).rejects.toMatchObject({ reason: "timeout" });
      expect(await Agent.getAndUpdate(self, agent, (n) => [n, 2], "infinity")).toBe(1);
      expect(await Agent.get(self.with({ timeout: 1 }), agent, (n) => n, 20_000)).toBe(2);
    }),
  ));

test("an agent whose first function fails does not start", () =>
  inVirtualTime(async (sim) => {
    const hits = name<Agent<number>>("hits");
    const failing = Agent.start(sim, (): number => exit("no disk"), { name: hits });
    await expect(failing).rejects.toThrow(StartError);
    await expect(failing).rejects.toMatchObject({ reason: "no disk" });
    const crashing = Agent.start(sim, () => Promise.reject<number>(boom), { name: hits });
    await expect(crashing).rejects.toMatchObject({ reason: boom });
    const late = Agent.start(sim, (self) => self.sleep(100), { timeout: 10 });
    await expect(late).rejects.toMatchObject({ reason: "timeout" });
    expect(sim.whereis(hits)).toBeUndefined();
  }));

test("a value that is thrown and would be a result of a server is one: a throw counts as a return", () =>
  inVirtualTime(async (sim) => {
    const agent = await Agent.start(sim, () => 0);
    const thrown = Agent.get(sim, agent, () => Promise.reject("oops"));
    await expect(thrown).rejects.toMatchObject({ reason: { name: "BadReturnValue", value: "oops" } });
  }));

test("what is no function is refused, and harms nobody", () =>
  inVirtualTime(async (sim) => {
    const agent = await Agent.start(sim, () => 0);
    await expect(Agent.get(sim, agent, 5 as never)).rejects.toThrow("Agent.get: expected a function, got: 5");
    await expect(Agent.update(sim, agent, 5 as never)).rejects.toThrow(BadArgument);
    await expect(Agent.getAndUpdate(sim, agent, 5 as never)).rejects.toThrow(BadArgument);
    await expect(Agent.start(sim, 5 as never)).rejects.toThrow("Agent.start: expected a function, got: 5");
    expect(() => Agent.cast(sim, agent, 5 as never)).toThrow(BadArgument);
    expect(() => Agent.child(5 as never)).toThrow(BadArgument);
    expect(await Agent.get(sim, agent, (n) => n)).toBe(0);
  }));
