import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Pid, Self } from "hornbeam";
import { supervisor } from "hornbeam/supervisor";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { beforeAll, describe, expect, test } from "vitest";
import * as prelude from "./prelude.ts";

// Every @example of a docstring, type-checked and run.

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const OUT = join(ROOT, ".cache/docs");
/** Own the signals and the exit code of their Node, or are tests themselves: checked here, and run by the examples. */
const NOT_RUN = /\bawait run\(|^test\(/m;

/** The types that examples name; what is a value too is found in the prelude. */
const TYPES = [
  "Channel",
  "EventStatem",
  "UserSocket",
  "Down",
  "Exit",
  "Ref",
  "From",
  "Target",
  "BodyParser",
  "StandardSchema",
  "Layout",
];

interface Example {
  readonly where: string;
  readonly code: string;
  readonly file: string;
}

interface World {
  readonly sim: VirtualSystem;
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
  return [...source.matchAll(/@example\n([\s\S]*?)\n *\*\//g)].map(({ 1: block = "", index }) => {
    const line = source.slice(0, index).split("\n").length;
    const code = block.replaceAll(/^ *\* ?/gm, "");
    return { where: `${path}:${line}`, code, file: `${path.replaceAll(/[/.]/g, "-")}-${line}.ts` };
  });
}

/** An example as a module: what it uses of the prelude is imported, so that its own names may be the same. */
function moduleOf({ code }: Example): string {
  const own = new Set([...code.matchAll(/^(?:const|class) (\w+)/gm)].map((match) => match[1]));
  const used = Object.keys(prelude).filter((name) => !own.has(name) && new RegExp(`\\b${name}\\b`).test(code));
  // `{ name }` as an option is short for a name that is already there.
  const named = /\{ name[ ,]/.test(code);
  const values = used.filter((value) => !named || value !== "name");
  const types = TYPES.filter((type) => code.includes(type));
  return [
    `import { ${[...values, named ? "lobbyName as name" : ""].filter(Boolean).join(", ")} } from "../../test/docs/prelude.ts";`,
    `import type { ${["Pid", "Self", "VirtualSystem", ...types].join(", ")} } from "../../test/docs/prelude.ts";`,
    "export default async ({ sim, self, app }: { sim: VirtualSystem; self: Self; app: Pid }): Promise<void> => {",
    code,
    "};",
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
      await inVirtualTime({ time: "manual" }, async (sim) => {
        const app = await sim.start(supervisor(prelude.App, { port: 0 }, { id: "app" }));
        const done = Promise.withResolvers<void>();
        sim.spawn((self) => module.default({ sim, self, app }).then(done.resolve, done.reject));
        await done.promise;
      });
    },
  );
});
