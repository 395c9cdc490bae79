import {
  type AfterSend,
  around,
  type Conn,
  forward,
  type Plug,
  type PlugFn,
  pipeline,
  plug,
  plugAtRuntime,
  runPlugs,
  when,
} from "hornbeam/http";
import { call, conn, sentResp } from "hornbeam/http/test";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";

const marks =
  (mark: string) =>
  (it: Conn<any>): Conn<any> =>
    it.assign("marks", [...(it.assigns.marks ?? []), mark]);
const guard: PlugFn<any, any> = (it) => it.resp(401, "no").halt();
const later =
  (inner: PlugFn<any, any>): PlugFn<any, any> =>
  async (it) =>
    inner(it);

describe("runPlugs", () => {
  test("runs plugs in order, each with the conn that the one before returned", async () => {
    const plugs = [marks("1"), later(marks("2")), marks("3")];
    expect((await runPlugs(conn("GET", "/"), plugs)).assigns.marks).toEqual(["1", "2", "3"]);
  });

  test("gives a conn that is halted back as it is, and runs nothing", () => {
    const halted = conn("GET", "/").halt() as unknown as Conn;
    const never = (): never => {
      throw new Error("run");
    };
    expect(runPlugs(halted, [never])).toBe(halted);
  });

  test.each([
    ["at once", guard],
    ["later", later(guard)],
  ])("stops at the plug that halts %s", async (_, halts) => {
    const done = await runPlugs(conn("GET", "/"), [marks("1"), halts, marks("2")]);
    expect([done.halted, done.assigns.marks, sentResp(done).status]).toEqual([true, ["1"], 401]);
  });

  test("refuses what a plug returns that is no conn, by the name of the plug, before the next one runs", () => {
    const forgetful = () => undefined as unknown as Conn;
    const never = (): never => {
      throw new Error("run");
    };
    expect(() => runPlugs(conn("GET", "/"), [forgetful, never])).toThrow(
      /^expected plug forgetful at .* to return a conn, got: undefined; is a return missing\?$/,
    );
  });

  test("refuses what is no plug, and options that are none", () => {
    expect(() => runPlugs(conn("GET", "/"), ["x" as never])).toThrow("expected a function plug, got: 'x'");
    expect(() => runPlugs(conn("GET", "/"), [], { logOnHalt: "loud" as never })).toThrow(
      "runPlugs: expected logOnHalt to be one of debug, info, warning, error, got: 'loud'",
    );
  });
});

describe("logOnHalt", () => {
  /** What is reported of halts while a plug runs. */
  const reported = (plug: PlugFn<any, any>): Promise<object[]> =>
    inVirtualTime(async (sim) => {
      const seen: object[] = [];
      sim.telemetry.on("http.pipeline.halt", (_, { pipeline: name, plug: by, level }) => {
        seen.push({ name, by: by.replace(/ at .*/, ""), level });
      });
      await call(plug, conn(sim, "GET", "/"));
      return seen;
    });

  test.each(["debug", "info", "warning", "error"] as const)(
    "reports once which plug has halted, at level %s",
    async (level) => {
      const all = pipeline({ name: "browser", logOnHalt: level }).plug(marks("1")).plug(guard).plug(marks("2"));
      expect(await reported(all)).toEqual([{ name: "browser", by: "guard", level }]);
      const run: PlugFn<any, any> = (it) => runPlugs(it, [guard], { logOnHalt: level });
      expect(await reported(run)).toEqual([{ name: "runPlugs", by: "guard", level }]);
      expect(await reported(pipeline({ logOnHalt: level }).plug(later(guard)))).toMatchObject([{ level }]);
    },
  );

  test("reports nothing when no plug halts, or the conn was halted before, or it is not set", async () => {
    expect(await reported(pipeline({ logOnHalt: "info" }).plug(marks("1")))).toEqual([]);
    const inner = pipeline({ logOnHalt: "info" }).plug(marks("1"));
    expect(await reported((it) => inner(it.halt() as unknown as Conn))).toEqual([]);
    expect(await reported(pipeline().plug(guard))).toEqual([]);
  });

  test("is one of the levels", () => {
    expect(() => pipeline({ logOnHalt: "loud" as never })).toThrow("pipeline: expected logOnHalt to be one of debug, ");
  });
});

