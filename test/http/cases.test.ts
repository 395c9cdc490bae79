import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

// The tables in cases/ lead from each test case of the originals to ours.

const FOLDER = fileURLToPath(new URL("./cases/", import.meta.url));
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** How many cases the test files of the originals have, those that cannot be ported included, and where their rows are. */
const ORIGINALS: readonly [original: string, cases: number, tables: readonly string[]][] = [
  ["plug/plug_test.exs", 6, ["plug"]],
  ["plug/builder_test.exs", 7, ["builder"]],
  ["plug/conn/adapter_test.exs", 1, ["conn-adapter"]],
  ["plug/adapters/test/conn_test.exs", 18, ["adapters-test-conn"]],
  ["plug/basic_auth_test.exs", 10, ["basic-auth"]],
  ["plug/conn/cookies_test.exs", 13, ["conn-cookies"]],
  ["plug/conn/query_test.exs", 15, ["conn-query"]],
  ["plug/conn/status_test.exs", 13, ["conn-status"]],
  ["plug/conn/utils_test.exs", 1, ["conn-utils"]],
  ["plug/conn/wrapper_error_test.exs", 2, ["conn-wrapper-error"]],
  ["plug/conn_test.exs", 139, ["conn", "conn-cookies-session"]],
  ["plug/csrf_protection_test.exs", 27, ["csrf-protection"]],
  ["plug/debugger_test.exs", 36, ["debugger"]],
  ["plug/error_handler_test.exs", 5, ["error-handler"]],
  ["plug/head_test.exs", 3, ["head"]],
  ["plug/html_test.exs", 2, ["html"]],
  ["plug/logger_test.exs", 5, ["logger"]],
  ["plug/method_override_test.exs", 8, ["method-override"]],
  ["plug/parsers/json_test.exs", 16, ["parsers-json"]],
  ["plug/parsers_test.exs", 33, ["parsers"]],
  ["plug/request_id_test.exs", 8, ["request-id"]],
  ["plug/rewrite_on_test.exs", 14, ["rewrite-on"]],
  ["plug/router/utils_test.exs", 17, ["router-utils"]],
  ["plug/router_test.exs", 51, ["router"]],
  ["plug/session_test.exs", 13, ["session"]],
  ["plug/session/cookie_test.exs", 20, ["session-cookie"]],
  ["plug/session/ets_test.exs", 4, ["session-ets"]],
  ["plug/ssl_test.exs", 38, ["ssl"]],
  ["plug/static_test.exs", 53, ["static"]],
  ["plug/telemetry_test.exs", 5, ["telemetry"]],
  ["plug/upload_test.exs", 9, ["upload"]],
  ["plug_cowboy/conn_test.exs", 27, ["plug-cowboy-conn"]],
  ["plug_cowboy/drainer_test.exs", 3, ["plug-cowboy-drainer"]],
  ["thousand_island/server_test.exs", 23, ["thousand-island-server"]],
  ["thousand_island/acceptor_test.exs", 6, ["thousand-island-acceptor"]],
  ["bandit/http1/plug_test.exs", 39, ["bandit-http1-plug"]],
  ["bandit/http1/protocol_test.exs", 91, ["bandit-http1-protocol", "bandit-http1-connections", "bandit-compression"]],
  ["bandit/adapter_test.exs", 6, ["bandit-adapter"]],
  ["bandit/http1/telemetry_test.exs", 13, ["bandit-telemetry"]],
];

interface Row {
  readonly original: string;
  readonly file: string;
  readonly title: string;
  readonly reason: string;
}

/** The cells of a line; a bar that is part of a text is written `\|`. */
const cellsOf = (line: string): readonly string[] =>
  line
    .slice(1, line.lastIndexOf("|"))
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));

function rowsOf(table: string): readonly Row[] {
  const lines = readFileSync(`${FOLDER}${table}.md`, "utf8").split("\n");
  return lines
    .filter((line) => line.startsWith("| ") && !/^\| (?:original|---|:?-+)/.test(line))
    .map((line) => {
      const [original = "", file = "", title = "", reason = ""] = cellsOf(line);
      return { original, file, title, reason };
    });
}

const WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

/** Cases that a row stands for: `(5 cases)`, `(three doctests)`; one of ours that has no original counts as none. */
function casesIn({ original }: Row): number {
  if (original.startsWith("ours")) return 0;
  const [, count = "1"] = /\((\w+) (?:cases|doctests)\)/.exec(original) ?? [];
  return WORDS.includes(count) ? WORDS.indexOf(count) : Number(count);
}

const sources = new Map<string, string>();
const sourceOf = (file: string): string => {
  const known = sources.get(file) ?? readFileSync(`${ROOT}${file}`, "utf8");
  sources.set(file, known);
  return known;
};

/** Whether a file has a test of that title, in any quotes: also the template of several. */
const hasTitle = (file: string, title: string): boolean =>
  ['"', "'", "`"].some((quote) => sourceOf(file).includes(`${quote}${title.replaceAll(quote, `\\${quote}`)}${quote}`));

const tables = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".md"))
  .map((file) => file.slice(0, -3));

describe.each(tables)("%s.md", (table) => {
  const rows = rowsOf(table);

  test("has rows, each with the test that it leads to, or why there is none", () => {
    expect(rows.length).toBeGreaterThan(0);
    const lost = rows.filter(({ file, title, reason }) => (file === "" || title === "" ? reason === "" : false));
    expect(lost).toEqual([]);
  });

  test("leads to tests that there are", () => {
    const ported = rows.filter(({ file, title }) => file !== "" && title !== "");
    const missing = ported.filter(({ file, title }) => !existsSync(`${ROOT}${file}`) || !hasTitle(file, title));
    expect(missing).toEqual([]);
  });
});

describe("every case of an original has a row", () => {
  test.each(ORIGINALS)("%s: %d", (_, cases, names) => {
    const rows = names.flatMap(rowsOf);
    expect(rows.reduce((sum, row) => sum + casesIn(row), 0)).toBeGreaterThanOrEqual(cases);
  });
});
