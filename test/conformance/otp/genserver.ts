import {
  AlreadyStarted,
  BadArgument,
  CallError,
  exit,
  name,
  type Pid,
  type Self,
  StartError,
  type Target,
} from "hornbeam";
import { GenServer, type StartOptions, start, startLink, sys } from "hornbeam/genserver";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { Actor, Command } from "./actor.ts";
import type { Document, Step } from "./corpus.ts";
import { messageOf } from "./messages.ts";
import { perform, type Table } from "./operations.ts";
import type { GenServerScenario, Item, ServerOperations } from "./scenarios.ts";
import { type Info, scriptedServer } from "./scripted-server.ts";
import { asJson, delay, eventually, filled, settle } from "./trace.ts";
import { fromCallError, fromReason, reasonOf } from "./values.ts";

/** Everything is replayed. */

/** Replays servers, their parent and their callers. */
export function replay({ scenario }: Document<GenServerScenario>): Promise<readonly Step[]> {
  return inVirtualTime({ time: "manual" }, async (sim) => {
    const world = new World(sim, scenario);
    const trace = [await world.record("init")];
    for (const op of scenario.ops) trace.push(await world.record(op.op, world.perform(op)));
    return trace;
  });
}

class World {
  private readonly sim: VirtualSystem;
  private readonly scenario: GenServerScenario;
  private readonly actors = new Map<string, Actor>();
  private readonly names = new Map<Pid, string>();
  /** The servers that came to run their `init`. */
  private readonly servers = new Map<string, Pid>();
  /** Actors that wait in a call. */
  private readonly waiting = new Set<string>();
  private callbacks: Record<string, unknown[]> = {};
  private results: Record<string, unknown> = {};
  private down: Record<string, unknown> = {};

  constructor(sim: VirtualSystem, scenario: GenServerScenario) {
    this.sim = sim;
    this.scenario = scenario;
    sim.telemetry.on("process.exit", (_, { pid, reason }) => {
      const name = this.names.get(pid);
      if (name !== undefined) this.down[name] = fromReason(reason);
    });
    this.spawn("parent", scenario.parent_trap_exit === true);
    for (let number = 1; number <= scenario.callers; number++) this.spawn(`c${number}`, false);
  }

  private spawn(name: string, trapExit: boolean): void {
    const actor = new Actor(name);
    actor.pid = this.sim.spawn(actor.task, { trapExit });
    this.actors.set(name, actor);
    this.names.set(actor.pid, name);
  }

  async record(step: string, result?: () => unknown): Promise<Step> {
    await settle(this.sim);
    const pending = [...this.waiting].filter((name) => this.isAlive(name)).toSorted();
    const parts = { cb: this.callbacks, results: this.results, down: this.down, mail: this.mail(), pending };
    [this.callbacks, this.results, this.down] = [{}, {}, {}];
    return asJson({ step, result: result?.(), ...filled(parts) });
  }

  /** Performs an operation; the result is there when the step is at rest. */
  perform(op: GenServerScenario["ops"][number]): () => unknown {
    const by = op.op === "start" ? "parent" : "by" in op ? op.by : undefined;
    if (by !== undefined && !this.isFree(by)) return () => "skipped";
    const result = eventually(perform(this.table, op));
    return () => (by === undefined || this.isAlive(by) ? result() : "no_return");
  }

  private readonly table: Table<ServerOperations> = {
    start: ({ server }) => this.start(server),
    call: (op) => this.reaching(op.to, (target) => this.send({ op: "call", ...op }, target)),
    stop: (op) => this.reaching(op.to, (target) => this.send({ op: "stop", ...op }, target)),
    cast: (op) => this.reaching(op.to, (target) => this.send({ op: "cast", ...op }, target)),
    info: (op) => this.reaching(op.to, (target) => this.send({ op: "info", ...op }, target)),
    exit: (op) => this.reaching(op.target, (target) => this.send({ op: "exit", ...op }, target)),
    actor_exit: ({ by, reason }) => this.sim.send(this.pid(by), new Command(() => exit(reasonOf(reason)))),
    kill_caller: ({ target }) => {
      this.sim.kill(this.pid(target));
      return "ok";
    },
    get_state: ({ to }) => this.reaching(to, (target) => this.stateOf(target)),
    whereis: (op) => {
      const pid = this.sim.whereis(name(op.name));
      return pid === undefined ? "undefined" : this.names.get(pid);
    },
    burst: ({ server, items }) => {
      const pid = this.servers.get(server);
      if (pid === undefined || !this.sim.isAlive(pid)) return "skipped";
      for (const item of items) if (this.isFree(item.by)) this.send(item, pid);
      return "ok";
    },
  };

