import {
  type Alias,
  BadArgument,
  exit,
  type MonitorOptions,
  type MonitorRef,
  NoProcess,
  name,
  type Pid,
  type ProcessFunction,
  type Self,
  type SpawnOptions,
  type Target,
  type TimerRef,
} from "hornbeam";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { Actor, Command } from "./actor.ts";
import type { Document, Step } from "./corpus.ts";
import { canonical, type Message, messageOf } from "./messages.ts";
import { type Operation, perform, type Table } from "./operations.ts";
import type { Beginning, Primitives, SignalsScenario } from "./scenarios.ts";
import { asJson, byText, Changing, delay, filled, settle } from "./trace.ts";
import { camel, fromReason, Raised, reasonOf } from "./values.ts";

/** Replays processes, links, monitors, exit signals, names and timers. */
export function replay({ scenario }: Document<SignalsScenario>): Promise<readonly Step[]> {
  return inVirtualTime({ time: "manual" }, async (sim) => {
    const world = new World(sim);
    for (const { name, trap_exit = false } of scenario.procs) {
      world.spawn(new Actor(name), (task) => sim.spawn(task, { trapExit: trap_exit }));
    }
    const trace = [await world.record("init")];
    for (const op of scenario.ops) trace.push(await world.record(op.op, world.perform(op)));
    return trace;
  });
}

interface Watch {
  readonly by: Actor;
  readonly object: string;
  readonly monitor: MonitorRef;
}

class World {
  private readonly sim: VirtualSystem;
  private readonly actors = new Map<string, Actor>();
  private readonly names = new Map<Pid, string>();
  private readonly watches = new Map<string, Watch>();
  private readonly refs = new Map<number, string>();
  private readonly timers = new Map<string, TimerRef>();
  private readonly timerRefs = new Map<number, string>();
  private readonly aliases = new Map<string, Alias>();
  private readonly state = new Changing();
  private died: Record<string, unknown> = {};

  constructor(sim: VirtualSystem) {
    this.sim = sim;
    sim.telemetry.on("process.exit", (_, { pid, reason }) => {
      const name = this.names.get(pid);
      if (name !== undefined) this.died[name] = fromReason(reason);
    });
  }

  spawn(actor: Actor, spawn: (task: ProcessFunction) => Pid): void {
    actor.pid = spawn(actor.task);
    this.actors.set(actor.name, actor);
    this.names.set(actor.pid, actor.name);
  }

  /** Has its actor perform an operation; the result is there when the step is at rest. */
  perform(op: SignalsScenario["ops"][number]): () => unknown {
    const actor = this.actors.get(op.by);
    if (actor === undefined || !this.sim.isAlive(actor.pid)) return () => "actor_dead";
    let result: unknown;
    const action = (self: Self) => {
      result = op.op === "multi" ? this.attemptAll(op.steps, self, actor) : this.attempt(op, self, actor);
    };
    this.sim.send(actor.pid, new Command(action));
    return () => (this.sim.isAlive(actor.pid) ? result : "no_return");
  }

  async record(step: string, result?: () => unknown): Promise<Step> {
    await settle(this.sim);
    const { died } = this;
    this.died = {};
    const parts = filled({ msgs: this.messages(), died });
    return asJson({ step, result: result?.(), ...parts, state: this.state.next(this.snapshot()) });
  }

  private attemptAll(steps: readonly Operation<Primitives>[], self: Self, by: Actor): unknown[] {
    const results: unknown[] = [];
    for (const step of steps) {
      const result = this.attempt(step, self, by);
      results.push(result);
      if (typeof result === "object" && result !== null && "raised" in result) break;
    }
    return results;
  }

  private attempt(op: Operation<Primitives>, self: Self, by: Actor): unknown {
    try {
      return perform<Primitives, [Self, Actor]>(this.table, op, self, by);
    } catch (error) {
      if (error instanceof NoProcess) return { raised: ["error", "noproc"] };
      if (error instanceof BadArgument) return { raised: ["error", "badarg"] };
      throw error;
    }
  }

