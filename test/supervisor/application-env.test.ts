import { BadArgument } from "hornbeam";
import { Application, BadSpec, type SupervisorInit, supervisor } from "hornbeam/supervisor";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";

interface Env {
  readonly port: number;
  readonly host?: string;
}

const seen: Env[] = [];
const init = (): SupervisorInit => ({ strategy: "oneForOne", children: [] });

const Web = {
  name: "web",
  description: "the site",
  env: { port: 4000 },
  start: (env) => {
    seen.push(env);
    return supervisor({ init });
  },
} satisfies Application<Env>;

const inSim = (test: (sim: VirtualSystem) => Promise<void>) => () => {
  seen.length = 0;
  return inVirtualTime(test);
};

test(
  "start reads the environment as it stands: what was put, else what the application comes with",
  inSim(async (sim) => {
    await Application.start(sim, Web);
    await Application.stop(sim, Web);
    Application.putEnv(sim, Web, "port", 0);
    Application.putEnv(sim, Web, "host", "::1");
    await Application.start(sim, Web);
    expect(seen).toEqual([{ port: 4000 }, { port: 0, host: "::1" }]);
  }),
);

test(
  "getEnv gives what was put, what the application comes with, or the value for neither; undefined may be put",
  inSim(async (sim) => {
    expect(Application.getEnv(sim, Web, "port")).toBe(4000);
    expect(Application.getEnv(sim, Web, "host")).toBeUndefined();
    expect(Application.getEnv(sim, Web, "host", "localhost")).toBe("localhost");
    Application.putEnv(sim, Web, "port", 1);
    Application.putEnv(sim, Web, "host", undefined);
    expect(Application.getEnv(sim, Web, "port", 2)).toBe(1);
    expect(Application.getEnv(sim, Web, "host", "localhost")).toBeUndefined();
    expect(Application.getAllEnv(sim, Web)).toEqual({ port: 1, host: undefined });
    expect(Web.env).toEqual({ port: 4000 });
  }),
);

test(
  "fetchEnv gives what is there, and throws where there is nothing",
  inSim(async (sim) => {
    expect(Application.fetchEnv(sim, Web, "port")).toBe(4000);
    expect(() => Application.fetchEnv(sim, Web, "host")).toThrow(BadArgument);
    expect(() => Application.fetchEnv(sim, Web, "host")).toThrow(
      "fetchEnv: expected a key of the environment of application 'web', got: 'host'",
    );
  }),
);

test(
  "deleteEnv takes back what was put: what the application comes with counts again",
  inSim(async (sim) => {
    Application.putEnv(sim, Web, "port", 1);
    Application.putEnv(sim, Web, "host", "::1");
    Application.deleteEnv(sim, Web, "port");
    Application.deleteEnv(sim, Web, "host");
    expect(Application.getAllEnv(sim, Web)).toEqual({ port: 4000 });
  }),
);

test(
  "a process reads and sets it like its system does, and another system has its own",
  inSim(async (sim) => {
    Application.putEnv(sim, Web, "port", 1);
    const read: unknown[] = [];
    sim.spawn((self) => {
      read.push(Application.getEnv(self, Web, "port"));
      Application.putEnv(self, Web, "port", 2);
    });
    await sim.idle();
    expect([read, Application.getEnv(sim, Web, "port")]).toEqual([[1], 2]);
    await inVirtualTime((other) => expect(Application.getEnv(other, Web, "port")).toBe(4000));
  }),
);

test("names that every object has are not settings", () =>
  inVirtualTime((sim) => {
    expect(Application.getEnv(sim, Web, "toString" as never)).toBeUndefined();
    expect(Application.getEnv(sim, { name: "bare" }, "constructor" as never)).toBeUndefined();
  }));

test("spec gives what an application says of itself, with what it leaves out", () => {
  const all = { name: "all", applications: [Web] } satisfies Application;
  expect(Application.spec(Web)).toEqual({
    name: "web",
    description: "the site",
    applications: [],
    env: { port: 4000 },
  });
  expect(Application.spec(all)).toEqual({ name: "all", description: "", applications: ["web"], env: {} });
});

test.for([
  [7, "expected an application, got: 7"],
  [{}, "expected the name of an application (a string), got: undefined"],
  [{ name: "" }, "expected the name of an application (a string), got: ''"],
  [{ name: "x", description: 1 }, "expected description of application 'x' to be a string, got: 1"],
  [{ name: "x", env: 1 }, "expected env of application 'x' to be an object, got: 1"],
  [{ name: "x", applications: {} }, "expected applications of application 'x' to be an array of applications, got: {}"],
  [{ name: "x", start: 1 }, "expected start of application 'x' to be a function, got: 1"],
  [{ name: "x", prepStop: 1 }, "expected prepStop of application 'x' to be a function, got: 1"],
  [{ name: "x", stop: 1 }, "expected stop of application 'x' to be a function, got: 1"],
  [{ name: "x", applications: [{ name: "x" }] }, "a circle, got: 'x → x'"],
  [{ name: "x", applications: [{ name: "y" }, { name: "y" }] }, "got: two applications called 'y'"],
] as const)("%o is refused: %s", ([app, message]) => {
  expect(() => Application.spec(app as never)).toThrow(message);
  expect(() => Application.spec(app as never)).toThrow(BadSpec);
});

test("putEnv wants a key that is a string, and a caller that is a process or a system", () =>
  inVirtualTime((sim) => {
    expect(() => Application.putEnv(sim, Web, 1 as never, 1 as never)).toThrow("expected a key (a string), got: 1");
    expect(() => Application.putEnv({} as unknown as VirtualSystem, Web, "port", 1)).toThrow(
      "expected a process (self) or a system",
    );
  }));
