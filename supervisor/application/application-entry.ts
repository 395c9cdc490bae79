import type { From } from "../../runtime/call.ts";
import type { Milliseconds, Pid, Restart } from "../../runtime/types.ts";
import type { Application } from "./application.ts";

/** An instance, which is passed as it is: the module must arrive as the one that it is. */
export class StartOrder {
  readonly app: Application;
  readonly type: Restart;
  /** One that runs already is as good as started. */
  readonly ensure: boolean;
  constructor(app: Application, type: Restart, ensure: boolean) {
    this.app = app;
    this.type = type;
    this.ensure = ensure;
  }
}

/** An application that the controller has been told to start. */
export class Entry {
  readonly app: Application;
  readonly type: Restart;
  /** `exited`: it ended by itself, and may be started again. */
  status: "starting" | "running" | "stopping" | "exited" = "starting";
  pid: Pid | undefined = undefined;
  since: Milliseconds;
  /** Resolves when what it is doing, starting or stopping, is over. */
  settled: Promise<unknown> = Promise.resolve();
  /** Who waits for that: those that asked for it, and those that came meanwhile. */
  waiting: From[] = [];
  /** Starts that came while it was being stopped. */
  again: { readonly order: StartOrder; readonly from: From }[] = [];
  constructor({ app, type }: StartOrder, now: Milliseconds) {
    this.app = app;
    this.type = type;
    this.since = now;
  }

  get metadata() {
    return { application: this.app.name, type: this.type, pid: this.pid };
  }
}