  private readonly table: Table<Primitives, [Self, Actor]> = {
    spawn: (op, self, by) => {
      const options: SpawnOptions = { trapExit: op.trap_exit === true, link: op.link === true };
      const actor = new Actor(op.name, op.init && beginning(op.init));
      if (op.monitor === undefined) {
        this.spawn(actor, (task) => self.spawn(task, options));
        return op.name;
      }
      const { monitor: ref } = op;
      this.spawn(actor, (task) => {
        const { pid, monitor } = self.spawnMonitor(task, options);
        this.watch(ref, by, op.name, monitor);
        return pid;
      });
      return [op.name, ref];
    },
    link: ({ target }, self) => {
      self.link(this.pid(target));
      return true;
    },
    unlink: ({ target }, self) => {
      self.unlink(this.pid(target));
      return true;
    },
    monitor: ({ target, ref, alias }, self, by) => {
      const options = alias === undefined ? {} : ({ alias: camel(alias) } as MonitorOptions);
      return this.watch(ref, by, target, self.monitor(this.target(target), options));
    },
    demonitor: ({ ref, opts }) => {
      const active = this.watches.get(ref)?.monitor.cancel({ flush: opts.includes("flush") });
      return opts.includes("info") ? active : true;
    },
    exit: ({ target, reason }, self) => {
      self.exit(this.pid(target), reasonOf(reason));
      return true;
    },
    exit_self: ({ reason }) => exit(reasonOf(reason)),
    raise: ({ reason }) => {
      throw new Raised(reason);
    },
    throw: ({ reason }) => {
      throw reason;
    },
    return: (_, __, by) => {
      by.finished = true;
    },
    send: ({ target, payloads }, self, by) => {
      for (const payload of payloads) self.send(this.receiver(target), ["msg", by.name, payload]);
      return "ok";
    },
    alias: ({ ref, opts }, self) => {
      this.aliases.set(ref, self.alias({ reply: opts.includes("reply") }));
      return ref;
    },
    unalias: ({ ref }, self) => self.unalias(this.alias(ref)),
    trap_exit: ({ value }, self) => {
      const old = self.trapExit;
      self.trapExit = value;
      return old;
    },
    is_alive: ({ target }, self) => self.isAlive(this.pid(target)),
    register: (op, self) => {
      self.register(name(op.name), this.pid(op.target));
      return true;
    },
    unregister: (op, self) => {
      self.unregister(name(op.name));
      return true;
    },
    whereis: (op, self) => {
      const pid = self.whereis(name(op.name));
      return pid === undefined ? "undefined" : this.names.get(pid);
    },
    send_after: ({ target, ms, ref, payload }, self) => {
      this.timers.set(ref, self.sendAfter(["msg", "timer", payload], delay(ms), this.target(target)));
      return ref;
    },
    start_timer: ({ target, ms, ref, payload }, self) => {
      const timer = self.startTimer(payload, delay(ms), this.target(target));
      this.timers.set(ref, timer);
      this.timerRefs.set(timer.ref, ref);
      return ref;
    },
    cancel_timer: ({ ref }) => (this.timers.get(ref)?.cancel() ? "remaining" : false),
  };

  private watch(ref: string, by: Actor, object: string, monitor: MonitorRef): string {
    this.watches.set(ref, { by, object, monitor });
    this.refs.set(monitor.ref, ref);
    if (monitor.alias !== undefined) this.aliases.set(ref, monitor.alias);
    return ref;
  }

  private messages(): Record<string, readonly Message[]> {
    const names = { pids: this.names, refs: this.refs, timers: this.timerRefs };
    const all = [...this.actors.values()].map((actor) => [actor, actor.take()] as const);
    const seen = all.filter(([{ pid }, messages]) => this.sim.isAlive(pid) && messages.length > 0);
    return Object.fromEntries(
      seen.map(([{ name }, messages]) => [name, canonical(messages.map((message) => messageOf(message, names)))]),
    );
  }

  private snapshot(): object {
    const living = [...this.actors.values()].filter(({ pid }) => this.sim.isAlive(pid));
    const infos = this.sim.processes().filter(({ pid }) => this.names.has(pid));
    const named = infos.flatMap(({ name, pid }) => (name === undefined ? [] : [[name, this.names.get(pid)] as const]));
    const pairs = infos.flatMap(({ pid, links }) => links.map((other) => [this.names.get(pid), this.names.get(other)]));
    const watches = [...this.watches.values()].filter(({ monitor }) => monitor.active);
    return {
      alive: living.map(({ name }) => name).toSorted(),
      links: pairs.filter(([a = "", b = ""]) => a < b).toSorted(byText),
      monitors: watches.map(({ by, object }) => [by.name, object]).toSorted(byText),
      names: Object.fromEntries(named),
      trap: living.flatMap(({ name, self }) => (self?.trapExit ? [name] : [])).toSorted(),
    };
  }

  private pid(target: string): Pid {
    const actor = this.actors.get(target);
    if (actor === undefined) throw new Error(`expected a process of the scenario, got: ${target}`);
    return actor.pid;
  }

  private alias(ref: string): Alias {
    const alias = this.aliases.get(ref);
    if (alias === undefined) throw new Error(`expected an alias of the scenario, got: ${ref}`);
    return alias;
  }

  private receiver(target: string): Target | Alias {
    return target.startsWith("ref:") ? this.alias(target.slice("ref:".length)) : this.target(target);
  }

  private target(target: string): Target {
    return target.startsWith("name:") ? name(target.slice("name:".length)) : this.pid(target);
  }
}

const beginning =
  ([kind, reason = "normal"]: Beginning) =>
  (_: Self, actor: Actor): void => {
    if (kind === "exit") exit(reasonOf(reason));
    if (kind === "raise") throw new Raised(reason);
    if (kind === "throw") throw reason;
    actor.finished = true;
  };
