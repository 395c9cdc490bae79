import { ok } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import { BadSpec, DynamicSupervisor, Supervisor, supervisor } from "hornbeam/supervisor";
import { describe, expect, test } from "vitest";
import { inWorld } from "./support.ts";

const start = async () => "ignore" as const;
const good = { id: "a", start };

/** What the start of a supervisor with these flags fails with. */
const failureOf = (init: object): Promise<any> =>
  inWorld((world) =>
    world.sim.start(supervisor({ init: () => ({ strategy: "oneForOne", children: [], ...init }) as never })).then(
      () => expect.unreachable("the start succeeded"),
      (error) => error.reason,
    ),
  );

/** Each illegal child spec, what the error says, and its reason in OTP's words. */
const illegal: readonly { what: string; spec: unknown; autoShutdown?: string; message: string; why: unknown }[] = [
  {
    what: "nothing",
    spec: undefined,
    message: "expected a child spec, got: undefined",
    why: { invalidChildSpec: undefined },
  },
  { what: "null", spec: null, message: "expected a child spec, got: null", why: { invalidChildSpec: null } },
  {
    what: "a module",
    spec: "Counter",
    message: "expected a child spec, got: 'Counter'",
    why: { invalidChildSpec: "Counter" },
  },
  { what: "no id", spec: { start }, message: "expected a child id (a string), got: undefined", why: "missingId" },
  {
    what: "a number for an id",
    spec: { id: 7, start },
    message: "expected a child id (a string), got: 7",
    why: "missingId",
  },
  {
    what: "an empty id",
    spec: { id: "", start },
    message: "expected a child id (a string), got: ''",
    why: "missingId",
  },
  {
    what: "no start",
    spec: { id: "a" },
    message: "expected a start function for child 'a', got: undefined",
    why: "missingStart",
  },
  {
    what: "a start that is no function",
    spec: { ...good, start: "now" },
    message: "expected a start function for child 'a', got: 'now'",
    why: "missingStart",
  },
  {
    what: "an unknown restart",
    spec: { ...good, restart: "always" },
    message: "expected restart of child 'a' to be permanent, transient or temporary, got: 'always'",
    why: { invalidRestart: "always" },
  },
  ...[-1, Number.NaN, "5000", "brutal_kill", null].map((shutdown) => ({
    what: `shutdown ${shutdown}`,
    spec: { ...good, shutdown },
    message: `expected shutdown of child 'a' to be milliseconds, brutalKill or infinity, got: ${typeof shutdown === "string" ? `'${shutdown}'` : shutdown}`,
    why: { invalidShutdown: shutdown },
  })),
  {
    what: "an unknown type",
    spec: { ...good, type: "manager" },
    message: "expected type of child 'a' to be worker or supervisor, got: 'manager'",
    why: { invalidType: "manager" },
  },
  {
    what: "significant that is no boolean",
    spec: { ...good, significant: "yes" },
    message: "expected significant of child 'a' to be a boolean, got: 'yes'",
    why: { invalidSignificant: "yes" },
  },
  {
    what: "significant and permanent",
    spec: { ...good, significant: true },
    autoShutdown: "anySignificant",
    message: "expected restart of child 'a' to be transient or temporary, because it is significant, got: 'permanent'",
    why: { badCombination: { restart: "permanent", significant: true } },
  },
  {
    what: "significant without autoShutdown",
    spec: { ...good, restart: "temporary", significant: true },
    message: "expected autoShutdown to be set, because child 'a' is significant, got: 'never'",
    why: { badCombination: { autoShutdown: "never", significant: true } },
  },
];

describe("a child spec", () => {
  test.each(illegal)("with $what fails the start of its supervisor", async ({ spec, autoShutdown, message, why }) => {
    const reason = await failureOf({ children: [spec], ...(autoShutdown && { autoShutdown }) });
    expect(reason).toBeInstanceOf(BadSpec);
    expect(reason).toMatchObject({ message, why });
  });

  test.each(illegal)(
    "with $what is refused by startChild, and the supervisor lives",
    ({ spec, autoShutdown, message, why }) =>
      inWorld(async (world) => {
        const top = await world.start({ ...(autoShutdown && { autoShutdown: autoShutdown as never }) });
        const refused = Supervisor.startChild(world.sim, top, spec as never);
        await expect(refused).rejects.toMatchObject({ name: "BadSpec", message, why });
        expect(await Supervisor.whichChildren(world.sim, top)).toEqual([]);
      }),
  );

  test.each(illegal.filter(({ autoShutdown }) => autoShutdown === undefined))(
    "with $what is refused by DynamicSupervisor.startChild, and the supervisor lives",
    ({ spec, message, why }) =>
      inWorld(async (world) => {
        const top = await world.sim.start(DynamicSupervisor.child());
        const refused = DynamicSupervisor.startChild(world.sim, top, spec as never);
        await expect(refused).rejects.toMatchObject({ name: "BadSpec", message, why });
        expect(await DynamicSupervisor.whichChildren(world.sim, top)).toEqual([]);
      }),
  );

  test("of an id that is there twice fails the start before any child is started", async () => {
    let starts = 0;
    const counted = {
      id: "a",
      start: async () => {
        starts++;
        return "ignore" as const;
      },
    };
    const reason = await failureOf({ children: [counted, { id: "b", start }, counted] });
    expect(reason).toMatchObject({
      name: "BadSpec",
      message: 'expected child ids to be different, got: "a" twice',
      why: { duplicateChild: "a" },
    });
    expect(starts).toBe(0);
  });

  test("may have keys that nobody knows", () =>
    inWorld(async (world) => {
      const top = await world.start({ children: [{ ...good, color: "green" } as never] });
      expect(await world.children(top)).toEqual(["a stopped"]);
    }));
});

