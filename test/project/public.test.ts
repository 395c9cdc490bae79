import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const manifest = JSON.parse(read("package.json")) as { exports: Record<string, unknown> };

const ENTRIES = Object.entries(manifest.exports).flatMap(([path, target]) =>
  typeof target === "object" ? [[path, (target as Record<string, string>)["hornbeam-source"] as string] as const] : [],
);

test("every sub-path of the package leads to a module", () => {
  expect(ENTRIES.map(([path]) => path)).toEqual([
    ...[".", "./test", "./simulation", "./genserver", "./supervisor", "./supervisor/test", "./supervisor/simulation"],
    ...["./vitest", "./http", "./http/test", "./channels", "./channels/test"],
  ]);
  for (const [, file] of ENTRIES) expect(existsSync(join(ROOT, file)), file).toBe(true);
});

test("nothing that is exported is called then: a module must not look like a promise", async () => {
  for (const [, file] of ENTRIES) expect(Object.keys(await import(join(ROOT, file)))).not.toContain("then");
});

test("each folder has a README of at most 60 lines", () => {
  const folders = ["runtime", "genserver", "supervisor", "http", "channels", "examples", "test", "bench"];
  for (const folder of folders) {
    const path = join(folder, "README.md");
    expect(existsSync(join(ROOT, path)), path).toBe(true);
    expect(read(path).split("\n").length, path).toBeLessThanOrEqual(60);
  }
});

test("README.md says how to start and how to test in one line each, and both are scripts", () => {
  const readme = read("README.md");
  expect(readme).toContain("npm ci && npm start");
  expect(readme).toContain("npm ci && npm test");
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  for (const [, script] of readme.matchAll(/npm run ([\w:-]+)/g)) expect(Object.keys(scripts)).toContain(script);
});

test("package-lock.json names no registry, so that any mirror serves it", () => {
  expect(read("package-lock.json")).not.toMatch(/"resolved"/);
});

test("no source is left unfinished, and none silences the compiler or the linter", () => {
  const sources = ["runtime", "genserver", "supervisor", "http", "channels", "examples"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => join(folder, file)),
  );
  expect(sources.length).toBeGreaterThan(50);
  const marks = /\b(TODO|FIXME|XXX|HACK)\b|@ts-(ignore|expect-error|nocheck)|biome-ignore/;
  expect(sources.filter((file) => marks.test(read(file)))).toEqual([]);
});

test("the top of the project holds what it is made of, and nothing that a run has left there", () => {
  const files = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" }).split("\n");
  const top = new Set(files.filter((file) => file !== "").map((file) => file.split("/")[0]));
  expect([...top].toSorted()).toEqual([
    ...[
      ".ci",
      ".gitignore",
      ".npmrc",
      "ARCHITECTURE.md",
      "CHANGELOG.md",
      "CONTRIBUTING.md",
      "LICENSE",
      "README.md",
      "bench",
    ],
    ...[
      "biome.json",
      "channels",
      "docs",
      "examples",
      "genserver",
      "http",
      "package-lock.json",
      "package.json",
      "runtime",
    ],
    ...["supervisor", "test", "tsconfig.build.json", "tsconfig.json", "vitest.config.ts"],
  ]);
});
