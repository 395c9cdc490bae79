import type { GenServer } from "../genserver/genserver.ts";
import { unhandled } from "../genserver/server.ts";
import { BadReturnValue } from "../runtime/errors.ts";
import { ignore, noreply, ok, Result, reply, stop } from "../runtime/results.ts";
import { type ProcessSelf, processOf } from "../runtime/self.ts";
import type { Exit, Reason, Self } from "../runtime/types.ts";
import { type Administration, ById, ByPid } from "./administration.ts";
import type { Spec } from "./child-spec.ts";
import { reportStartError, startReason } from "./failures.ts";
import { checkInit, type Flags } from "./flags.ts";
import { attempt, Refusal } from "./refusal.ts";
import { obey } from "./restarts.ts";
import type { SimpleInit, Supervisor, SupervisorInit } from "./supervisor.ts";

/** A supervisor is a server whose state is its children (OTP: `supervisor.erl`). It waits for each it starts or stops. */
export const SupervisorServer = {
  async init({ module, arg }: { readonly module: Supervisor; readonly arg: unknown }, self: Self<Exit>) {
    self.trapExit = true;
    const init = await module.init(arg, self);
    if (init === ignore) return ignore;
    if (!isInit(init)) throw new BadReturnValue("init of a supervisor", "{ strategy, children } or ignore", init);
    const checked = attempt(() => checkInit(init));
    if (checked instanceof Refusal) return stop(checked.error as Error, undefined);
    return startAll(processOf(self), checked.flags, checked.specs);
  },

  handleCall: {
    startChild: async (args: readonly unknown[], children) => reply(await children.startChild(args), children),
    terminateChild: async (child: unknown, children) => reply(await children.terminateChild(child), children),
    restartChild: async (child: unknown, children) => reply(await children.restartChild(child), children),
    deleteChild: (child: unknown, children) => reply(children.deleteChild(child), children),
    whichChild: (child: unknown, children) => reply(children.whichChild(child), children),
    whichChildren: (_, children) => reply(children.whichChildren(), children),
    countChildren: (_, children) => reply(children.countChildren(), children),
    getChildSpec: (child: unknown, children) => reply(children.getChildSpec(child), children),
  },

  handleCast: {
    tryAgain: (child: unknown, children, self) => obey(children.again(child), children, self, "tryAgain"),
  },

  handleInfo: (message: Exit, children, self) => {
    if (message?.tag === "exit") return obey(children.exited(message.pid, message.reason), children, self, message);
    unhandled(processOf(self), message);
    return noreply(children);
  },

  terminate: (_: Reason, children: Administration) => children.stopAll(),
} satisfies GenServer<Administration, Exit>;

const isInit = (init: unknown): init is SupervisorInit | SimpleInit =>
  typeof init === "object" && init !== null && !(init instanceof Result);

/** Starts the children one after the other. One that fails ends the start, when those before it have been stopped. */
async function startAll(self: ProcessSelf, flags: Flags, specs: readonly Spec[]) {
  if (flags.strategy === "simpleOneForOne") return ok<Administration>(new ByPid(self, flags, specs[0] as Spec));
  const children = new ById(self, flags);
  for (const spec of specs) {
    const result = await children.tree.add(spec);
    if (!("failure" in result)) continue;
    reportStartError(self, spec.id, result.failure);
    await children.stopAll();
    return stop({ shutdown: { failedToStartChild: spec.id, reason: startReason(result.failure) } }, undefined);
  }
  return ok<Administration>(children);
}