describe("the flags of a supervisor", () => {
  const flags: readonly { what: string; init: object; message: string; why: unknown }[] = [
    {
      what: "no strategy",
      init: { strategy: undefined },
      message: "expected strategy to be oneForOne, oneForAll, restForOne, simpleOneForOne, got: undefined",
      why: { invalidStrategy: undefined },
    },
    {
      what: "an unknown strategy",
      init: { strategy: "oneForNone" },
      message: "expected strategy to be oneForOne, oneForAll, restForOne, simpleOneForOne, got: 'oneForNone'",
      why: { invalidStrategy: "oneForNone" },
    },
    {
      what: "an unknown autoShutdown",
      init: { autoShutdown: "sometimes" },
      message: "expected autoShutdown to be never, anySignificant, allSignificant, got: 'sometimes'",
      why: { invalidAutoShutdown: "sometimes" },
    },
    {
      what: "no children",
      init: { children: undefined },
      message: "expected children to be an array of child specs",
      why: "missingChildren",
    },
  ];

  test.each(flags)("fail the start with $what", async ({ init, message, why }) => {
    const reason = await failureOf(init);
    expect(reason).toBeInstanceOf(BadSpec);
    expect(reason.message).toContain(message);
    expect(reason.why).toEqual(why);
  });

  test.each([-1, Number.NaN, 1.5, "3", null])("fail the start when maxRestarts is %s", async (maxRestarts) => {
    expect(await failureOf({ maxRestarts })).toMatchObject({
      name: "BadSpec",
      why: { invalidMaxRestarts: maxRestarts },
    });
  });

  test.each([0, -5, Number.NaN, "5", null])("fail the start when maxSeconds is %s", async (maxSeconds) => {
    expect(await failureOf({ maxSeconds })).toMatchObject({ name: "BadSpec", why: { invalidMaxSeconds: maxSeconds } });
  });

  test.each([{ maxRestarts: -1 }, { maxRestarts: 1.5 }, { maxSeconds: 0 }, { maxChildren: -1 }, { maxChildren: "9" }])(
    "of a dynamic one fail its start with %o",
    (options) =>
      inWorld(async (world) => {
        const [flag, value] = Object.entries(options)[0] as [string, unknown];
        const started = world.sim.start(DynamicSupervisor.child(options as never));
        await expect(started).rejects.toMatchObject({
          reason: { name: "BadSpec", why: { [`invalid${flag[0]?.toUpperCase()}${flag.slice(1)}`]: value } },
        });
      }),
  );

  test("may have keys that nobody knows", () =>
    inWorld(async (world) => {
      const top = await world.start({ color: "green", children: [world.worker("a")] } as never);
      expect(await world.children(top)).toEqual(["a#1"]);
    }));
});

describe("a spec made from a module", () => {
  const Counter = { init: (start: number) => ok(start) } satisfies GenServer<number>;
  const Top = { init: () => ({ strategy: "oneForOne", children: [] }) } satisfies Supervisor;

  test("of a server takes id and the rest from its options, and the id from the name where there is none", () => {
    expect(child(Counter, 0, { id: "one", restart: "transient", shutdown: 10 })).toMatchObject({
      id: "one",
      restart: "transient",
      shutdown: 10,
    });
    expect(child(Counter, 0, { name: { name: "two" } }).id).toBe("two");
    expect(child(Counter, 0).id).toBe("genserver");
  });

  test("of a supervisor has the type supervisor, unless said otherwise", () => {
    expect(supervisor(Top)).toMatchObject({ id: "supervisor", type: "supervisor" });
    expect(supervisor(Top, { name: { name: "top" } })).toMatchObject({ id: "top", type: "supervisor" });
    expect(supervisor(Top, { type: "worker", shutdown: 1 })).toMatchObject({ type: "worker", shutdown: 1 });
  });

  test("of something that is no module says what it got", () => {
    // @ts-expect-error: it has no init
    expect(() => supervisor({})).toThrow("expected a supervisor module with an init, got: {}");
    // @ts-expect-error: a name is not a module
    expect(() => child("Counter", 0)).toThrow("expected a module with an init, got: 'Counter'");
  });
});
