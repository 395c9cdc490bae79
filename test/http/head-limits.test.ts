import { BadArgument } from "hornbeam";
import { http, type Limits } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { play, Site } from "./raw/play.ts";
import { get, type Row, refused, request, served } from "./raw/row.ts";
import { serving } from "./support.ts";

const line = (target: string): string => request(`GET ${target} HTTP/1.1`, "Host: a");

describe("a head that is too much is refused, and one that is just enough is not:", () => {
  const rows: readonly (readonly [limits: Partial<Limits>, row: Row])[] = [
    [{ maxUrlLength: 20 }, served("a path", line(`/${"a".repeat(19)}`))],
    [{ maxUrlLength: 20 }, refused(414, "a path", line(`/${"a".repeat(20)}`))],
    [{ maxUrlLength: 20 }, served("a path with a query", line(`/?${"a".repeat(18)}`))],
    [{ maxUrlLength: 20 }, refused(414, "a path with a query", line(`/?${"a".repeat(19)}`))],
    [{ maxUrlLength: 20 }, refused(414, "a whole URL", line("http://a.example/b/cde"))],
    [{ maxUrlLength: "infinity" }, served("a path of 16,000 bytes", line(`/${"a".repeat(16_000)}`))],
    [{ maxHeaders: 3 }, served("three headers", get("X-A: 1", "X-B: 2"))],
    [{ maxHeaders: 3 }, refused(431, "four headers", get("X-A: 1", "X-B: 2", "X-C: 3"))],
    [{ maxHeaders: 3 }, refused(431, "one header four times", get("X-A: 1", "X-A: 2", "X-A: 3"))],
    [{ maxHeaders: 1 }, served("only the Host", get())],
    [{ maxHeaders: "infinity" }, served("3,000 headers", get(...Array<string>(3000).fill("a: b")))],
    [{ maxHeaderSize: 200 }, served("a value of 190 bytes", get(`X-A: ${"a".repeat(190)}`))],
    [{ maxHeaderSize: 200 }, refused(431, "a value of 191 bytes", get(`X-A: ${"a".repeat(191)}`))],
    [{ maxHeaderSize: 200 }, refused(431, "many short headers", get(...Array<string>(20).fill("X-A: 12345678")))],
    [{ maxHeaderSize: 200 }, refused(414, "a path", line(`/${"a".repeat(200)}`))],
    [{ maxHeaderSize: 60_000 }, served("a value of 50,000 bytes", get(`X-A: ${"a".repeat(50_000)}`))],
  ];
  test.each(rows.map(([limits, row]) => [limits, row.what, row] as const))("%j: %s", (limits, _, row) => {
    const site = new Site();
    return serving({ plug: site.plug, limits }, async (live) => {
      const { answers, connection, plugs } = row;
      expect([await play(live, row), site.plugs]).toEqual([{ answers, connection }, plugs]);
    });
  });
});

test.each([
  [{ maxUrlLength: 0 }, 'expected maxUrlLength to be a number from 1 up or "infinity", got: 0'],
  [{ maxHeaders: 1.5 }, "got: 1.5"],
  [{ maxHeaderSize: 0 }, "expected maxHeaderSize to be a number from 1 up"],
  [{ maxHeaderSize: "infinity" }, 'expected maxHeaderSize to be a number from 1 up, got: "infinity"'],
] as [Partial<Limits>, string][])("limits that make no sense are an error: %j", (limits, message) => {
  const plug = new Site().plug;
  expect(() => http({ port: 0, plug, limits })).toThrow(BadArgument);
  expect(() => http({ port: 0, plug, limits })).toThrow(message);
});
