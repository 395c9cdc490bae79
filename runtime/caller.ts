import { call } from "./call.ts";
import { checkOptions } from "./checks.ts";
import type { ProcessSelf } from "./self.ts";
import type { Alias, Caller, CallOptions, Name, Pid, SendOptions, Target } from "./types.ts";

/** A caller with other defaults. */
export class CallerWith implements Caller {
  private readonly process: ProcessSelf;
  private readonly options: CallOptions;
  constructor(process: ProcessSelf, options: CallOptions) {
    this.process = process;
    this.options = checkOptions("with", options);
  }
  call(to: Target, request: string, ...payload: unknown[]): Promise<any> {
    return call(this.process, to, request, this.process.kernel.pass(payload[0]), this.options);
  }
  cast(to: Target, request: string, ...payload: unknown[]): void {
    this.process.cast(to, request, ...payload);
  }
  send(to: Target | Alias, message: unknown, options?: SendOptions): void {
    this.process.send(to, message, options);
  }
  whereis(name: Name): Pid | undefined {
    return this.process.whereis(name);
  }
  isAlive(pid: Pid): boolean {
    return this.process.isAlive(pid);
  }
  with(options: CallOptions): Caller {
    return new CallerWith(this.process, { ...this.options, ...options });
  }
  /** @internal */
  get self(): ProcessSelf {
    return this.process;
  }
  /** @internal */
  get callOptions(): CallOptions {
    return this.options;
  }
}

export const NO_OPTIONS: CallOptions = {};

/** What a caller was made {@link Caller.with}. */
export const optionsOf = (caller: Caller): CallOptions =>
  caller instanceof CallerWith ? caller.callOptions : NO_OPTIONS;
