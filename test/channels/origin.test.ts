import { expect, test } from "vitest";
import { type CheckOrigin, originAllowed } from "../../channels/origin.ts";

const verdict = (check: CheckOrigin, origin: string | undefined, host = "host.com") =>
  originAllowed(check, origin, host) ? "allowed" : "refused";

test("a request without an Origin is allowed, whatever is checked", () => {
  for (const check of [true, false, [], ["//host.com"]]) expect(verdict(check, undefined)).toBe("allowed");
});

test("without a check every origin is allowed, also what is none", () => {
  for (const origin of ["http://other.com", "file://", "null", "", "/"]) expect(verdict(false, origin)).toBe("allowed");
});

test("what is no origin with a host is refused by every check", () => {
  for (const check of [true, ["//example.com", "*.example.com"]]) {
    for (const origin of ["file://", "null", "", "/", "example.com", "data:text/html,x"]) {
      expect(verdict(check, origin), origin).toBe("refused");
    }
  }
});

test.each([
  ["http://host.com", "host.com", "allowed"],
  ["https://host.com", "host.com", "allowed"],
  ["https://host.com/", "host.com", "allowed"],
  ["http://HOST.com", "Host.COM", "allowed"],
  ["http://host.com:4000", "host.com:4000", "allowed"],
  ["http://host.com", "host.com:80", "allowed"],
  ["https://host.com", "host.com:443", "allowed"],
  ["http://127.0.0.1:4000", "127.0.0.1:4000", "allowed"],
  ["http://[::1]:4000", "[::1]:4000", "allowed"],
  ["http://another.com", "host.com", "refused"],
  ["http://host.com.evil.com", "host.com", "refused"],
  ["http://evil.com/host.com", "host.com", "refused"],
  ["http://host.com@evil.com", "host.com", "refused"],
  ["http://sub.host.com", "host.com", "refused"],
  ["http://host.com:4001", "host.com:4000", "refused"],
  ["http://host.com:4000", "host.com", "refused"],
])("by default the page %s may connect to %s: %s", (origin, host, expected) => {
  expect(verdict(true, origin, host)).toBe(expected);
});

test("a request without a Host is refused by default", () => {
  expect(originAllowed(true, "http://host.com", undefined)).toBe(false);
});

const PHOENIX = ["//example.com", "http://scheme.com", "//port.com:81"];

test.each([
  [["https://*.ex.com", "http://*.ex.com"], "http://org1.ex.com", "allowed"],
  [["https://*.ex.com", "http://*.ex.com"], "https://org1.ex.com", "allowed"],
  [["https://*.ex.com"], "http://org1.ex.com", "refused"],
  [["//*.ex.com"], "http://ex.com", "allowed"],
  [["//*.ex.com"], "http://deep.org1.ex.com", "allowed"],
  [["//*.ex.com"], "http://evilex.com", "refused"],
  [["//*.ex.com"], "http://ex.com.evil.com", "refused"],
  [["http://*.foo.example.com"], "http://org1.foo.example.com", "allowed"],
  [["http://*.foo.example.com"], "http://org1.bar.example.com", "refused"],
  [["//ex.com"], "http://org1.ex.com", "refused"],
  [PHOENIX, "http://notallowed.com/", "refused"],
  [PHOENIX, "http://example.com/", "allowed"],
  [PHOENIX, "https://example.com/", "allowed"],
  [PHOENIX, "https://example.com:8443/", "allowed"],
  [PHOENIX, "http://scheme.com/", "allowed"],
  [PHOENIX, "https://scheme.com/", "refused"],
  [PHOENIX, "http://scheme.com:8080/", "refused"],
  [PHOENIX, "http://port.com:81/", "allowed"],
  [PHOENIX, "http://port.com:82/", "refused"],
  [PHOENIX, "http://port.com/", "refused"],
  [["http://scheme.com:8080"], "http://scheme.com:8080", "allowed"],
  [["http://scheme.com:8080"], "http://scheme.com", "refused"],
  [["//*.ex.com:8443"], "https://org1.ex.com:8443", "allowed"],
  [["//*.ex.com:8443"], "https://org1.ex.com", "refused"],
  [["https://example.com/"], "https://example.com", "allowed"],
  [[], "http://host.com", "refused"],
])("with the list %j the page %s is %s, as in Phoenix", (list, origin, expected) => {
  expect(verdict(list, origin)).toBe(expected);
});

test("an item without slashes is a host, or all hosts below one", () => {
  expect(verdict(["example.com"], "http://example.com")).toBe("allowed");
  expect(verdict(["*.example.com"], "https://a.example.com:99")).toBe("allowed");
  expect(verdict(["*.example.com"], "https://a.example.org")).toBe("refused");
});
