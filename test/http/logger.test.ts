import { type Level, onReport } from "hornbeam";
import { type Conn, Logger, type LoggerOptions, type PlugFn, pipeline, plug, RequestId } from "hornbeam/http";
import { request } from "hornbeam/http/test";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { serving } from "./support.ts";

/** What is reported of a request, line by line: `info: GET /`. */
function logged(through: PlugFn<any, any>, what = "GET /"): Promise<string[]> {
  const [method, target] = what.split(" ", 2) as [string, string];
  return inVirtualTime(async (sim) => {
    const lines: string[] = [];
    const write = (level: Level, text: string, event: string) => {
      if (event === "http.log" || event === "http.pipeline.halt") lines.push(`${level}: ${text}`);
    };
    onReport(sim.telemetry, write, "debug");
    await request(sim, through, method, target);
    return lines;
  });
}

const hello = (conn: Conn<any>) => conn.sendResp(200, "hello");
const withLogger = (options?: LoggerOptions, last: PlugFn<any, any> = hello) =>
  pipeline().plug(plug(Logger, options)).plug(last);

describe("the Logger", () => {
  test("reports the request and its response, with the time between", async () => {
    const slow = async (conn: Conn<any>) => {
      await conn.self.sleep(5);
      return hello(conn);
    };
    expect(await logged(withLogger({}, slow))).toEqual(["info: GET /", "info: Sent 200 in 5ms"]);
  });

  test("tells times below a millisecond in microseconds", async () => {
    expect(await logged(withLogger())).toEqual(["info: GET /", "info: Sent 200 in 0µs"]);
  });

  test.each(["/hello/world", "//a//b/", "/a%20b", "/%C3%A9"])("reports the path %s as it came", async (path) => {
    expect((await logged(withLogger(), `GET ${path}?secret=1`))[0]).toBe(`info: GET ${path}`);
  });

  test("calls a response in chunks one, before the first of them", async () => {
    const stream = async (conn: Conn<any>) => {
      const open = conn.sendChunked(200);
      await conn.self.sleep(1000);
      await open.chunk("late");
      return open;
    };
    expect(await logged(withLogger({}, stream))).toEqual(["info: GET /", "info: Chunked 200 in 0µs"]);
  });

  test("tells the status that hooks have settled on, and all the time, because it stands first", async () => {
    const changes = (conn: Conn<any>) => conn.registerBeforeSend((last) => last.resp(418, ""));
    expect((await logged(withLogger({}, pipeline().plug(changes).plug(hello))))[1]).toBe("info: Sent 418 in 0µs");
  });

  test("reports a halt once, at the level of its pipeline, with its name and the plug's", async () => {
    const halter = (conn: Conn<any>) => conn.sendResp(200, "").halt();
    const lines = await logged(pipeline({ name: "guarded", logOnHalt: "debug" }).plug(halter).plug(hello));
    expect(lines.map((line) => line.replace(/ at \S+$/, ""))).toEqual(["debug: guarded halted in halter"]);
  });

  test.each<Level>(["debug", "info", "warning", "error"])("reports at level %s", async (level) => {
    expect(await logged(withLogger({ level }))).toEqual([`${level}: GET /`, `${level}: Sent 200 in 0µs`]);
  });

  test("asks for the level of each request, which may be none", async () => {
    const level = (conn: Conn) => (conn.requestPath === "/health" ? false : "warning");
    expect(await logged(withLogger({ level }), "GET /health")).toEqual([]);
    expect(await logged(withLogger({ level }), "GET /other")).toHaveLength(2);
    expect(await logged(withLogger({ level: false }))).toEqual([]);
  });

  test("says the request's id once it has one", async () => {
    const through = pipeline().plug(plug(RequestId)).plug(withLogger());
    const [first, second] = await logged(through);
    expect(first).toMatch(/^info: requestId=[\w-]{22} GET \/$/);
    expect(second).toMatch(/^info: requestId=[\w-]{22} Sent 200 in 0µs$/);
  });

  test("refuses a level that there is not, when it is built or when a function gives it", async () => {
    const wrong = "loud" as Level;
    const message = "Logger: expected level to be debug, info, warning, error or false, got: 'loud'";
    expect(() => plug(Logger, { level: wrong })).toThrow(message);
    const { reason } = await inVirtualTime((sim) => request(sim, withLogger({ level: () => wrong }), "GET", "/"));
    expect(String(reason)).toContain(message);
  });
});

test("the verbose Logger says whether the connection stays open", () =>
  serving({ plug: withLogger({ verbose: true }) }, async (live) => {
    const lines: string[] = [];
    onReport(live.sim.telemetry, (_, text, event) => void (event === "http.log" && lines.push(text)));
    const client = await live.connect();
    await client.get("/a");
    client.request("GET", "/b", ["Connection: close"]);
    await client.answer();
    expect(lines).toEqual([
      "GET /a",
      expect.stringMatching(/^Sent 200 in \d+[µm]s \(conn kept open\)$/),
      "GET /b",
      expect.stringMatching(/^Sent 200 in \d+[µm]s \(conn closes\)$/),
    ]);
  }));
