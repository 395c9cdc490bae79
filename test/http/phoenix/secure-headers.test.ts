import { pipeline, putSecureBrowserHeaders } from "hornbeam/http";
import { expect, test } from "vitest";
import { ask } from "../support.ts";

const NAMES = [
  "referrer-policy",
  "content-security-policy",
  "x-content-type-options",
  "x-permitted-cross-domain-policies",
];
const shown = async (plug: ReturnType<typeof pipeline>) => {
  const answer = await ask(plug.plug((conn) => conn.text("")));
  return NAMES.map((name) => answer.header(name));
};

test("putSecureBrowserHeaders puts what has browsers be careful", async () => {
  expect(await shown(pipeline().plug(putSecureBrowserHeaders()))).toEqual([
    "strict-origin-when-cross-origin",
    "base-uri 'self'; frame-ancestors 'self';",
    "nosniff",
    "none",
  ]);
});

test("putSecureBrowserHeaders does not override what a plug before has put, unless it is given", async () => {
  const before = pipeline().plug((conn) =>
    conn.putRespHeader("referrer-policy", "no-referrer").putRespHeader("x-content-type-options", "mine"),
  );
  expect(await shown(before.plug(putSecureBrowserHeaders({ "X-Content-Type-Options": "yours" })))).toEqual([
    "no-referrer",
    "base-uri 'self'; frame-ancestors 'self';",
    "yours",
    "none",
  ]);
});

test("putSecureBrowserHeaders puts any header that is given, and refuses bad ones when it is declared", async () => {
  const answer = await ask(
    pipeline()
      .plug(putSecureBrowserHeaders({ "x-frame-options": "DENY" }))
      .plug((conn) => conn.text("")),
  );
  expect(answer.header("x-frame-options")).toBe("DENY");
  expect(() => putSecureBrowserHeaders({ "x-a": "a\nb" })).toThrow("without line breaks");
});
