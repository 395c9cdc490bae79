import type { GenServer } from "../genserver/genserver.ts";
import { unhandled } from "../genserver/server.ts";
import { AlreadyStarted, BadReturnValue } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import { ignore, noreply, ok, Result, reply, stop } from "../runtime/results.ts";
import { processOf } from "../runtime/self.ts";
import type { ChildSpec, Exit, Reason, Self } from "../runtime/types.ts";
import { BadSpec, checkCount, checkOneOf, checkSpec, type Spec } from "./child-spec.ts";
import { type Child, type ChildInfo, count, infoOf, reportStartError, startReason } from "./children.ts";
import { Refusal, SupervisorError } from "./refusal.ts";
import type { Supervisor, SupervisorInit } from "./supervisor.ts";
import { type Flags, Tree, type Verdict } from "./tree.ts";

/** A supervisor is a server whose state is its tree (OTP: `supervisor.erl`). It waits for each child it starts or stops. */
export const SupervisorServer = {
  async init({ module, arg }: { readonly module: Supervisor; readonly arg: unknown }, self: Self<Exit>) {
    self.trapExit = true;
    const init = await module.init(arg, self);
    if (init === ignore) return ignore;
    if (!isInit(init)) throw new BadReturnValue("init of a supervisor", "{ strategy, children } or ignore", init);
    const checked = attempt(() => check(init));
    if (checked instanceof Refusal) return stop(checked.error as Error, undefined);
    const process = processOf(self);
    const tree = new Tree(process, checked.flags);
    for (const spec of checked.specs) {
      const result = await tree.add(spec);
      if (!("failure" in result)) continue;
      reportStartError(process, spec.id, result.failure);
      await tree.stopAll();
      return stop({ shutdown: { failedToStartChild: spec.id, reason: startReason(result.failure) } }, undefined);
    }
    return ok(tree);
  },

  handleCall: {
    startChild: async (child: ChildSpec, tree) => {
      const spec = attempt(() => checkSpec(child, tree.flags.autoShutdown));
      if (spec instanceof Refusal) return reply(spec, tree);
      const known = tree.children.get(spec.id);
      if (known !== undefined) return reply(new Refusal(clash(known)), tree);
      const result = await tree.add(spec);
      return reply("failure" in result ? new Refusal(result.failure) : result.pid, tree);
    },

    terminateChild: async (id: string, tree) => {
      const child = tree.children.get(id);
      if (child === undefined) return reply(refuse("terminateChild", id, "notFound"), tree);
      await tree.stop(child);
      return reply(undefined, tree);
    },

    restartChild: async (id: string, tree) => {
      const child = stopped("restartChild", id, tree);
      if (child instanceof Refusal) return reply(child, tree);
      const result = await tree.start(child);
      return reply("failure" in result ? new Refusal(result.failure) : result.pid, tree);
    },

    deleteChild: (id: string, tree) => {
      const child = stopped("deleteChild", id, tree);
      if (child instanceof Refusal) return reply(child, tree);
      tree.children.delete(id);
      return reply(undefined, tree);
    },

    whichChildren: (_, tree) => {
      const children: ChildInfo[] = [...tree.children.values()].map((child) => infoOf(child, child.spec.id));
      return reply(children.reverse(), tree);
    },

    countChildren: (_, tree) => reply(count(tree.children.values()), tree),

    getChildSpec: (id: string, tree) => {
      const child = tree.children.get(id);
      return reply(child === undefined ? refuse("getChildSpec", id, "notFound") : child.spec, tree);
    },
  },

  handleCast: {
    tryAgain: async (id: string, tree) => {
      const child = tree.children.get(id);
      if (child === undefined || !child.restarting) return noreply(tree);
      return decide(await tree.restart(child, child.failure), tree);
    },
  },

  handleInfo: async (message: Exit, tree, self) => {
    if (message?.tag !== "exit") {
      unhandled(processOf(self), message);
      return noreply(tree);
    }
    const child = tree.childOf(message.pid);
    if (child === undefined) return noreply(tree);
    return decide(await tree.exited(child, message.reason), tree);
  },

  terminate: (_: Reason, tree: Tree) => tree.stopAll(),
} satisfies GenServer<Tree, Exit>;

const isInit = (init: unknown): init is SupervisorInit =>
  typeof init === "object" && init !== null && !(init instanceof Result);

/** A failed restart is tried again through the mailbox, behind what waits there. */
function decide(verdict: Verdict, tree: Tree) {
  if (verdict === "giveUp") return stop("shutdown", tree);
  if (verdict !== "ok") tree.tryAgain(verdict.tryAgain);
  return noreply(tree);
}

function check(init: SupervisorInit): { readonly flags: Flags; readonly specs: readonly Spec[] } {
  const { strategy, maxRestarts = 3, maxSeconds = 5, autoShutdown = "never", children } = init;
  checkOneOf("strategy", strategy, ["oneForOne", "oneForAll", "restForOne"], { invalidStrategy: strategy });
  checkCount("maxRestarts", maxRestarts, 0, { invalidMaxRestarts: maxRestarts });
  checkCount("maxSeconds", maxSeconds, 1, { invalidMaxSeconds: maxSeconds });
  const modes = ["never", "anySignificant", "allSignificant"];
  checkOneOf("autoShutdown", autoShutdown, modes, { invalidAutoShutdown: autoShutdown });
  if (!Array.isArray(children)) {
    throw new BadSpec(`expected children to be an array of child specs, got: ${show(children)}`, "missingChildren");
  }
  const specs = children.map((child) => checkSpec(child, autoShutdown));
  const ids = new Set<string>();
  for (const { id } of specs) {
    if (ids.has(id))
      throw new BadSpec(`expected child ids to be different, got: "${id}" twice`, { duplicateChild: id });
    ids.add(id);
  }
  return { flags: { strategy, maxRestarts, maxSeconds, autoShutdown }, specs };
}

function clash({ pid, spec, restarting }: Child): Error {
  if (pid === undefined || restarting) return new SupervisorError("alreadyPresent", `startChild ${spec.id}`);
  return new AlreadyStarted(pid, spec.id);
}

/** The child, if it is known and neither running nor being restarted. */
function stopped(call: string, id: string, tree: Tree): Child | Refusal {
  const child = tree.children.get(id);
  if (child === undefined) return refuse(call, id, "notFound");
  if (child.restarting) return refuse(call, id, "restarting");
  return child.pid === undefined ? child : refuse(call, id, "running");
}

const refuse = (call: string, id: string, reason: SupervisorError["reason"]): Refusal =>
  new Refusal(new SupervisorError(reason, `${call} ${id}`));

function attempt<T>(work: () => T): T | Refusal {
  try {
    return work();
  } catch (error) {
    return new Refusal(error);
  }
}
