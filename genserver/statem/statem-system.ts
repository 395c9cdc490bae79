import { BadArgument, BadReturnValue } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Process } from "../../runtime/process.ts";
import { Result } from "../../runtime/results.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async } from "../../runtime/types.ts";
import { type CodeChange, CodeChangeError } from "../sys/code-change.ts";
import { type SystemHost, Terminate } from "../sys/system-host.ts";
import type { Statem } from "./statem-machine.ts";
import { compileStatem } from "./statem-module.ts";
import { Transition } from "./statem-results.ts";

const statemOf = (process: Process): Statem => process.state as Statem;

/** What `sys` sees of a state machine, and changes in it. */
export const statemSystem: Omit<SystemHost, "kind" | "start" | "receive" | "terminate"> = {
  stop(process, reason) {
    process.enqueue(new Terminate(reason));
  },

  kept: (process) => statemOf(process).kept,

  flush: (process, match) => statemOf(process).flush(match),

  getState(process) {
    const { state, data } = statemOf(process);
    return { state, data };
  },

  /** Sets both, and does nothing else: nothing is entered, retried or cancelled. */
  setState(process, next) {
    if (typeof next !== "object" || next === null || !("state" in next) || !("data" in next)) {
      throw new BadArgument(`expected { state, data }, got: ${show(next)}`);
    }
    const statem = statemOf(process);
    statem.state = next.state;
    statem.data = next.data;
  },

  status(process) {
    const { state, data } = statemOf(process);
    return { state, data, ...statemOf(process).backlog() };
  },

  formatStatus: (process) => statemOf(process).module.source.formatStatus,

  codeChange: (process, module, extra) => changeModule(process, statemOf(process), module, extra),
};

/** Goes on with another module in place of the one that runs; its `codeChange` says with which state and data. */
function changeModule(process: Process, statem: Statem, source: any, extra: unknown): Async<void> {
  const module = compileStatem(source);
  const adopt = (result: unknown): void => {
    if (process.dead) return process.zombie("codeChange");
    if (result instanceof Result && result.tag === "error") throw new CodeChangeError(result.reason);
    if (!(result instanceof Transition) || result.tag !== "nextState" || result.actions !== undefined) {
      throw new BadReturnValue("codeChange", "nextState without actions, or error", result);
    }
    statem.module = module;
    statem.state = result.state;
    statem.data = result.data;
  };
  const { codeChange } = source;
  if (codeChange === undefined) {
    statem.module = module;
    return;
  }
  const change: CodeChange = { previous: statem.module.source, extra };
  const result = process.within(codeChange as () => unknown, change, statem.state, statem.data, process);
  return isThenable(result) ? Promise.resolve(result).then(adopt) : adopt(result);
}
