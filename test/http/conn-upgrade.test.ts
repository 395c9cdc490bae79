import { AlreadySentError, type PlugFn, router } from "hornbeam/http";
import { conn, sentUpgrades } from "hornbeam/http/test";
import { describe, expect, test } from "vitest";
import { ask, serving } from "./support.ts";

const takeover = async (): Promise<void> => {};

describe("conn.upgrade", () => {
  test("is granted what the client asks for: the conn is upgraded, and has no response", () => {
    const upgraded = conn("GET", "/").putRespHeader("x-a", "1").upgrade("websocket", takeover);
    expect([upgraded.state, upgraded.status, upgraded.respBody]).toEqual(["upgraded", undefined, undefined]);
    const [upgrade] = sentUpgrades(upgraded);
    expect(upgrade).toMatchObject({ protocol: "websocket", takeover });
    expect(upgrade?.headers).toContainEqual(["x-a", "1"]);
  });

  test("is refused another protocol, with what was asked for", () => {
    expect(() => conn("GET", "/").upgrade("spdy", takeover)).toThrow(
      "upgrade: expected a protocol that the client asks for and this server has, got: spdy",
    );
  });

  test("is refused once a response is sent, and a response once it is granted", () => {
    expect(() => conn("GET", "/").text("").upgrade("websocket", takeover)).toThrow(AlreadySentError);
    const upgraded = conn("GET", "/").upgrade("websocket", takeover);
    expect(() => upgraded.sendResp(200, "")).toThrow(AlreadySentError);
    expect(() => upgraded.putRespHeader("x-a", "1")).toThrow(AlreadySentError);
    expect(() => upgraded.upgrade("websocket", takeover)).toThrow(AlreadySentError);
  });
});

describe("over a connection", () => {
  const UPGRADE = ["Connection: Upgrade", "Upgrade: websocket"];
  const site = router()
    .get("/echo", (it) =>
      it.putRespHeader("x-a", "1").upgrade("websocket", async ({ socket, headers }) => {
        const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
        socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${lines}\r\n`);
        socket.end("hello");
      }),
    )
    .match("/*path", (it) => it.text("plain")).plug;

  test("it is handed over when the pipeline has ended, and nothing else is sent", () =>
    serving({ plug: site }, async (live) => {
      const client = await live.connect();
      await client.request("GET", "/echo", UPGRADE).closed;
      expect(client.text).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n[\s\S]*x-a: 1\r\n\r\nhello$/);
    }));

  test("a client that does not ask for it, and gets it, is answered with 500", () =>
    serving({ plug: site }, async (live) => {
      expect((await live.get("/echo")).status).toBe(500);
      const client = await live.connect();
      expect((await client.get("/echo", "Connection: Upgrade", "Upgrade: spdy")).status).toBe(500);
    }));
});

test("in the test kit's request, too, a client that asks for none gets none", async () => {
  const upgrades: PlugFn = (it) => it.upgrade("websocket", takeover);
  expect((await ask(upgrades, "GET /", { upgrades: [] })).status).toBe(500);
});
