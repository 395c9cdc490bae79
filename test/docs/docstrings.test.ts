import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Pid, Self } from "hornbeam";
import { type Sim, simulate } from "hornbeam/sim";
import { supervisor } from "hornbeam/supervisor";
import { beforeAll, describe, expect, test } from "vitest";
import { App } from "./prelude.ts";

// Every @example of a docstring, type-checked and run.

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const OUT = join(ROOT, ".cache/docs");
/** Owns the signals and the exit code of its Node: its example is checked here, and run by the examples. */
const NOT_RUN = /\bawait run\(/;

interface Example {
  readonly where: string;
  readonly code: string;
  readonly file: string;
}

interface World {
  readonly sim: Sim;
  readonly self: Self;
  readonly app: Pid;
}

const examples: readonly Example[] = ["runtime", "genserver", "supervisor", "http", "channels"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => examplesOf(join(folder, file))),
);

function examplesOf(path: string): readonly Example[] {
  const source = readFileSync(join(ROOT, path), "utf8");
  return [...source.matchAll(/@example\n([\s\S]*?) \*\//g)].map(({ 1: block = "", index }) => {
    const line = source.slice(0, index).split("\n").length;
    const code = block.replaceAll(/^ \* ?/gm, "");
    return { where: `${path}:${line}`, code, file: `${path.replaceAll(/[/.]/g, "-")}-${line}.ts` };
  });
}

/** An example as a module: what it uses of the prelude is imported, so that its own names may be the same. */
function moduleOf({ code }: Example): string {
  const own = new Set([...code.matchAll(/^const (\w+)/gm)].map((match) => match[1]));
  const prelude = readFileSync(join(ROOT, "test/docs/prelude.ts"), "utf8");
  const samples = [...prelude.matchAll(/^export const (\w+)/gm)].map((match) => match[1] as string);
  const imported = samples.filter((sample) => !own.has(sample) && new RegExp(`\\b${sample}\\b`).test(code));
  const named = /\{ name \}/.test(code) ? "const name = docs.lobbyName;" : "const { name } = docs;";
  return [
    'import * as docs from "../../test/docs/prelude.ts";',
    'import type { Channel, GenServer, Supervisor, UserSocket, Pid, Self, Sim } from "../../test/docs/prelude.ts";',
    `const { ${imported.join(", ")} } = docs;`,
    named,
    "const { alreadyStarted, changes, child, connect, DynamicSupervisor, expect, http, Json, noreply, ok, pipeline, plug } = docs;",
    "const { reply, request, RequestId, router, run, simulate, snapshot, socket, start, Static, supervisor, system } = docs;",
    "export default async ({ sim, self, app }: { sim: Sim; self: Self; app: Pid }): Promise<void> => {",
    code,
    "};",
    "void [alreadyStarted, changes, child, connect, DynamicSupervisor, expect, http, Json, noreply, ok, pipeline, plug];",
    "void [reply, request, RequestId, router, run, simulate, snapshot, socket, start, Static, supervisor, system, name];",
    "export type Used = [Channel, GenServer<any>, Supervisor, UserSocket];",
  ].join("\n");
}

beforeAll(() => {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  for (const example of examples) writeFileSync(join(OUT, example.file), moduleOf(example));
  const config = { extends: "../../tsconfig.json", include: ["*.ts"] };
  writeFileSync(join(OUT, "tsconfig.json"), JSON.stringify(config));
});

test("every example in a docstring compiles", () => {
  expect(examples.length).toBeGreaterThan(15);
  const tsc = join(ROOT, "node_modules/.bin/tsc");
  expect(() => execFileSync(tsc, ["-p", OUT], { encoding: "utf8", stdio: "pipe" })).not.toThrow();
});

describe("every example in a docstring runs", () => {
  test.for(examples.filter(({ code }) => !NOT_RUN.test(code)).map((example) => [example.where, example] as const))(
    "%s",
    async ([, example]) => {
      const module = (await import(join(OUT, example.file))) as { default(world: World): Promise<void> };
      await simulate({ time: "manual" }, async (sim) => {
        const app = await sim.start(supervisor(App, { port: 0 }, { id: "app" }));
        const done = Promise.withResolvers<void>();
        sim.spawn((self) => module.default({ sim, self, app }).then(done.resolve, done.reject));
        await done.promise;
      });
    },
  );
});
