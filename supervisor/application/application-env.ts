import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Kernel } from "../../runtime/kernel.ts";
import { processOf } from "../../runtime/self.ts";
import type { Caller } from "../../runtime/types.ts";
import type { Application } from "./application.ts";

/** The environment of an application: what its `start` reads, else what its `env` has. */
export type EnvOf<A> = A extends { start(env: infer E, ...rest: any): any }
  ? unknown extends E
    ? Defaults<A>
    : E
  : Defaults<A>;
type Defaults<A> = A extends { env: infer E } ? E : {};
export type EnvKey<A> = keyof EnvOf<A> & string;

type Values = Map<string, unknown>;

/** What was put, per system and application. What the module says itself stands behind it. */
const tables = new WeakMap<Kernel, WeakMap<Application, Values>>();

/** The environment as it stands (OTP: `application:get_all_env/1`). */
export function envOf<A extends Application>(by: Caller, app: A): EnvOf<A> {
  const values = valuesOf(by, app) ?? [];
  return { ...app.env, ...Object.fromEntries(values) } as EnvOf<A>;
}

export function hasEnv(by: Caller, app: Application, key: string): boolean {
  checkKey("getEnv", key);
  return valuesOf(by, app)?.has(key) === true || Object.hasOwn(app.env ?? {}, key);
}

export function readEnv(by: Caller, app: Application, key: string): unknown {
  const values = valuesOf(by, app);
  if (values?.has(key)) return values.get(key);
  return Object.hasOwn(app.env ?? {}, key) ? app.env[key] : undefined;
}

export function writeEnv(by: Caller, app: Application, key: string, value: unknown): void {
  checkKey("putEnv", key);
  checkApplication(app);
  const caller = processOf(by);
  if (caller.dead) return caller.zombie("Application.putEnv");
  const { kernel } = caller;
  const table = tables.get(kernel) ?? new WeakMap<Application, Values>();
  tables.set(kernel, table);
  const values = table.get(app) ?? new Map<string, unknown>();
  table.set(app, values.set(key, value));
}

export function clearEnv(by: Caller, app: Application, key: string): void {
  checkKey("deleteEnv", key);
  const caller = processOf(by);
  if (caller.dead) return caller.zombie("Application.deleteEnv");
  valuesOf(by, app)?.delete(key);
}

function valuesOf(by: Caller, app: Application): Values | undefined {
  checkApplication(app);
  return tables.get(processOf(by).kernel)?.get(app);
}

function checkKey(what: string, key: unknown): void {
  if (typeof key !== "string") throw new BadArgument(`${what}: expected a key (a string), got: ${show(key)}`);
}

function checkApplication(app: unknown): void {
  if (typeof app !== "object" || app === null) throw new BadArgument(`expected an application, got: ${show(app)}`);
}
