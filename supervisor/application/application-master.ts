import type { GenServer } from "../../genserver/genserver.ts";
import { unhandled } from "../../genserver/server.ts";
import { BadReturnValue, reasonOf } from "../../runtime/errors.ts";
import { error, noreply, ok, Result, reply, stop } from "../../runtime/results.ts";
import { type ProcessSelf, processOf } from "../../runtime/self.ts";
import type { ChildSpec, Exit, Reason, Self } from "../../runtime/types.ts";
import { checkSpec } from "../child-spec.ts";
import { Child, count, infoOf, startChild } from "../children.ts";
import { reportShutdown, startReason } from "../failures.ts";
import { stopTogether, watch } from "../leaving.ts";
import type { Application, ApplicationStart } from "./application.ts";

interface Start {
  readonly app: Application;
  readonly env: object;
}

/** A running application: its module, its top supervisor, and what `start` gave to `prepStop`. */
class Running {
  readonly app: Application;
  readonly top: Child;
  state: unknown;
  constructor(app: Application, top: Child, state: unknown) {
    this.app = app;
    this.top = top;
    this.state = state;
  }
}

/**
 * The master of an application: starts its tree, and stops it (OTP: `application_master`). It ends with the reason that
 * the tree ended with.
 */
export const MasterServer = {
  async init({ app, env }: Start, self: Self<Exit>) {
    self.trapExit = true;
    let returned: unknown;
    try {
      returned = await app.start?.(env, self);
    } catch (thrown) {
      return error(reasonOf(thrown));
    }
    if (returned instanceof Result && returned.tag === "error") return error(returned.reason);
    const started = startOf(returned);
    const what = `start of application ${app.name}`;
    if (started === undefined)
      return error(new BadReturnValue(what, "a child spec, { top, state } or error", returned));
    try {
      const top = new Child(checkSpec(started.top, "never"), undefined);
      const result = await startChild(processOf(self), top);
      if ("failure" in result) return error(startReason(result.failure));
      if (result.pid !== undefined) return ok(new Running(app, top, started.state));
      return error(new BadReturnValue(what, "a child spec of a supervisor that is up", "ignore"));
    } catch (thrown) {
      return error(thrown);
    }
  },

  handleCall: {
    whichChildren: (_, running) => reply([infoOf(running.top, running.top.spec.id)], running),
    countChildren: (_, running) => reply(count([running.top]), running),
  },

  handleInfo: (message: Exit, running, self) => {
    if (message?.tag !== "exit") unhandled(processOf(self), message);
    else if (message.pid === running.top.pid) {
      running.top.pid = undefined;
      return stop(message.reason, running);
    }
    return noreply(running);
  },

  /** Also when the tree has ended by itself: `prepStop` and `stop` are always called. */
  terminate: async (_: Reason, running: Running, self: Self) => {
    const { app, top } = running;
    const process = processOf(self);
    if (app.prepStop !== undefined) {
      const prepared = await attempt(process, app, "prepStop", () => app.prepStop?.(running.state, self));
      if (prepared !== undefined) running.state = prepared.value;
    }
    await stopTogether(process, watch(process, [top]), ({ child }, reason) => reportShutdown(process, child, reason));
    await attempt(process, app, "stop", () => app.stop?.(running.state, self));
  },
} satisfies GenServer<Running, Exit>;

function startOf(returned: unknown): ApplicationStart<unknown> | undefined {
  if (typeof returned !== "object" || returned === null || returned instanceof Result) return undefined;
  return "top" in returned ? (returned as ApplicationStart<unknown>) : { top: returned as ChildSpec, state: undefined };
}

/** A callback on the way down that throws is reported, and holds nothing up. */
async function attempt(
  process: ProcessSelf,
  app: Application,
  callback: "prepStop" | "stop",
  run: () => unknown,
): Promise<{ readonly value: unknown } | undefined> {
  try {
    return { value: await run() };
  } catch (thrown) {
    const metadata = { application: app.name, callback, error: reasonOf(thrown) };
    process.kernel.telemetry.emit("application.exception", {}, metadata);
    return undefined;
  }
}
