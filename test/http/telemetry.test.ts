import {
  type Conn,
  type PlugFn,
  PlugTelemetry,
  type PlugTelemetryEvents,
  type PlugTelemetryOptions,
  pipeline,
  plug,
} from "hornbeam/http";
import { request } from "hornbeam/http/test";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";

declare module "hornbeam" {
  interface TelemetryEvents {
    "pipeline.start": PlugTelemetryEvents["start"];
    "pipeline.stop": PlugTelemetryEvents["stop"];
  }
}

/** The events of a request through a Telemetry plug and another one. */
function events(last: PlugFn<any, any>): Promise<[event: string, ...PlugTelemetryEvents["start" | "stop"]][]> {
  return inVirtualTime(async (sim) => {
    const seen: [string, ...PlugTelemetryEvents["start" | "stop"]][] = [];
    sim.telemetry.on("pipeline.start", (...args) => void seen.push(["start", ...args]));
    sim.telemetry.on("pipeline.stop", (...args) => void seen.push(["stop", ...args]));
    const options = { eventPrefix: "pipeline", options: { extra: "hello" } };
    await request(sim, pipeline().plug(plug(PlugTelemetry, options)).plug(last), "GET", "/x");
    return seen;
  });
}

describe("the Telemetry plug", () => {
  test("emits an event before the pipeline, and one before the response leaves", async () => {
    const [start, stop, ...more] = await events(async (conn: Conn<any>) => {
      await conn.self.sleep(40);
      return conn.sendResp(201, "made");
    });
    expect(more).toEqual([]);
    expect(start?.[1]).toEqual({ time: expect.any(Number) });
    expect(stop?.[1]).toEqual({ duration: 40 });
    for (const event of [start, stop]) {
      expect(Object.keys(event?.[2] ?? {})).toEqual(["conn", "options"]);
      expect(event?.[2].options).toEqual({ extra: "hello" });
    }
    expect([start?.[2].conn.state, start?.[2].conn.requestPath]).toEqual(["unset", "/x"]);
    expect([stop?.[2].conn.state, stop?.[2].conn.status, stop?.[2].conn.respBody]).toEqual(["set", 201, "made"]);
  });

  test("emits no second event when nothing is sent", async () => {
    expect((await events((conn) => conn)).map(([event]) => event)).toEqual(["start"]);
  });

  test("emits no second event when the pipeline crashes", async () => {
    const crashes = () => {
      throw new Error("crash");
    };
    expect((await events(crashes)).map(([event]) => event)).toEqual(["start"]);
  });

  test("is told its prefix", () => {
    const message = "PlugTelemetry: expected eventPrefix to be words with dots between, got: undefined";
    expect(() => plug(PlugTelemetry, {} as PlugTelemetryOptions)).toThrow(message);
    expect(() => PlugTelemetry.init(undefined as unknown as PlugTelemetryOptions)).toThrow(message);
  });

  test.each([1, "", "a.", ".a", "a b", ["a"]])("refuses the prefix %j", (eventPrefix) => {
    expect(() => plug(PlugTelemetry, { eventPrefix } as PlugTelemetryOptions)).toThrow(
      "PlugTelemetry: expected eventPrefix to be words with dots between, got: ",
    );
  });
});
