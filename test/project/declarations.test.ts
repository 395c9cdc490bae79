import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const OUT = join(ROOT, ".cache/declarations");

/** What a library that is built on this one exports: whatever the compiler infers must have a name outside. */
const USER = `
import { name, ok, pg, procLib, reply, Table, Task, type Self, type System } from "hornbeam";
import { Agent, child, GenStatem, GenServer, keepState, nextState, repeatState, start, stopAndReply, sys } from "hornbeam/genserver";
import * as supervisors from "hornbeam/supervisor";

export const Counter = {
  init: (start: number) => ok(start),
  handleCall: { add: (by: number, count) => reply(count + by, count + by) },
} satisfies GenServer<number>;
export const counterName = name<typeof Counter>("counter");
export const counterChild = child(Counter, 0, { name: counterName });
export const startCounter = (system: System) => start(system, Counter, 0);
export const add = (self: Self, by: number) => self.call(counterName, "add", by);
export const request = (self: Self) => GenServer.sendRequest(self, counterName, "add", 1);
export const state = (self: Self) => sys.getStatus(self, counterName);

export const Lamp = {
  init: () => nextState("off", 0),
  states: {
    off: { handleCall: { press: (_, count) => nextState("on", count + 1, { reply: true }) } },
    on: { handleCall: { press: (_, count) => keepState(count, { reply: false }) } },
  },
} satisfies GenStatem<"off" | "on", number>;
export const lampChild = GenStatem.child(Lamp);
export const lampName = name<typeof Lamp>("lamp");
export const again = () => repeatState(1, { postpone: true });
export const gone = () => stopAndReply("normal", [{ reply: 1 }], 2);
export const crashes = (system: System, seen: (doing: unknown) => void) =>
  system.telemetry.on("process.crash", (_, { doing, links }) => seen([doing?.client, links]));
export const info = (system: System) => system.processes();
export const asked = (self: Self) => GenServer.multiCall(self, [counterName], "add", 1);
export const yielded = (self: Self) => Task.yieldMany(self, [Task.async(self, () => "x")]);
export const Shop = {
  name: "shop",
  env: { open: true },
  start: (env: { open: boolean }) => ({ top, state: env.open }),
} satisfies supervisors.Application<{ open: boolean }, boolean>;
export const shop = (system: System) => supervisors.Application.start(system, Shop);
export const open = (system: System) => supervisors.Application.getEnv(system, Shop, "open");
export const pool = name<supervisors.WorkerPool<{ double(n: number): number }>>("pool");
export const doubled = (self: Self) => supervisors.WorkerPool.run(self, pool, "double", 2);
export const children = (system: System) => supervisors.Supervisor.whichChildren(system, name("top"));
export const spec = supervisors.Supervisor.childSpec(counterChild, { restart: "transient" });
export const press = (self: Self) => self.call(lampName, "press");

export const agentChild = Agent.child(() => new Map<string, number>());
export const loop = procLib.child((_, init) => init.ack());
export const sum = (self: Self) => Task.async(self, () => 1 + 1);
export const stream = (self: Self) => Task.asyncStream(self, [1, 2], (n) => n * 2);
export const table = new Table<string, number>();
export const members = (self: Self) => pg.getMembers(self, "group");

export const rooms = supervisors.registry<string, number, typeof Counter>("rooms");
export const room = supervisors.via(rooms, "lobby");
export const App = {
  init: () => ({ strategy: "oneForOne" as const, children: [counterChild, supervisors.DynamicSupervisor.child()] }),
} satisfies supervisors.Supervisor;
export const top = supervisors.supervisor(App);
export const partition = supervisors.PartitionSupervisor.name<typeof Counter>(name("parts"), 1);
`;

test("a library built on this one can emit its declarations: all that is inferred has a public name", {
  timeout: 60_000,
}, () => {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  writeFileSync(join(OUT, "user.ts"), USER);
  const compilerOptions = { declaration: true, noEmit: false, emitDeclarationOnly: true, outDir: "out", rootDir: ROOT };
  writeFileSync(
    join(OUT, "tsconfig.json"),
    JSON.stringify({ extends: "../../tsconfig.json", compilerOptions, include: ["user.ts"] }),
  );
  const compile = () =>
    execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", OUT], { encoding: "utf8", stdio: "pipe" });
  let output = "";
  try {
    compile();
  } catch (error) {
    output = String((error as { stdout?: unknown }).stdout);
  }
  expect(output).toBe("");
  const declarations = readFileSync(join(OUT, "out/.cache/declarations/user.d.ts"), "utf8");
  expect(declarations).toContain('import("hornbeam").ServerProtocol<');
  expect([...declarations.matchAll(/import\("\.[^)]*\)\.\w+/g)].map(([inside]) => inside)).toEqual([]);
});
