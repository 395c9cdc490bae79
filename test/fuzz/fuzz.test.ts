import { describe, expect, test } from "vitest";
import { misanswered } from "./answers.ts";
import { fuzz } from "./http.ts";

const LONG = 60_000;

test(
  "3,000 mutated requests find nothing: no crash, no hang, no leak, and nothing malformed reaches a plug",
  async () => {
    const { finding, requests, statuses, end } = await fuzz({ requests: 3000, seed: 1, growth: 16_000_000 });
    expect(finding).toBeUndefined();
    expect(requests).toBeGreaterThanOrEqual(3000);
    expect(end?.refused).toBeGreaterThan(100);
    for (const status of [200, 400, 414, 417, 431, 501, 505]) expect(statuses[status]).toBeGreaterThan(0);
  },
  LONG,
);

describe("a server with a fault is found out:", () => {
  test.each([
    ["unchecked", /^a plug has seen /],
    ["crashes", /^the server has ended: 3, by one of the connections \d+ to \d+$/],
    ["leaks", /^the heap has grown by \d+ bytes/],
    ["stalls", /^an honest request was answered after \d+ ms/],
    ["hangs", /^the connection did not end within 1000 ms$/],
    ["smuggles", /^a plug has seen what was in a body$/],
    ["garbles", /^half an answer/],
  ] as const)(
    "one that %s",
    async (fault, what) => {
      const { finding } = await fuzz({
        requests: 3000,
        seed: 1,
        patience: fault === "hangs" ? 1000 : 10_000,
        latency: 700,
        growth: 2_000_000,
        fault,
      });
      expect(finding?.what).toMatch(what);
    },
    LONG,
  );
});

test(
  "what was found is found again by its seed and its number",
  async () => {
    const options = { requests: 3000, seed: 1, fault: "unchecked" } as const;
    const { finding } = await fuzz({ ...options, connections: 1 });
    expect(finding?.raw).toBeDefined();
    const again = await fuzz({ ...options, only: [finding?.index as number, finding?.index as number] });
    expect(again.finding).toEqual(finding);
    expect(again.connections).toBe(1);
  },
  LONG,
);

describe("answers are as long as they say, and follow each other:", () => {
  const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
  test.each([
    ["none", "", undefined],
    ["one", `${ok}ab`, undefined],
    ["two", `${ok}ab${ok}ab`, undefined],
    ["one to HEAD and one to GET", `${ok}${ok}ab`, undefined],
    ["one that is announced", `HTTP/1.1 100 Continue\r\n\r\n${ok}ab`, undefined],
    ["one that is too long", `${ok}abc`, "half an answer"],
    ["one that is too short", `${ok}a`, "half a body"],
    ["one without an end", "HTTP/1.1 200 OK\r\nContent-", "half an answer"],
    ["one that nobody knows", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", "the answer"],
    ["one without a length", "HTTP/1.1 200 OK\r\n\r\nab", "an answer without a length"],
  ])("%s", (_, text, wrong) => {
    expect(misanswered(text, false)?.slice(0, wrong?.length)).toBe(wrong);
  });
});
