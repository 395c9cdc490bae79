import { once } from "node:events";
import { connect } from "node:net";
import { error, ok, reply } from "hornbeam";
import { type Channel, type SocketOptions, socket, type UserSocket } from "hornbeam/channels";
import { httpInfo } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { Line, REAL, rawRequest, serve, upgradeHeaders } from "./live.ts";
import { replied } from "./support.ts";

const Room: Channel<{ params: unknown }> = {
  join: (_topic, _payload, socket) => reply(socket.assigns.params, socket),
};
const Visitors: UserSocket = {
  connect: (params, socket) => {
    if (params.token === "bad") return error("the token is bad");
    if (params.token === "later") return Promise.resolve(error({ reason: "the token is late" }));
    if (params.token === "throw") throw new Error("oops");
    if (params.token === "odd") return undefined as any;
    return ok(socket.assign("params", params));
  },
  channels: { "room:*": Room },
};

const V2 = "/socket/websocket?vsn=2.0.0";
const beat = [null, "9", "phoenix", "heartbeat", {}];
const beaten = replied(null, "9", "phoenix", "ok");

/** Sends one request for an upgrade beside a client that is connected, which must not notice. */
async function asked(
  head: string,
  options: SocketOptions = {},
): Promise<{ status: string; body: string; text: string; refused: unknown[] }> {
  let text = "";
  const refused: unknown[] = [];
  await serve(Visitors, options, async ({ port, dial, sim }) => {
    sim.telemetry.on("channels.socket.refused", (_, { reason }) => void refused.push(reason));
    const bystander = await dial();
    text = await rawRequest(port, head);
    expect(await httpInfo(sim), "nobody else is affected").toMatchObject({ sockets: 1 });
    expect(await bystander.asks(beat)).toEqual(beaten);
  });
  const [status = ""] = text.split("\r\n");
  return { status, body: text.slice(text.indexOf("\r\n\r\n") + 4), text, refused };
}
const get = (path: string, headers: Record<string, string | undefined> = {}) =>
  `GET ${path} HTTP/1.1\r\n${upgradeHeaders(headers)}`;

describe("a connection is refused with 403 and an empty body", () => {
  test.each([
    ["without a version", "/socket/websocket"],
    ["version 1.0.0", "/socket/websocket?vsn=1.0.0"],
    ["version 2.1.0", "/socket/websocket?vsn=2.1.0"],
    ["version 3.0.0", "/socket/websocket?vsn=3.0.0"],
    ["version abc", "/socket/websocket?vsn=abc"],
    ["version 2.0", "/socket/websocket?vsn=2.0"],
    ["a version that is a list", "/socket/websocket?vsn[]=2.0.0"],
    ["a version that is a map", "/socket/websocket?vsn[a]=2.0.0"],
    ["the last version counts", "/socket/websocket?vsn=2.0.0&vsn=1.0.0"],
    ["connect says error", `${V2}&token=bad`],
    ["connect says error later", `${V2}&token=later`],
  ])(
    "%s",
    async (_, path) => {
      const { status, body, refused } = await asked(get(path));
      expect([status, body]).toEqual(["HTTP/1.1 403 Forbidden", ""]);
      expect(refused).toHaveLength(1);
    },
    REAL,
  );

  test(
    "a page of another origin",
    async () => {
      const { status, body } = await asked(get(V2, { Origin: "http://evil.com" }));
      expect([status, body]).toEqual(["HTTP/1.1 403 Forbidden", ""]);
    },
    REAL,
  );

  test(
    "a page that is not in the list",
    async () => {
      const { status } = await asked(get(V2, { Origin: "http://127.0.0.1" }), { checkOrigin: ["https://example.com"] });
      expect(status).toBe("HTTP/1.1 403 Forbidden");
    },
    REAL,
  );
});

describe("what is no request for a WebSocket is answered with 400 and the reason", () => {
  test.each([
    ["another protocol", get(V2, { Upgrade: "h2c" }), /Upgrade: websocket/],
    ["no key", get(V2, { "Sec-WebSocket-Key": undefined }), /Sec-WebSocket-Key/],
    ["a key that is too short", get(V2, { "Sec-WebSocket-Key": "c2hvcnQ=" }), /Sec-WebSocket-Key/],
    ["no version", get(V2, { "Sec-WebSocket-Version": undefined }), /Sec-WebSocket-Version 13/],
    ["version 8", get(V2, { "Sec-WebSocket-Version": "8" }), /Sec-WebSocket-Version 13/],
    ["no upgrade", get(V2, { Upgrade: undefined, Connection: "close" }), /Upgrade: websocket/],
    ["a POST", `POST ${V2} HTTP/1.1\r\n${upgradeHeaders({ "Content-Length": "0" })}`, /GET/],
    ["a subprotocol twice", get(V2, { "Sec-WebSocket-Protocol": "a, a" }), /Sec-WebSocket-Protocol/i],
    ["a broken subprotocol", get(V2, { "Sec-WebSocket-Protocol": "a,,b" }), /Sec-WebSocket-Protocol/i],
  ])(
    "%s",
    async (_, head, why) => {
      const { status, body } = await asked(head);
      expect(status).toBe("HTTP/1.1 400 Bad Request");
      expect(body).toMatch(why);
    },
    REAL,
  );
});

