// A server in one page: plugs, a pipeline that stops the uninvited, a router, and a crash that is nobody else's.
//
//   npm run example examples/hello-http.ts     and then
//   curl localhost:4000/hello/world
//   curl localhost:4000/me            and with   -H "x-user: ada"
//   curl localhost:4000/crash

import { type Conn, http, Parsers, pipeline, plug, RequestId, router } from "hornbeam/http";
import { run, type Supervisor, supervisor } from "hornbeam/supervisor";

const requireUser = (conn: Conn<{ requestId: string }>) => {
  const user = conn.getReqHeader("x-user");
  return user === undefined ? conn.putStatus(401).json({ error: "log in first" }).halt() : conn.assign("user", user);
};

const member = pipeline().plug(plug(RequestId)).plug(requireUser);

export const site = router()
  .get("/hello/:name", (conn, { name }) => conn.text(`Hello, ${name}!\n`))
  .get("/crash", () => {
    throw new Error("this request, and no other, ends here");
  })
  .scope("/me", member, (members) => members.get("/", (conn) => conn.json({ user: conn.assigns.user })))
  .scope("/echo", pipeline().plug(plug(Parsers, { parsers: ["json"], length: 10_000 })), (api) =>
    api.post("/", (conn) => conn.json(conn.bodyParams)),
  );

export const App = {
  init: (options: { readonly port: number }) => ({
    strategy: "oneForOne",
    children: [http({ port: options.port, plug: site.plug })],
  }),
} satisfies Supervisor;

if (import.meta.main) await run(supervisor(App, { port: Number(process.env.PORT ?? 4000) }));
