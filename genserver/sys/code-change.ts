import { BadArgument, BadReturnValue } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Process } from "../../runtime/process.ts";
import { Result } from "../../runtime/results.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async } from "../../runtime/types.ts";
import type { Server } from "../callback.ts";
import { compile } from "../module.ts";

/** What `codeChange` is given: the module that the server ran until now, and what `sys.changeCode` passed on. */
export interface CodeChange {
  readonly previous: object;
  readonly extra: unknown;
}

/** A `codeChange` did not take the state over: it returned `error(reason)`. The server runs its old module. */
export class CodeChangeError extends Error {
  override readonly name = "CodeChangeError";
  readonly reason: unknown;
  constructor(reason: unknown) {
    super(`codeChange: expected ok, got: error(${show(reason)})`, reason instanceof Error ? { cause: reason } : {});
    this.reason = reason;
  }
}

/** Goes on with another module: its `codeChange` says with which state; without one the state is as it was. */
export function changeModule(process: Process, server: Server, source: any, extra: unknown): Async<void> {
  if (typeof source?.init !== "function") throw new BadArgument(`expected a module with an init, got: ${show(source)}`);
  const module = compile(source);
  const adopt = (result: unknown): void => {
    if (process.dead) return process.zombie("codeChange");
    if (result instanceof Result && result.tag === "error") throw new CodeChangeError(result.reason);
    if (!(result instanceof Result) || result.tag !== "ok" || result.next !== undefined) {
      throw new BadReturnValue("codeChange", "ok or error", result);
    }
    server.module = module;
    server.state = result.state;
  };
  if (source.codeChange === undefined) {
    server.module = module;
    return;
  }
  const change: CodeChange = { previous: server.module.source, extra };
  const result = process.within(source.codeChange as () => unknown, change, server.state, process, undefined);
  return isThenable(result) ? Promise.resolve(result).then(adopt) : adopt(result);
}
