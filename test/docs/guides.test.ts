import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { runExample } from "../examples/support.ts";
import { REAL } from "../runtime/support.ts";

// The guides: their code is the code of the examples that they name, and their commands do what they say.

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

const guides = readdirSync(join(ROOT, "docs"))
  .filter((file) => file.endsWith(".md"))
  .map((file) => join("docs", file));
const tests = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => read(join("test", file)));

/** The fenced blocks of a guide, with what stands on the line before each. */
const blocksOf = (guide: string) =>
  [...read(guide).matchAll(/(.*)\n```(\w+)\n([\s\S]*?)```/g)].map(([, before = "", language = "", code = ""]) => ({
    before,
    language,
    code,
  }));

/** The examples that a guide tells the reader to run, and what it says they print. */
const commandsOf = (guide: string) =>
  [...read(guide).matchAll(/```sh\nnpm run example examples\/(\S+)\n```\n(?:```text\n([\s\S]*?)```)?/g)].map(
    ([, file = "", printed]) => ({ file, printed }),
  );

/** A text in which `…` stands for anything on its line. */
const pattern = (text: string): RegExp =>
  new RegExp(`^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("…", ".*")}$`);

describe.each(guides)("%s", (guide) => {
  test("its code is the code of the files that it names", () => {
    const blocks = blocksOf(guide);
    expect(blocks.length).toBeGreaterThan(0);
    for (const { before, language, code } of blocks) {
      expect(["ts", "sh", "text"], "a block is code, a command, or what that prints").toContain(language);
      if (language !== "ts") continue;
      const [, file] = /^<!-- (examples\/\S+\.ts) -->$/.exec(before) ?? [];
      expect(file, `the file of\n${code}`).toBeDefined();
      expect(read(file as string)).toContain(code);
    }
  });

  const commands = commandsOf(guide);
  test.each(commands.filter(({ printed }) => printed !== undefined))(
    "examples/$file prints what it says",
    async ({ file, printed }) => {
      expect(await runExample(file)).toMatch(pattern(printed as string));
    },
    REAL,
  );

  test("its other commands are run by tests of their own", () => {
    expect(read(guide).match(/```sh/g)?.length ?? 0).toBe(commands.length);
    for (const { file } of commands) {
      expect(
        tests.some((source) => source.includes(file)),
        file,
      ).toBe(true);
    }
  });

  test("its links lead somewhere", () => {
    for (const [, target = ""] of read(guide).matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
      expect(existsSync(join(ROOT, dirname(guide), target)), target).toBe(true);
    }
  });
});