describe("afterSend: a plug has sent and does not halt", () => {
  const sends: PlugFn<any, any> = (it) => it.text("sent");
  const run = (afterSend?: AfterSend) =>
    inVirtualTime(async (sim) => {
      const told: string[] = [];
      sim.telemetry.on("http.pipeline.sent", (_, metadata) => void told.push(metadata.afterSend));
      const options = afterSend === undefined ? {} : { afterSend };
      const done = await call(pipeline(options).plug(sends).plug(marks("next")), conn(sim, "GET", "/"));
      return [done.assigns, told];
    });

  test.each<[afterSend: AfterSend | undefined, ran: boolean, told: string[]]>([
    [undefined, true, []],
    ["plug", true, []],
    ["warn", true, ["warn"]],
    ["halt", false, ["halt"]],
  ])("with %s", async (afterSend, ran, told) => {
    expect(await run(afterSend)).toEqual([ran ? { marks: ["next"] } : {}, told]);
  });

  test("says nothing when nothing was to follow", () =>
    inVirtualTime(async (sim) => {
      const told: unknown[] = [];
      sim.telemetry.on("http.pipeline.sent", (_, metadata) => void told.push(metadata));
      await call(pipeline({ afterSend: "halt" }).plug(sends), conn(sim, "GET", "/"));
      expect(told).toEqual([]);
    }));

  test("may be nothing else", () => {
    expect(() => pipeline({ afterSend: "stop" as never })).toThrow(
      "pipeline: expected afterSend to be one of halt, warn, plug",
    );
  });
});

describe("forward", () => {
  const seen: PlugFn<any, any> = (it) => it.assign("seen", [it.pathInfo, it.scriptName, it.requestPath]);

  test.each([
    ["at once", seen],
    ["later", later(seen)],
  ])(
    "hands over the rest of the path, and restores path and script name when the conn comes back %s",
    async (_, target) => {
      const back = await forward(conn("GET", "/a/b%20c/d"), 2, target);
      expect(back.assigns.seen).toEqual([["d"], ["a", "b%20c"], "/a/b%20c/d"]);
      expect([back.pathInfo, back.scriptName, back.requestPath]).toEqual([["a", "b%20c", "d"], [], "/a/b%20c/d"]);
    },
  );

  test("adds to the script name when it is nested", async () => {
    const done = await forward(conn("GET", "/a/b/c"), 1, (it) => forward(it, 1, seen));
    expect(done.assigns.seen).toEqual([["c"], ["a", "b"], "/a/b/c"]);
    expect(done.scriptName).toEqual([]);
  });

  test("keeps everything else that the target has done, and that it halted", async () => {
    const done = await forward(conn("GET", "/a"), 1, (it) => it.assign("x", 1).resp(403, "no").halt());
    expect([done.assigns, done.halted, sentResp(done).status]).toEqual([{ x: 1 }, true, 403]);
  });
});

describe("around", () => {
  const wraps = around(pipeline().plug(marks("in")), async (it, next) => {
    const done = await next(marks("before")(it));
    return marks("after")(done);
  });

  test("runs code before and after a plug", async () => {
    expect((await call(wraps, conn("GET", "/"))).assigns).toEqual({ marks: ["before", "in", "after"] });
  });

  test("runs the code after it on a conn that is halted, too", async () => {
    const done = await call(
      around(guard, async (it, next) => marks("after")(await next(it))),
      conn("GET", "/"),
    );
    expect([done.halted, done.assigns.marks]).toEqual([true, ["after"]]);
  });

  test("may catch what the plug throws, and leave the plug out", async () => {
    const broken = (): never => {
      throw new Error("broken");
    };
    const catches = around(broken, async (it, next) => {
      try {
        return await next(it);
      } catch (error) {
        return it.sendResp(502, String(error));
      }
    });
    expect(sentResp(await call(catches, conn("GET", "/")))).toMatchObject({ status: 502, body: "Error: broken" });
    expect(
      sentResp(
        await call(
          around(broken, (it) => it.text("left out")),
          conn("GET", "/"),
        ),
      ).body,
    ).toBe("left out");
  });

  test("has the name of the plug that it is around", () => {
    expect(around(guard, (it) => it).name).toBe("guard");
  });
});

test("a plug behind a guard runs only for conns that pass it; others go on unchanged", async () => {
  const all = pipeline()
    .plug(when((it: Conn<any>) => it.method === "POST", marks("post")))
    .plug(marks("all"));
  expect((await call(all, conn("POST", "/"))).assigns).toEqual({ marks: ["post", "all"] });
  expect((await call(all, conn("GET", "/"))).assigns).toEqual({ marks: ["all"] });
});

test("a module plug is initialised once when the pipeline is built, or for each request if it is said so", async () => {
  const log: string[] = [];
  const Counted = {
    init: (options: string) => {
      log.push(`init ${options}`);
      return `${options}!`;
    },
    call: (it: Conn, ready: string) => {
      log.push(`call ${ready}`);
      return it;
    },
  } satisfies Plug;
  const [once, always] = [plug(Counted, "once"), plugAtRuntime(Counted, "always")];
  expect(log.splice(0)).toEqual(["init once"]);
  for (let i = 0; i < 2; i++) await call(pipeline().plug(once).plug(always), conn("GET", "/"));
  const round = ["call once!", "init always", "call always!"];
  expect(log).toEqual([...round, ...round]);
  expect(() => plugAtRuntime({ init: () => 1 } as unknown as Plug)).toThrow(
    "expected a plug module with init and call",
  );
});
