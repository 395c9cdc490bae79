// Notes over HTTP: plugs, a pipeline, a router, a session, a response in chunks. The guide is docs/http.md.
//
//   npm run example examples/notes.ts     and then
//   curl -c /tmp/cookies -X POST localhost:4000/login/ada
//   curl -b /tmp/cookies -d "buy milk" -H "content-type: text/plain" localhost:4000/notes
//   curl -b /tmp/cookies localhost:4000/notes/export

import { name, ok, reply } from "hornbeam";
import { child, type GenServer } from "hornbeam/genserver";
import {
  type Conn,
  cookieStore,
  HttpError,
  http,
  type Plug,
  pipeline,
  plug,
  RequestId,
  router,
  Session,
} from "hornbeam/http";
import { run, type Supervisor, supervisor } from "hornbeam/supervisor";

/** Everybody's notes. */
export const Notes = {
  init: () => ok<readonly string[]>([]),
  handleCall: {
    all: (_, lines) => reply(lines, lines),
    add: (text: string, lines) => reply(lines.length + 1, [...lines, text]),
  },
} satisfies GenServer<readonly string[]>;

export const notes = name<typeof Notes>("notes");

/** A function plug: a conn goes in, a conn comes out. */
const requireUser = (conn: Conn) => {
  const user = conn.getSession<string>("user");
  return user === undefined ? conn.sendResp(401, "log in first\n").halt() : conn.assign("user", user);
};

/** A module plug: `init` when the pipeline is built, `call` for each request with what `init` has returned. */
export const CacheFor = {
  init: (seconds: number) => `private, max-age=${seconds}`,
  call: (conn: Conn, value: string) => conn.putRespHeader("cache-control", value),
} satisfies Plug<string>;

const browser = pipeline({ name: "browser" })
  .plug(plug(RequestId))
  .plug(plug(Session, { store: cookieStore({ signingSalt: "notes" }), key: "_notes", sameSite: "lax" }))
  .plug((conn: Conn) => conn.fetchSession());

const member = pipeline({ name: "member", logOnHalt: "debug" }).plug(browser).plug(requireUser);

const list = async (conn: Conn) => conn.json(await conn.self.call(notes, "all"));

const create = async (conn: Conn<{ readonly user: string }>) => {
  const text = Buffer.from(await conn.readBody({ length: 1000 })).toString();
  if (text === "") throw new HttpError(422, "a note has at least one letter");
  const number = await conn.self.call(notes, "add", `${conn.assigns.user}: ${text}`);
  return conn.putStatus("created").json({ number });
};

/** A note a second, for as long as there is somebody to read them. */
const download = async (conn: Conn) => {
  const open = conn.putRespContentType("text/plain").sendChunked(200);
  for (const line of await conn.self.call(notes, "all")) {
    if ((await open.chunk(`${line}\n`)) === "closed") break;
    await conn.self.sleep(1000);
  }
  return open;
};

export const site = router()
  .get("/hello/:name", (conn, { name: who }) => conn.text(`Hello, ${who}!\n`))
  .scope("/login", browser, (visitors) =>
    visitors.post("/:user", (conn, { user }) => conn.putSession("user", user).redirect("/notes")),
  )
  .scope("/notes", member, (mine) =>
    mine
      .get("/", (conn) => list(conn))
      .post("/", (conn) => create(conn))
      .get("/export", (conn) => download(conn)),
  );

export interface Options {
  readonly port: number;
  /** At least 64 bytes that nobody else knows. */
  readonly secretKeyBase: string;
}

export const App = {
  init: ({ port, secretKeyBase }: Options) => ({
    strategy: "oneForOne",
    children: [child(Notes, { name: notes }), http({ port, plug: site.plug, secretKeyBase, drain: 10_000 })],
  }),
} satisfies Supervisor;

if (import.meta.main) {
  const { PORT = "4000", SECRET_KEY_BASE = crypto.getRandomValues(Buffer.alloc(64)).toString("base64") } = process.env;
  await run(supervisor(App, { port: Number(PORT), secretKeyBase: SECRET_KEY_BASE }));
}
