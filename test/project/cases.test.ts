import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

// The tables from the originals' test cases to ours: each names a test that is there, or says why there is none.

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FOLDER = join(ROOT, "test/conformance/cases");
const TABLES = readdirSync(FOLDER).filter((file) => file.endsWith(".md") && file !== "README.md");

interface Row {
  readonly original: string;
  readonly ours: string;
  /** The tests it names: `file.test.ts: "title"`. */
  readonly tests: readonly { readonly file: string; readonly title: string }[];
}

function rowsOf(table: string): readonly Row[] {
  const lines = readFileSync(join(FOLDER, table), "utf8").split("\n");
  const rows = lines.filter((line, index) => isRow(line) && !isRule(lines[index + 1] ?? ""));
  return rows.map((line) => {
    const [original = "", ...rest] = line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim());
    const ours = rest.join(" | ").replaceAll("\\|", "|");
    const tests = [...ours.matchAll(/([\w/-]+\.test\.ts)`?: (.*?)(?=[\w/`-]+\.test\.ts`?:|$)/gs)].flatMap(
      ([, file = "", titles = ""]) =>
        [...titles.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, title = ""]) => ({ file, title })),
    );
    return { original, ours, tests };
  });
}

/** The line under the heads of a table. */
const isRule = (line: string): boolean => /^\|[\s:|-]+\|$/.test(line);
const isRow = (line: string): boolean => line.startsWith("|") && !isRule(line);

/** A test's source, with its quotes as they are in a title. */
const sources = new Map<string, string>();
function sourceOf(file: string): string {
  const known = sources.get(file);
  if (known !== undefined) return known;
  const path = ["", "test/", "test/runtime/", "test/genserver/", "test/supervisor/"]
    .map((folder) => join(ROOT, folder, file))
    .find(existsSync);
  const source = path === undefined ? "" : readFileSync(path, "utf8").replaceAll(/\\(["'`])/g, "$1");
  sources.set(file, source);
  return source;
}

test("there are tables", () => {
  expect(TABLES.length).toBeGreaterThan(0);
});

test("each rule of OTP has its row, and so has each that JavaScript adds", () => {
  const rules = rowsOf("rules.md").map(({ original }) => /^(J?\d+)\. /.exec(original)?.[1]);
  const count = (length: number, letter: string) => Array.from({ length }, (_, n) => `${letter}${n + 1}`);
  expect(rules).toEqual([...count(145, ""), ...count(8, "J")]);
});

describe.each(TABLES)("%s", (table) => {
  const rows = rowsOf(table);

  test("each case has a test or a reason", () => {
    expect(rows.length).toBeGreaterThan(0);
    const empty = rows.filter(({ ours, tests }) => tests.length === 0 && ours.replaceAll(/[^a-z]/gi, "").length < 10);
    expect(empty.map(({ original }) => original)).toEqual([]);
  });

  test("each test that is named is there", () => {
    const missing = rows.flatMap(({ original, tests }) =>
      tests.filter(({ file, title }) => !sourceOf(file).includes(title)).map((each) => ({ original, ...each })),
    );
    expect(missing).toEqual([]);
  });
});
