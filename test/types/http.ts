// What the compiler must accept and refuse of plugs, pipelines and routes. Checked by `tsc`; nothing here is run.
import { name, ok, type Ref, reply } from "hornbeam";
import type { GenServer } from "hornbeam/genserver";
import {
  type Action,
  type Conn,
  type Halted,
  http,
  Parsers,
  type PathParams,
  type Pipeline,
  type Plug,
  type PlugFn,
  pipeline,
  plug,
  RequestId,
  router,
  Static,
} from "hornbeam/http";
import { request } from "hornbeam/http/test";
import type { VirtualSystem } from "hornbeam/test";

declare const sim: VirtualSystem;

/** Fails to compile unless the two types are the same. */
const same = <A, B>(_: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never): void => {};
type Flat<T> = { [K in keyof T]: T[K] };

interface User {
  readonly id: number;
  readonly name: string;
}

// ── a conn knows what was assigned ──

export const assigned = (conn: Conn) => {
  const known = conn.assign("user", { id: 1, name: "Ada" } as User).assign("count", 2);
  same<Flat<(typeof known)["assigns"]>, { readonly user: User; readonly count: number }>(true);
  // @ts-expect-error nobody has assigned that
  known.assigns.other;
  // @ts-expect-error assigns are read
  known.assigns.count = 3;
  // @ts-expect-error a conn is a value
  known.status = 200;
  return known.putStatus(200).putRespHeader("x-a", "1").text(known.assigns.user.name);
};

export const halted = (conn: Conn) => {
  const end = conn.putStatus(401).json({}).halt();
  same<typeof end, Halted>(true);
  // @ts-expect-error what is halted goes no further
  end.sendResp(200, "");
  // @ts-expect-error what is halted is no conn
  const back: Conn = end;
  return back;
};

// ── pipelines accumulate ──

export const requireUser = (conn: Conn<{ readonly requestId: string }>) => {
  const user = conn.getReqHeader("x-user");
  return user === undefined
    ? conn.putStatus(401).json({ error: "log in first" }).halt()
    : conn.assign("user", { id: conn.assigns.requestId.length, name: user } as User);
};

export const loadAccount = async (conn: Conn<{ readonly user: User }>) =>
  conn.assign("account", { owner: conn.assigns.user.id });

const member = pipeline().plug(plug(RequestId)).plug(requireUser);
const banker = member.plug(loadAccount).plug((conn) => conn.assign("both", [conn.assigns.account, conn.assigns.user]));

type AssignsOf<P> = P extends Pipeline<infer A> ? A : never;
type Banker = AssignsOf<typeof banker>;
same<Banker["requestId"], string>(true);
same<Banker["user"], User>(true);
same<Banker["account"], { owner: number }>(true);
same<Banker["both"], ({ owner: number } | User)[]>(true);

// @ts-expect-error requireUser needs what RequestId assigns
pipeline().plug(requireUser);
// @ts-expect-error loadAccount needs what requireUser assigns
pipeline().plug(plug(RequestId)).plug(loadAccount);
// @ts-expect-error the other way round
pipeline().plug(requireUser).plug(plug(RequestId));
// @ts-expect-error a module plug goes in as plug(module)
pipeline().plug(RequestId);
// @ts-expect-error a plug returns a conn
pipeline().plug(() => undefined);
// @ts-expect-error a plug returns a conn, also in the end
pipeline().plug(async (conn) => void conn.text(""));

// Plugs of the library keep what was assigned before them.
const parsed = member.plug(plug(Parsers, { parsers: ["json"] })).plug(plug(Static, { from: "public" }));
same<AssignsOf<typeof parsed>["user"], User>(true);

// ── module plugs ──

const Greet = {
  init: (options: { readonly greeting: string; readonly loud?: boolean }) => options.greeting,
  call: (conn: Conn, greeting: string) => conn.assign("greeting", greeting),
} satisfies Plug<string>;

const greets: PlugFn<{}, { readonly greeting: string }> = plug(Greet, { greeting: "hello" });
pipeline().plug(greets);
// @ts-expect-error its options are missing
plug(Greet);
// @ts-expect-error its options are others
plug(Greet, { greeting: 1 });
// @ts-expect-error it has no such option
plug(Greet, { greeting: "hello", lout: true });
// @ts-expect-error Static needs a folder
plug(Static);
// @ts-expect-error a plug has a call
plug({ init: () => 0 });
plug(Parsers, { parsers: ["json"] });
plug(Parsers, { parsers: ["json"], length: 100 });
plug(RequestId);
// @ts-expect-error call takes what init returns
export const Mismatched = { init: () => 1, call: (conn: Conn, _: string) => conn } satisfies Plug<number>;

