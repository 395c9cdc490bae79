import type { Async } from "../../runtime/types.ts";
import { callSite } from "../conn/call-site.ts";
import type { Conn, Halted } from "../conn/conn.ts";

/** What a step runs: a plug, or a route's action with the parameters of its path. */
export type StepFn = (conn: Conn<any>, params?: any) => Async<Conn<any> | Halted>;

/** A plug where it stands in a pipeline or a router: what errors call it, and where that was written. */
export class Step {
  readonly run: StepFn;
  readonly name: string;
  /** `site.ts:12`, or undefined where nobody wrote it. */
  readonly site: string | undefined;

  constructor(run: StepFn, name: string = showPlug(run), site: string | undefined = callSite()) {
    this.run = run;
    this.name = name;
    this.site = site;
  }

  /** `login at site.ts:12` */
  toString(): string {
    return this.site === undefined ? this.name : `${this.name} at ${this.site}`;
  }
}

/** Gives a function the name that errors and reports show. */
export function named<F extends object>(name: string, plug: F): F {
  return Object.defineProperty(plug, "name", { value: name, configurable: true });
}

export const showPlug = (plug: { readonly name: string }): string => plug.name || "an unnamed plug";
