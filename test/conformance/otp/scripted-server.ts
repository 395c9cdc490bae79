import {
  type Exit,
  exit,
  type From,
  ignore,
  type Next,
  noreply,
  ok,
  type Pid,
  type Reason,
  reply,
  type Self,
  stop,
  type Timeout,
  timeout,
} from "hornbeam";
import { GenServer } from "hornbeam/genserver";
import type { Effect, Option, Request, Return, Script, ServerDef } from "./scenarios.ts";
import { delay } from "./trace.ts";
import { fromReason, type Json, Raised, reasonOf } from "./values.ts";

/** Who hears of what a server does. */
export interface Audience {
  /** The server runs its `init`. */
  joined(pid: Pid): void;
  called(callback: string, ...input: unknown[]): void;
  nameOf(pid: Pid): string | undefined;
}

/** What the server is sent as a plain message. */
export interface Info {
  readonly request: Request;
}

/** A server that does in each callback what the request says. Its state counts the callbacks that have succeeded. */
export function scriptedServer(def: ServerDef, audience: Audience) {
  const callers = new Map<string, From>();
  let timeouts = 0;

  /** Notes a callback that is entered, and follows its script. */
  const run = (callback: string, input: unknown, { pre, ret }: Script, state: number, self: Self): any => {
    audience.called(callback, input, state);
    return inOrder(
      pre ?? [],
      (effect) => take(effect, self, callers),
      () => returned(ret, state),
    );
  };

  return {
    init: (_: undefined, self: Self): any => {
      audience.joined(self.pid);
      self.trapExit = def.trap_exit === true;
      audience.called("init");
      const { pre = [], ret } = def.init;
      return inOrder(
        pre,
        (effect) => take(effect, self, callers),
        () => initialised(ret),
      );
    },

    handleCall: {
      request: (request: Request, state: number, self: Self, from: From) => {
        callers.set(request.k, from);
        return run("handle_call", request.k, request, state, self);
      },
    },

    handleCast: {
      request: (request: Request, state: number, self: Self) => run("handle_cast", request.k, request, state, self),
    },

    handleContinue: (request: Request, state: number, self: Self) =>
      run("handle_continue", request.k, request, state, self),

    handleInfo: (message: Info | Exit | Timeout, state: number, self: Self) => {
      if (message === timeout) {
        return run("handle_info", "timeout", def.on_timeout?.[timeouts++] ?? GO_ON, state, self);
      }
      if ("request" in message) return run("handle_info", message.request.k, message.request, state, self);
      const { pid, reason } = message as Exit;
      return run("handle_info", ["EXIT", audience.nameOf(pid), fromReason(reason)], GO_ON, state, self);
    },

    terminate: (reason: Reason, state: number, self: Self): void | Promise<void> => {
      audience.called("terminate", fromReason(reason), state);
      const { delay: time, ret } = def.terminate ?? {};
      const finish = () => {
        if (ret !== undefined) returned(ret, state);
      };
      return time === undefined ? finish() : self.sleep(time).then(finish);
    },
  } satisfies GenServer<number>;
}

const GO_ON: Script = { ret: ["noreply"] };

/** Takes the effects in order, then returns; waits only for one that takes time: the others stay synchronous. */
function inOrder(effects: readonly Effect[], take: (effect: Effect) => unknown, last: () => unknown): unknown {
  for (const [index, effect] of effects.entries()) {
    const taken = take(effect);
    if (taken instanceof Promise) return taken.then(() => inOrder(effects.slice(index + 1), take, last));
  }
  return last();
}

function take(effect: Effect, self: Self, callers: ReadonlyMap<string, From>): unknown {
  const me: Pid = self.pid;
  switch (effect[0]) {
    case "reply": {
      const from = callers.get(effect[1]);
      return from && GenServer.reply(from, effect[2]);
    }
    case "self_info":
      return self.send(me, { request: effect[1] });
    case "self_cast":
      return self.cast(me, "request", effect[1]);
    case "self_after":
      return self.sendAfter({ request: effect[2] }, effect[1]);
    case "call_self":
      return self.call(me, "request", {});
    case "trap_exit":
      self.trapExit = effect[1];
      return;
    case "sleep":
      return self.sleep(effect[1]);
  }
}

function initialised(ret: Return): unknown {
  const [kind, value] = ret;
  if (kind === "ok") return ok(0, next(value));
  if (kind === "ignore") return ignore;
  return kind === "stop" ? stop(reasonOf(value as Json), undefined) : returned(ret, 0);
}

/** What a callback makes of its script; all but a failure is the next state. */
function returned([kind, value, more]: Return, state: number): unknown {
  switch (kind) {
    case "reply":
      return reply(value, state + 1, next(more));
    case "noreply":
      return noreply(state + 1, next(value));
    case "stop":
      return more === undefined
        ? stop(reasonOf(value as Json), state + 1)
        : stop(reasonOf(value as Json), state + 1, more);
    case "raise":
      throw new Raised(value as Json);
    case "exit":
      return exit(reasonOf(value as Json));
    case "throw":
      throw value;
    default:
      return value;
  }
}

function next(option: Return[1]): Next | undefined {
  if (option === undefined) return undefined;
  if (option === "hibernate") return { hibernate: true };
  const chosen = option as Exclude<Option, "hibernate">;
  return "timeout" in chosen ? { timeout: delay(chosen.timeout) } : chosen;
}