  /** The parent starts a server. */
  private async start(server: string): Promise<unknown> {
    const def = this.scenario.servers[server];
    if (def === undefined) throw new Error(`expected a server of the scenario, got: ${server}`);
    const module = scriptedServer(def, {
      joined: (pid) => {
        this.names.set(pid, server);
        this.servers.set(server, pid);
      },
      called: (...callback) => {
        this.callbacks[server] = [...(this.callbacks[server] ?? []), callback];
      },
      nameOf: (pid) => this.names.get(pid),
    });
    const { start_timeout: timeout = "infinity" } = def;
    const options: StartOptions = { timeout, ...(def.name && { name: name(def.name) }) };
    const starting = def.start === "start" ? start : startLink;
    try {
      await starting(this.self("parent"), module, undefined, options);
      return ["ok", server];
    } catch (error) {
      if (error instanceof AlreadyStarted) return ["error", ["already_started", this.names.get(error.pid)]];
      if (!(error instanceof StartError)) throw error;
      return error.reason === "ignore" ? "ignore" : ["error", fromReason(error.reason)];
    }
  }

  /** Has an actor send something to a server: all items of a burst in one turn of the driver. */
  private send(item: Item, target: Target): unknown {
    const self = this.self(item.by);
    switch (item.op) {
      case "call":
        this.await(item.by, self.with({ timeout: delay(item.timeout) }).call(target, "request", item.req));
        return "ok";
      case "stop": {
        const stopped = GenServer.stop(self, target, reasonOf(item.reason), delay(item.timeout)).then(() => "ok");
        this.await(item.by, stopped);
        return "ok";
      }
      case "cast":
        self.cast(target, "request", item.req);
        return "ok";
      case "info":
        return sendInfo(self, target, { request: item.req });
      case "exit":
        self.exit(target as Pid, reasonOf(item.reason));
        return true;
    }
  }

  /** An actor waits, and its outcome is in the step in which it comes. */
  private await(by: string, answer: Promise<unknown>): void {
    this.waiting.add(by);
    const settled = (outcome: unknown) => {
      this.waiting.delete(by);
      this.results[by] = outcome;
    };
    answer.then(
      (value) => settled({ ok: value }),
      (error) => settled(error instanceof CallError ? fromCallError(error) : fromReason(error)),
    );
  }

  /** Does something to a server, or a name; skips servers that never were. */
  private reaching(to: string, action: (target: Target) => unknown): unknown {
    const target = to.startsWith("name:") ? name(to.slice("name:".length)) : this.servers.get(to);
    return target === undefined ? "skipped" : action(target);
  }

  /** `sys:get_state`, asked by somebody who is not in the scenario. */
  private stateOf(target: Target): unknown {
    return sys.getState(this.sim, target).catch((error) => {
      if (!(error instanceof CallError)) throw error;
      return { exit: error.reason, in: "get_state" };
    });
  }

  /** What arrived in the mailboxes of actors that live. */
  private mail(): Record<string, readonly unknown[]> {
    const names = { pids: this.names, refs: new Map() };
    const all = [...this.actors.values()].map((actor) => [actor.name, actor.take()] as const);
    const seen = all.filter(([name, messages]) => this.isAlive(name) && messages.length > 0);
    return Object.fromEntries(seen.map(([name, messages]) => [name, messages.map((each) => messageOf(each, names))]));
  }

  private isAlive(name: string): boolean {
    return this.sim.isAlive(this.pid(name));
  }

  private isFree(name: string): boolean {
    return this.isAlive(name) && !this.waiting.has(name);
  }

  private pid(name: string): Pid {
    const actor = this.actors.get(name);
    if (actor === undefined) throw new Error(`expected the parent or a caller, got: ${name}`);
    return actor.pid;
  }

  private self(name: string): Self {
    const self = this.actors.get(name)?.self;
    if (self === undefined) throw new Error(`expected the parent or a caller that runs, got: ${name}`);
    return self;
  }
}

/** A name that nobody holds is an error of the sender. */
function sendInfo(self: Self, target: Target, message: Info): unknown {
  try {
    self.send(target, message);
    return "ok";
  } catch (error) {
    if (error instanceof BadArgument) return { raised: ["error", "badarg"] };
    throw error;
  }
}
