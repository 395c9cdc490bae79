import { type Conn, InvalidHeaderError } from "hornbeam/http";
import { conn } from "hornbeam/http/test";
import { describe, expect, test } from "vitest";

const LIST = [
  ["x-a", "1"],
  ["x-b", "2"],
  ["x-a", "3"],
] as const;
const some = (): Conn => conn("GET", "/", { headers: LIST });

describe("a request header", () => {
  test("is found by its name, in any case: the first, or all", () => {
    expect([some().getReqHeader("X-A"), some().getReqHeader("x-c")]).toEqual(["1", undefined]);
    expect([some().getReqHeaders("X-a"), some().getReqHeaders("x-c")]).toEqual([["1", "3"], []]);
  });

  test("is put where the first of its name stands, or at the end, its name in lower case", () => {
    expect(some().putReqHeader("X-A", "new").putReqHeader("X-New", "4").reqHeaders).toEqual([
      ["x-a", "new"],
      ["x-b", "2"],
      ["x-a", "3"],
      ["x-new", "4"],
    ]);
  });

  test("is merged with others, by record or list, each as if it were put", () => {
    const merged = some().mergeReqHeaders({ "X-B": "new", "x-c": "4" });
    expect(merged.reqHeaders).toEqual([
      ["x-a", "1"],
      ["x-b", "new"],
      ["x-a", "3"],
      ["x-c", "4"],
    ]);
    expect(
      some()
        .mergeReqHeaders([["x-b", "new"]])
        .getReqHeader("x-b"),
    ).toBe("new");
  });

  test("is added before all others", () => {
    const added = some().prependReqHeaders([
      ["X-B", "0"],
      ["x-c", "0"],
    ]);
    expect(added.reqHeaders).toEqual([["x-b", "0"], ["x-c", "0"], ...LIST]);
  });

  test("is updated where the first of its name stands, or added with its initial value", () => {
    const updated = some()
      .updateReqHeader("x-a", "none", (old) => `${old}!`)
      .updateReqHeader("x-c", "initial", (old) => `${old}!`);
    expect(updated.reqHeaders).toEqual([
      ["x-a", "1!"],
      ["x-b", "2"],
      ["x-a", "3"],
      ["x-c", "initial"],
    ]);
  });

  test("is deleted: the first of its name", () => {
    expect(some().deleteReqHeader("X-A").reqHeaders).toEqual([
      ["x-b", "2"],
      ["x-a", "3"],
    ]);
    expect(some().deleteReqHeader("x-c").reqHeaders).toEqual(LIST);
  });
});

const SETTERS: Readonly<Record<string, (it: Conn, name: string, value: string) => unknown>> = {
  putReqHeader: (it, name, value) => it.putReqHeader(name, value),
  mergeReqHeaders: (it, name, value) => it.mergeReqHeaders({ [name]: value }),
  prependReqHeaders: (it, name, value) => it.prependReqHeaders([[name, value]]),
  updateReqHeader: (it, name, value) => it.updateReqHeader(name, value, (old) => old),
};

describe.each(Object.entries(SETTERS))("%s refuses", (_, set) => {
  test.each(["host", "Host", "HOST"])("%s, which is conn.host", (name) => {
    expect(() => set(conn("GET", "/"), name, "evil.example")).toThrow(
      "the host is not set as a header, but with putRequest({ host })",
    );
  });

  test.each(["x:", "x\n", "x\r", "x\0", "", "x y"])("the name %j", (name) => {
    expect(() => set(conn("GET", "/"), name, "1")).toThrow(InvalidHeaderError);
  });

  test.each(["1\r", "1\n2", "1\0"])("the value %j", (value) => {
    expect(() => set(conn("GET", "/"), "x-a", value)).toThrow(InvalidHeaderError);
  });
});

test("what an update makes is checked, too", () => {
  expect(() => some().updateReqHeader("x-a", "1", () => "a\r\nb: c")).toThrow(InvalidHeaderError);
  expect(() => some().updateRespHeader("cache-control", "1", () => "a\r\nb: c")).toThrow(InvalidHeaderError);
});
