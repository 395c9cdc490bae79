import { type GenServer, startLink } from "../../genserver/genserver.ts";
import { unhandled } from "../../genserver/server.ts";
import { answer, type From, remind } from "../../runtime/call.ts";
import { name } from "../../runtime/protocol.ts";
import { noreply, ok, reply } from "../../runtime/results.ts";
import { type ProcessSelf, processOf } from "../../runtime/self.ts";
import { stopProcess } from "../../runtime/stopping.ts";
import { systemOf } from "../../runtime/system.ts";
import type { Exit, Pid, Reason, Restart, Self } from "../../runtime/types.ts";
import type { ApplicationInfo } from "./application.ts";
import { Entry, type StartOrder } from "./application-entry.ts";
import { envOf } from "./application-env.ts";
import { ApplicationError, ApplicationStartError, type StartFailure } from "./application-error.ts";
import "./application-events.ts";
import type { ChildInfo } from "../children.ts";
import { Refusal } from "../refusal.ts";
import { MasterServer } from "./application-master.ts";
import { duplicate, specOf } from "./application-spec.ts";

/** Who knows the applications of a system. */
export const CONTROLLER = name<typeof ControllerServer>("applicationController");

/**
 * The applications of one system in start order (OTP: `application_controller`). It never waits in a callback, so that
 * an application may ask for others while it starts or stops.
 */
class Applications {
  private readonly self: ProcessSelf;
  private readonly entries = new Map<string, Entry>();
  /** Masters that ended before their start was heard of here. */
  private readonly early = new Map<Pid, Reason>();

  constructor(self: ProcessSelf) {
    this.self = self;
  }

  start(order: StartOrder, from: From): void {
    const { app } = order;
    const known = this.entries.get(app.name);
    if (known !== undefined && known.app !== app && known.status !== "exited") {
      return answer(from, new Refusal(duplicate(app.name)));
    }
    if (known?.status === "starting") known.waiting.push(from);
    else if (known?.status === "stopping") known.again.push({ order, from });
    else if (known?.status === "running")
      answer(from, order.ensure ? "running" : refuse("start", "alreadyStarted", app.name));
    else this.begin(order, from);
  }

  private begin(order: StartOrder, from: From): void {
    const { app } = order;
    const missing = specOf(app).applications.find((needed) => this.entries.get(needed)?.status !== "running");
    if (missing !== undefined) {
      const reason = this.entries.get(missing)?.status === "exited" ? "notRunning" : "notStarted";
      return answer(from, refuse(`start ${app.name}`, reason, missing));
    }
    const entry = new Entry(order, this.self.now());
    entry.waiting.push(from);
    this.entries.delete(app.name);
    this.entries.set(app.name, entry);
    if (app.start === undefined) return this.started(entry);
    const env = envOf(this.self, app);
    entry.settled = startLink(this.self, MasterServer, { app, env }, { id: app.name }).then(
      (pid) => {
        entry.pid = pid;
        remind(this.self, "started", entry);
      },
      ({ reason }) => {
        const failure: StartFailure = { reason, start: { application: app.name, env } };
        remind(this.self, "failed", { entry, failure });
      },
    );
  }

  /** Its place in the start order is that of the moment when it is up. */
  started(entry: Entry): void {
    const { name } = entry.app;
    this.entries.delete(name);
    this.entries.set(name, entry);
    entry.status = "running";
    this.self.telemetry.emit("application.start", { duration: this.self.now() - entry.since }, entry.metadata);
    for (const [index, from] of entry.waiting.splice(0).entries()) answer(from, index === 0 ? "started" : "running");
    const end = entry.pid === undefined ? undefined : this.early.get(entry.pid);
    if (!this.isStarting) this.early.clear();
    if (end !== undefined) this.exited(entry, end);
  }

  failed(entry: Entry, failure: StartFailure): void {
    const { app, type } = entry;
    this.entries.delete(app.name);
    const fatal = isFatal(type, failure.reason);
    const metadata = { application: app.name, type, reason: failure, system: fatal };
    this.self.telemetry.emit("application.startError", {}, metadata);
    const refusal = new Refusal(new ApplicationStartError(failure));
    for (const from of entry.waiting) answer(from, refusal);
    if (fatal) systemOf(this.self).stop();
  }

