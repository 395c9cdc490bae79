import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const ROOT = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

/** Runs an example as the reader would. */
async function run(example: string): Promise<string> {
  const path = fileURLToPath(new URL(example, ROOT));
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=hornbeam-source", path]);
  return stdout;
}

test("the code in README.md is the code of the examples that it names", () => {
  const blocks = [...read("README.md").matchAll(/<!-- (examples\/\S+) -->\n```ts\n([\s\S]*?)```/g)];
  expect(blocks.length).toBeGreaterThan(0);
  for (const [, file, code] of blocks) expect(read(file as string)).toContain(code);
});

test("examples/counter.ts prints what its comments say", async () => {
  expect(await run("examples/counter.ts")).toBe("42\n0\n");
});

test("examples/code-lock.ts prints what its comments say", async () => {
  expect(await run("examples/code-lock.ts")).toBe("more\nopen\nmore\nwrong\n");
});

test("examples/tree.ts greets, crashes, and greets again", async () => {
  const printed = await run("examples/tree.ts");
  expect(printed).toMatch(
    /^Hello, Ada!\ncaller: call 'greet' to 'greeter': expected a reply, got: Error: whom\? \(the server crashed\)\n/,
  );
  expect(printed).toContain('"id": "salut"');
  expect(printed.endsWith("Hello, Grace!\n")).toBe(true);
});