test(
  "the 400 of an unknown WebSocket version names the one that is spoken",
  async () => {
    const { text } = await asked(get(V2, { "Sec-WebSocket-Version": "8" }));
    expect(text.toLowerCase()).toContain("\r\nsec-websocket-version: 13\r\n");
  },
  REAL,
);

test.each([
  "/socket/nope?vsn=2.0.0",
  "/socket?vsn=2.0.0",
  "/socket/websocket/more?vsn=2.0.0",
  "/other/websocket?vsn=2.0.0",
])(
  "%s is 404",
  async (path) => {
    const { status } = await asked(get(path));
    expect(status).toBe("HTTP/1.1 404 Not Found");
  },
  REAL,
);

test.each(["throw", "odd"])(
  "a connect that goes wrong (%s) is 500, and says nothing more",
  async (token) => {
    const { status, body } = await asked(get(`${V2}&token=${token}`));
    expect(status).toBe("HTTP/1.1 500 Internal Server Error");
    expect(body).not.toMatch(/oops|connect/);
  },
  REAL,
);

test.each([
  ["2.0.0", {}, "http://127.0.0.1"],
  ["2.0.5", { checkOrigin: false }, "http://evil.com"],
  ["2.0.0", { checkOrigin: ["//*.example.com"] }, "https://chat.example.com"],
])(
  "version %s with %j and the origin %s is let in",
  (vsn, options, origin) =>
    serve(Visitors, options, async ({ port, sim }) => {
      const url = `ws://127.0.0.1:${port}/socket/websocket?vsn=${vsn}`;
      const line = new Line(
        new WebSocket(url, { origin: origin === "http://127.0.0.1" ? `${origin}:${port}` : origin }),
      );
      line.webSocket.on("open", () => line.says(beat));
      expect(await line.hears()).toEqual(beaten);
      expect(await httpInfo(sim)).toMatchObject({ sockets: 1 });
      line.webSocket.terminate();
      await line.closed;
    }),
  REAL,
);

test(
  "connect gets the parameters as they are in the query, decoded",
  () =>
    serve(Visitors, {}, async ({ dial }) => {
      const line = await dial("&user%5Bid%5D=1&a[]=x&a[]=y&name=%C5%BE+%F0%9F%90%8E&twice=1&twice=2");
      expect(await line.enters("room:a")).toEqual(
        replied("1", "1", "room:a", "ok", { vsn: "2.0.0", user: { id: "1" }, a: ["x", "y"], name: "ž 🐎", twice: "2" }),
      );
    }),
  REAL,
);

test(
  "a client that hangs up while connect decides leaves nothing behind, and disturbs nobody",
  async () => {
    const [door, entered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const Slow: UserSocket = {
      ...Visitors,
      connect: async (params, socket) => {
        if (params.slow === undefined) return ok(socket);
        entered.resolve();
        await door.promise;
        return ok(socket);
      },
    };
    await serve(Slow, {}, async ({ port, dial, sim }) => {
      const bystander = await dial();
      const net = connect(port, "127.0.0.1");
      const over = once(net, "close");
      net.resume();
      net.end(`${get(`${V2}&slow=1`)}\r\n`);
      await entered.promise;
      await bystander.asks(beat);
      door.resolve();
      await Promise.race([over, bystander.closed]);
      expect(await bystander.asks(beat)).toEqual(beaten);
      expect(await httpInfo(sim)).toMatchObject({ sockets: 1 });
    });
  },
  REAL,
);

test.each([
  [undefined],
  [{}],
  [{ connect: () => {} }],
  [{ connect: () => {}, channels: { "room:*": {} } }],
  [{ connect: () => {}, channels: { "room:*": { ...Room, handleIn: { a: 1 } } } }],
])("what is no user socket is refused when it is mounted (%#)", (module) => {
  expect(() => socket(module as unknown as UserSocket)).toThrow(/^expected .*, got: /);
});