// ── routes ──

same<Flat<PathParams<"/">>, {}>(true);
same<Flat<PathParams<"/a/b">>, {}>(true);
same<Flat<PathParams<"/:id">>, { readonly id: string }>(true);
same<Flat<PathParams<"/:org/x/:user_2">>, { readonly org: string; readonly user_2: string }>(true);
same<Flat<PathParams<"/file-:id">>, { readonly id: string }>(true);
same<Flat<PathParams<"/:id.json">>, { readonly id: string }>(true);
same<Flat<PathParams<"/:id-x">>, { readonly id: string }>(true);
same<Flat<PathParams<"/a-:id-b.json/:c">>, { readonly id: string; readonly c: string }>(true);
same<Flat<PathParams<"/:id.tar.gz">>, { readonly id: string }>(true);
same<Flat<PathParams<"/*rest">>, { readonly rest: readonly string[] }>(true);
same<Flat<PathParams<"/:id/*rest">>, { readonly id: string; readonly rest: readonly string[] }>(true);
// What ends a name where a route is matched ends it here; and what is not handed over is not promised.
same<Flat<PathParams<"/:id@host">>, { readonly id: string }>(true);
same<Flat<PathParams<"/:id~">>, { readonly id: string }>(true);
same<Flat<PathParams<"/:_skipped/:id">>, { readonly id: string }>(true);

router()
  .get("/a/:id", (conn, { id }) => conn.text(id.toUpperCase()))
  .post("/files/*path", async (conn, { path }) => conn.text(path.join("/")))
  .match("/:a/:b", (conn, params) => conn.json([params.a, params.b]));
// @ts-expect-error the path has no such parameter
router().get("/a/:id", (conn, { name }) => conn.text(name));
// @ts-expect-error the path has no parameters
router().get("/a", (conn, { id }) => conn.text(id));
// @ts-expect-error a rest is a list
router().get("/*rest", (conn, { rest }) => conn.text(rest));
// @ts-expect-error a parameter is a text
router().get("/:id", (conn, { id }) => conn.putStatus(id));
// @ts-expect-error an action returns a conn
router().get("/", () => "hello");
// @ts-expect-error a router is no plug, its plug is
router().forward("/a", router());
// @ts-expect-error nor for a server
http({ port: 0, plug: router() });

export const show: Action<{ readonly user: User }, "/:id"> = (conn, { id }) => conn.text(id + conn.assigns.user.name);

// ── a route that needs a user compiles only behind the plug that assigns one ──

router().scope("/rooms", member, (members) =>
  members
    .get("/", (conn) => conn.json(conn.assigns.user.name))
    .get("/:id", show)
    .scope("/bank", pipeline().plug(plug(Parsers, { parsers: ["json"] })), (bank) =>
      bank.post("/", (conn) => conn.json(conn.assigns.user)),
    )
    .forward("/admin", (conn) => conn.json(conn.assigns.requestId)),
);
// @ts-expect-error nobody has assigned a user here
router().get("/:id", show);
// @ts-expect-error nobody has assigned a user here
router().get("/me", (conn) => conn.json(conn.assigns.user));
router().scope("/x", pipeline().plug(plug(RequestId)), (scope) =>
  // @ts-expect-error nobody has assigned a user here
  scope.get("/me", (conn) => conn.json(conn.assigns.user)),
);
router().scope("/x", member, (scope) =>
  // @ts-expect-error nobody has assigned an account here
  scope.forward("/me", loadAccountAndStop),
);
declare function loadAccountAndStop(conn: Conn<{ readonly account: string }>): Conn;

// ── calls from a plug are typed as from any process ──

const Room = {
  init: (_topic: string) => ok<readonly string[]>([]),
  handleCall: { history: (_: void, lines) => reply(lines, lines) },
} satisfies GenServer<readonly string[]>;
const roomName = (topic: string) => name<typeof Room>(topic);
declare const room: Ref<typeof Room>;

router().get("/:topic/history", async (conn, { topic }) => {
  const lines = await conn.self.call(roomName(topic), "history");
  same<typeof lines, readonly string[]>(true);
  // @ts-expect-error a room has no such call
  await conn.self.call(room, "future");
  return conn.json(lines);
});

// ── the test kit takes what a server takes ──

export const answer = await request(sim, member, "GET", "/", { headers: { "x-user": "ada" } });
same<typeof answer.status, number>(true);
// @ts-expect-error a router is no plug, its plug is
await request(sim, router(), "GET", "/");
