import type { Operation } from "./operations.ts";
import type { Json } from "./values.ts";

// The scenarios of the three families, as SPEC.md has them in 2.1, 3.1 and 4.1.

export interface SignalsScenario {
  readonly procs: readonly { readonly name: string; readonly trap_exit?: boolean }[];
  readonly ops: readonly (Primitive | Multi)[];
}

type By = { readonly by: string };
export type Primitive = Operation<Primitives> & By;
export type Multi = { readonly op: "multi"; readonly steps: readonly Operation<Primitives>[] } & By;

/** What a new process does at once. */
export type Beginning = readonly ["return"] | readonly ["exit" | "raise" | "throw", Json];

export interface Primitives {
  spawn: { name: string; link?: boolean; monitor?: string; trap_exit?: boolean; init?: Beginning };
  link: { target: string };
  unlink: { target: string };
  monitor: { target: string; ref: string; alias?: string };
  demonitor: { ref: string; opts: readonly ("flush" | "info")[] };
  exit: { target: string; reason: Json };
  exit_self: { reason: Json };
  raise: { reason: Json };
  throw: { reason: Json };
  return: {};
  send: { target: string; payloads: readonly number[] };
  trap_exit: { value: boolean };
  is_alive: { target: string };
  register: { name: string; target: string };
  unregister: { name: string };
  whereis: { name: string };
  send_after: { target: string; ms: number; ref: string; payload: number };
  start_timer: { target: string; ms: number; ref: string; payload: number };
  cancel_timer: { ref: string };
  alias: { ref: string; opts: readonly "reply"[] };
  unalias: { ref: string };
}

export interface SupervisionScenario {
  readonly root: SupervisorBody;
  readonly ops: readonly Operation<TreeOperations>[];
}

/** How one start goes. */
export type Outcome = "ok" | "ignore" | Ending;
export type Ending = readonly ["stop" | "raise" | "exit", Json];

/** The words of specs and flags are strings: some of them are wrong on purpose. */
export interface SupervisorBody {
  readonly strategy: string;
  readonly intensity?: number;
  readonly auto_shutdown?: string;
  readonly init?: readonly Outcome[];
  readonly children?: readonly ChildBody[];
}

export interface ChildBody {
  readonly id?: string;
  readonly restart?: string;
  readonly significant?: boolean | string;
  readonly shutdown?: number | string;
  readonly type?: string;
  readonly worker?: WorkerBody;
  readonly supervisor?: SupervisorBody;
}

export interface WorkerBody {
  readonly trap_exit?: boolean;
  readonly init?: readonly Outcome[];
  readonly terminate?: { readonly delay?: number; readonly then?: Ending };
  /** Its start returns `{ok, Pid, extra_info}`. */
  readonly extra?: boolean;
}

export interface TreeOperations extends TreeCalls {
  worker: { target: string; action: Ending };
  signal: { target: string; reason: Json };
  kill_many: { targets: readonly string[] };
  stop_root: { reason: Json };
}

/** Of a simple_one_for_one supervisor, a child may be meant by the pid that it has, or had. */
type OfChild = { sup: string; child: string; by?: "pid" };

/** What a child of a template gets when it is started. */
export interface TemplateArgs {
  readonly name: string;
  readonly init?: readonly Outcome[];
}

export interface TreeCalls {
  terminate_child: OfChild;
  restart_child: OfChild;
  delete_child: OfChild;
  get_childspec: OfChild;
  start_child: { sup: string; spec?: ChildBody; args?: TemplateArgs };
  which_children: { sup: string };
  count_children: { sup: string };
}

export interface GenServerScenario {
  readonly callers: number;
  readonly parent_trap_exit?: boolean;
  readonly servers: Readonly<Record<string, ServerDef>>;
  readonly ops: readonly Operation<ServerOperations>[];
}

export interface ServerDef {
  readonly start: "start" | "start_link";
  readonly name?: string;
  readonly trap_exit?: boolean;
  readonly start_timeout?: number;
  readonly init: Script;
  readonly on_timeout?: readonly Script[];
  readonly terminate?: { readonly delay?: number; readonly ret?: Return };
}

/** What a callback does, and then returns. */
export interface Script {
  readonly pre?: readonly Effect[];
  readonly ret: Return;
}

/** A message that brings its callback's script along. */
export interface Request extends Script {
  readonly k: string;
}

/** What kind of result, what is in it, and an option or (of a stop) the reply. */
export type Return = readonly [kind: string, value?: Json | Option, more?: Json | Option];
export type Option = "hibernate" | { readonly timeout: number } | { readonly continue: Request };

export type Effect =
  | readonly ["reply", key: string, value: Json]
  | readonly ["self_info" | "self_cast", Request]
  | readonly ["self_after", ms: number, Request]
  | readonly ["call_self"]
  | readonly ["trap_exit", boolean]
  | readonly ["sleep", ms: number];

export type Time = number | "infinity";

export interface ServerOperations {
  start: { server: string };
  call: { by: string; to: string; timeout: Time; req: Request };
  stop: { by: string; to: string; reason: Json; timeout: Time };
  cast: { by: string; to: string; req: Request };
  info: { by: string; to: string; req: Request };
  exit: { by: string; target: string; reason: Json };
  actor_exit: { by: string; reason: Json };
  kill_caller: { target: string };
  get_state: { to: string };
  whereis: { name: string };
  burst: { server: string; items: readonly Item[] };
}

/** An operation of a burst: its target is the server of the burst. */
export type Item = Operation<Pick<ServerOperations, "call" | "stop" | "cast" | "info" | "exit">>;
