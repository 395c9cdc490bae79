import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decode,
  encodeBroadcast,
  encodeClose,
  encodeError,
  encodePush,
  encodeReply,
  MalformedFrame,
} from "../../channels/frame.ts";

const thrownBy = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error;
  }
};

test("a frame is read from an array of five", () => {
  expect(decode('["1","2","room:a","say",{"text":"hi"}]')).toEqual({
    joinRef: "1",
    ref: "2",
    topic: "room:a",
    event: "say",
    payload: { text: "hi" },
  });
});

test("what follows the fifth element is ignored", () => {
  const frame = decode('[null,"7","phoenix","heartbeat",{},"more",{"and":"more"}]');
  expect(frame).toEqual({ joinRef: null, ref: "7", topic: "phoenix", event: "heartbeat", payload: {} });
});

test.each([
  ["nothing", ""],
  ["no JSON", "hello{"],
  ["half a frame", '["1","1","room:a","phx_join",{'],
  ["an object", '{"topic":"phoenix","event":"heartbeat","payload":{},"ref":"1"}'],
  ["a string", '"phx_join"'],
  ["a number", "5"],
  ["null", "null"],
  ["an empty array", "[]"],
  ["an array of four", '["1","1","room:a","phx_join"]'],
  ["an object that has a length", '{"length":5,"0":null}'],
])("%s is not a frame, and the error shows what came", (_, text) => {
  const error = thrownBy(() => decode(text));
  expect(error).toBeInstanceOf(MalformedFrame);
  expect((error as Error).message).toMatch(/^expected (a JSON array|\[join_ref, ref, topic, event, payload\]), got: ./);
});

test("the error of a large malformed frame is short", () => {
  const error = thrownBy(() => decode("x".repeat(1_000_000))) as Error;
  expect(error.message.length).toBeLessThan(600);
});

test("whatever text comes, it is a frame or it is a MalformedFrame", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.json(),
    fc.array(fc.jsonValue()).map((v) => JSON.stringify(v)),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const result = thrownBy(() => decode(text));
      if (!(result instanceof MalformedFrame)) {
        expect(Object.keys(result as object)).toEqual(["joinRef", "ref", "topic", "event", "payload"]);
      }
    }),
    { numRuns: 500 },
  );
});

test.each([
  ["a string", "4"],
  ["a number", 4],
  ["null", null],
  ["a boolean", false],
  ["an array", [1, { a: 2 }]],
])("a ref that is %s comes back as it was sent", (_, ref) => {
  const { joinRef, ref: sent } = decode(JSON.stringify([ref, ref, "room:a", "say", {}]));
  expect(JSON.parse(encodeReply(joinRef, sent, "room:a", "ok", {}))).toEqual([
    ref,
    ref,
    "room:a",
    "phx_reply",
    { status: "ok", response: {} },
  ]);
});

test("every frame that is sent has exactly five elements, as Phoenix writes them", () => {
  expect([
    encodeReply("1", "2", "room:a", "error", { reason: "no" }),
    encodeReply("1", "2", "room:a", "ok", undefined),
    encodePush("1", "room:a", "news", { n: 1 }),
    encodeBroadcast("room:a", "news", { n: 1 }),
    encodeClose("1", "room:a"),
    encodeError("1", "room:a"),
  ]).toEqual([
    '["1","2","room:a","phx_reply",{"status":"error","response":{"reason":"no"}}]',
    '["1","2","room:a","phx_reply",{"status":"ok","response":{}}]',
    '["1",null,"room:a","news",{"n":1}]',
    '[null,null,"room:a","news",{"n":1}]',
    '["1","1","room:a","phx_close",{}]',
    '["1","1","room:a","phx_error",{"reason":"channel_crash"}]',
  ]);
});

test("a reply may carry any JSON value", () => {
  for (const response of [[1, 2], "text", 0, false]) {
    expect(JSON.parse(encodeReply("1", "2", "room:a", "ok", response))[4]).toEqual({ status: "ok", response });
  }
});

const senders = [
  ["push", (event: unknown, payload: unknown) => encodePush("1", "room:a", event as string, payload)],
  ["broadcast", (event: unknown, payload: unknown) => encodeBroadcast("room:a", event as string, payload)],
] as const;

test.each(senders)("a %s of an event of the protocol is refused", (_, encode) => {
  for (const event of ["phx_reply", "phx_close", "phx_error", "phx_join", "phx_leave", "phx_", "", 7, undefined]) {
    expect(() => encode(event, {})).toThrow(/expected an event name that does not begin with phx_, got: /);
  }
});

test.each(senders)("a %s of something that is not an object is refused", (_, encode) => {
  for (const payload of ["text", 1, true, null, undefined, [1, 2]]) {
    expect(() => encode("news", payload)).toThrow(/expected the payload of news to be an object, got: /);
  }
});