  stop(name: string, from: From): void {
    const entry = this.entries.get(name);
    if (entry === undefined || entry.status === "starting") {
      return answer(from, refuse("stop", "notStarted", name));
    }
    if (entry.status === "exited") {
      this.entries.delete(name);
      return answer(from, undefined);
    }
    entry.waiting.push(from);
    if (entry.status === "running") this.halt(entry).then(() => remind(this.self, "stopped", entry));
  }

  stopped(entry: Entry): void {
    this.entries.delete(entry.app.name);
    for (const from of entry.waiting) answer(from, undefined);
    for (const { order, from } of entry.again) this.start(order, from);
  }

  exits({ pid, reason }: Exit): void {
    for (const entry of this.entries.values()) {
      if (entry.pid === pid && entry.status === "running") return this.exited(entry, reason);
    }
    if (this.isStarting) this.early.set(pid, reason);
  }

  private get isStarting(): boolean {
    return [...this.entries.values()].some(({ status }) => status === "starting");
  }

  private exited(entry: Entry, reason: Reason): void {
    const fatal = isFatal(entry.type, reason);
    entry.status = "exited";
    this.self.telemetry.emit("application.exit", {}, { ...entry.metadata, reason, system: fatal });
    if (fatal) systemOf(this.self).stop();
  }

  /** In reverse start order, each before the next; what is only coming up would have been the last. */
  async stopAll(): Promise<void> {
    const entries = [...this.entries.values()].reverse();
    const late = entries.filter(({ status }) => status === "starting");
    for (const entry of new Set([...late, ...entries])) {
      if (entry.status === "starting" || entry.status === "stopping") await entry.settled;
      if (entry.status === "running" || (entry.status === "starting" && entry.pid !== undefined))
        await this.halt(entry);
    }
  }

  private halt(entry: Entry): Promise<void> {
    entry.status = "stopping";
    entry.since = this.self.now();
    const end =
      entry.pid === undefined ? Promise.resolve<Reason>("shutdown") : stopProcess(this.self, entry.pid, "infinity");
    const halted = end.then((reason) => {
      const duration = this.self.now() - entry.since;
      this.self.telemetry.emit("application.stop", { duration }, { ...entry.metadata, reason });
    });
    entry.settled = halted;
    return halted;
  }

  /** Those that run, the last started first. */
  running(): readonly Entry[] {
    return [...this.entries.values()].filter(({ status }) => status === "running").reverse();
  }
}

/** Whether the end of an application is the end of its system. */
const isFatal = (type: Restart, reason: unknown): boolean =>
  type === "permanent" || (type === "transient" && reason !== "normal");

const refuse = (call: string, reason: ApplicationError["reason"], application: string): Refusal =>
  new Refusal(new ApplicationError(reason, call, application));

export const ControllerServer = {
  init: (_: undefined, self: Self<Exit>) => {
    self.trapExit = true;
    return ok(new Applications(processOf(self)));
  },

  handleCall: {
    start: (order: StartOrder, applications, _, from) => {
      applications.start(order, from);
      return noreply(applications);
    },

    stop: (app: string, applications, _, from) => {
      applications.stop(app, from);
      return noreply(applications);
    },

    whichApplications: (_, applications) => {
      const running: ApplicationInfo[] = applications.running().map(({ app, type, pid }) => {
        return { name: app.name, description: specOf(app).description, type, pid };
      });
      return reply(running, applications);
    },

    whichChildren: (_, applications) => {
      const masters: ChildInfo[] = applications.running().map(({ app, pid }) => {
        return { id: app.name, pid, type: "supervisor" };
      });
      return reply(masters, applications);
    },
  },

  handleCast: {
    started: (entry: Entry, applications) => {
      applications.started(entry);
      return noreply(applications);
    },

    failed: ({ entry, failure }: { readonly entry: Entry; readonly failure: StartFailure }, applications) => {
      applications.failed(entry, failure);
      return noreply(applications);
    },

    stopped: (entry: Entry, applications) => {
      applications.stopped(entry);
      return noreply(applications);
    },
  },

  handleInfo: (message: Exit, applications, self) => {
    if (message?.tag === "exit") applications.exits(message);
    else unhandled(processOf(self), message);
    return noreply(applications);
  },

  terminate: (_: Reason, applications: Applications) => applications.stopAll(),
} satisfies GenServer<Applications, Exit>;
