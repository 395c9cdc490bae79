// What the compiler must accept and refuse of applications. Checked by `tsc`; nothing here is run.
import { type ChildSpec, error, type Pid, type Restart, type Self, type System } from "hornbeam";
import { Application, type ApplicationSpec, type EnvOf, run } from "hornbeam/supervisor";

declare const self: Self;
declare const system: System;
declare const top: ChildSpec;

/** Fails to compile unless the two types are the same. */
const same = <A, B>(_: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never): void => {};

interface Env {
  readonly port: number;
  readonly host?: string;
}

const Bare = { name: "bare" } satisfies Application;
const Db = { name: "db", start: () => top } satisfies Application;
const Inferred = { name: "inferred", env: { port: 4000 }, start: () => top } satisfies Application;
const Web = {
  name: "web",
  description: "the site",
  applications: [Db, Bare],
  env: { port: 4000 },
  start: async (env, { pid }) => {
    same<typeof env, Env>(true);
    same<typeof pid, Pid<{ calls: {}; casts: {}; info: any }>>(true);
    return env.port === 0 ? error("no port") : { top, state: [env.port] };
  },
  prepStop: (ports) => [...ports, 0],
  stop: (ports: readonly number[]) => void ports,
} satisfies Application<Env, readonly number[]>;

same<EnvOf<typeof Web>, Env>(true);
same<EnvOf<typeof Bare>, {}>(true);
same<EnvOf<typeof Inferred>, { port: number }>(true);

export async function using(): Promise<void> {
  await Application.start(system, Web);
  await Application.start(self, Web, { type: "permanent" });
  same<Promise<readonly string[]>, ReturnType<typeof Application.ensureAllStarted>>(true);
  await Application.ensureAllStarted(system, [Web, Db], { type: "transient" });
  await Application.stop(self, Db);
  const [info] = await Application.whichApplications(system);
  same<Restart | undefined, NonNullable<typeof info>["type"] | undefined>(true);
  same<ApplicationSpec, ReturnType<typeof Application.spec>>(true);

  same<number, ReturnType<typeof port>>(true);
  Application.putEnv(system, Web, "host", undefined as never);
  Application.putEnv(system, Inferred, "port", 1);
  // @ts-expect-error a setting of another type
  Application.putEnv(system, Web, "port", "4000");
  // @ts-expect-error no such setting
  Application.putEnv(system, Web, "prot", 4000);
  // @ts-expect-error an application without settings
  Application.getEnv(system, Bare, "port");
  // @ts-expect-error another type of what stands in for the setting
  Application.getEnv(system, Web, "host", 1);
  // @ts-expect-error no such type
  await Application.start(system, Web, { type: "forever" });
  // @ts-expect-error not an application
  await Application.start(system, top);
}

const port = () => Application.getEnv(system, Web, "port");
export const host: string = Application.fetchEnv(system, Web, "host");
same<string | undefined, ReturnType<typeof maybeHost>>(true);
const maybeHost = () => Application.getEnv(system, Web, "host");

export const programs = () => [run(Web, { deadline: 1000 }), run(top)];
// @ts-expect-error neither a tree nor an application
export const neither = () => run({});

// @ts-expect-error settings that start needs are missing
export const NoEnv = { name: "noEnv", start: () => top } satisfies Application<Env>;
// @ts-expect-error a setting of another type
export const BadEnv = { name: "badEnv", env: { port: "4000" } } satisfies Application<Env>;
// @ts-expect-error an application has a name
export const Nameless = { start: () => top } satisfies Application;
// @ts-expect-error what it needs are applications
export const BadNeeds = { name: "badNeeds", applications: ["db"] } satisfies Application;
// @ts-expect-error start gives a child spec
export const BadStart = { name: "badStart", start: () => 7 } satisfies Application;
// @ts-expect-error a state of another type
export const BadState = { name: "badState", start: () => ({ top, state: "a" }) } satisfies Application<{}, number>;
