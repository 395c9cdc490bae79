import { AlreadySentError, type Conn, InvalidHeaderError, type PlugFn } from "hornbeam/http";
import { conn, putHttpProtocol, sentInforms, sentResp } from "hornbeam/http/test";
import { describe, expect, test } from "vitest";
import { serving } from "./support.ts";

const LINK = [["link", "</app.css>; rel=preload"]] as const;

describe("inform", () => {
  test("sends an informational response; the real one is still to come", () => {
    const informed = conn("GET", "/").inform(103, LINK);
    expect([informed.state, informed.status, sentInforms(informed)]).toEqual([
      "unset",
      undefined,
      [{ status: 103, headers: LINK }],
    ]);
    expect(sentResp(informed.text("real")).body).toBe("real");
  });

  test("takes a status by its name, and needs no headers", () => {
    expect(sentInforms(conn("GET", "/").inform("earlyHints"))).toEqual([{ status: 103, headers: [] }]);
  });

  test.each<[how: string, send: (it: Conn) => Conn]>([
    ["sent", (it) => it.text("")],
    ["in chunks", (it) => it.sendChunked(200)],
    ["upgraded", (it) => it.upgrade("websocket", async () => {})],
  ])("is refused once the response is %s", (_, send) => {
    const done = send(conn("GET", "/"));
    expect(() => done.inform(103)).toThrow(AlreadySentError);
    expect(() => done.informOrThrow(103)).toThrow(AlreadySentError);
  });

  test.each([200, 99, 404, "ok", 101])("is refused the status %s, also when the response was sent", (status) => {
    const message = "expected an informational status, 100 to 199 and not 101, got: ";
    expect(() => conn("GET", "/").inform(status as number)).toThrow(status === 99 ? "expected a status" : message);
    const sent = conn("GET", "/").text("");
    expect(() => sent.inform(status as number)).not.toThrow(AlreadySentError);
  });

  test("is refused a header that would end its line", () => {
    expect(() => conn("GET", "/").inform(103, [["link", "a\r\nx: y"]])).toThrow(InvalidHeaderError);
  });

  test("to a client of HTTP/1.0 sends nothing, and says nothing; informOrThrow says so", () => {
    const old = putHttpProtocol(conn("GET", "/"), "HTTP/1.0");
    expect(sentInforms(old.inform(103))).toEqual([]);
    expect(() => old.informOrThrow(103)).toThrow(
      "informOrThrow: expected a protocol with informational responses, got: HTTP/1.0",
    );
  });

  test("as informOrThrow does the same where it can", () => {
    expect(sentInforms(conn("GET", "/").informOrThrow(103, LINK))).toEqual([{ status: 103, headers: LINK }]);
  });
});

describe("over a connection", () => {
  const hints: PlugFn = (it) => it.inform(103, LINK).inform(102).text("real");

  test("informational responses come before the real one, and do not disturb it", () =>
    serving({ plug: hints }, async (live) => {
      const client = await live.connect();
      client.request("GET", "/", ["Connection: close"]);
      await client.closed;
      expect(client.text).toMatch(
        /^HTTP\/1\.1 103 Early Hints\r\nlink: <\/app\.css>; rel=preload\r\n\r\nHTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 200 OK\r\n/,
      );
    }));

  test("a client of HTTP/1.0 gets the real one only", () =>
    serving({ plug: hints }, async (live) => {
      const client = await live.connect();
      await client.send("GET / HTTP/1.0\r\n\r\n").closed;
      expect(client.text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(client.text).not.toContain("103");
    }));
});
