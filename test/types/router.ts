// What the compiler must accept and refuse of routers: scopes, pipelines, options, paths. Checked by `tsc`; nothing is run.
import { type Conn, type PathParams, pipeline, type Router, router } from "hornbeam/http";

/** Fails to compile unless the two types are the same. */
const same = <A, B>(_: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never): void => {};
type Flat<T> = { [K in keyof T]: T[K] };

interface User {
  readonly name: string;
}

const ok = (conn: Conn<any>) => conn.text("");

// ── parameters: escapes, and the rest that is not handed over ──

same<Flat<PathParams<"/\\:a/:b">>, { readonly b: string }>(true);
same<Flat<PathParams<"/v\\::id">>, { readonly id: string }>(true);
same<Flat<PathParams<"/a\\*/*rest">>, { readonly rest: readonly string[] }>(true);
same<Flat<PathParams<"/*_rest">>, {}>(true);

// ── a scope's parameters are its routes' ──

router().scope("/:org", (org) =>
  org
    .get("/users/:id", (conn, { org: name, id }) => conn.text(name + id))
    // @ts-expect-error nobody has declared that
    .get("/x", (conn, { id }) => conn.text(id)),
);

// ── options: guards know the parameters, assigns are typed ──

router()
  .get("/:id", { when: (conn, { id }) => id !== conn.host }, (conn, { id }) => conn.text(id))
  .get("/", { assigns: { title: "home" }, host: ["a.com", "b."] }, (conn) => conn.text(conn.assigns.title))
  .match("/", { via: ["get", "post"], private: { role: 1 }, name: "root" }, ok)
  .scope("/s", { assigns: { section: 7 } }, (scope) => scope.get("/", (conn) => conn.json(conn.assigns.section + 1)));
// @ts-expect-error a guard says yes or no
router().get("/", { when: () => "yes" }, ok);
// @ts-expect-error the path has no such parameter
router().get("/:id", { when: (_, { name }) => name === "" }, ok);
// @ts-expect-error only match takes several methods
router().get("/", { via: "post" }, ok);
// @ts-expect-error the route assigns a text
router().get("/", { assigns: { title: "home" } }, (conn) => conn.text(conn.assigns.title + conn.assigns.other));
// @ts-expect-error the routes of a scope are returned
router().scope("/a", (scope) => void scope.get("/", ok));

// ── pipelines in a row: each sees what those before have assigned ──

const browser = pipeline({ name: "browser" }).plug((conn) => conn.assign("user", undefined as User | undefined));
const requireUser = (conn: Conn<{ readonly user: User | undefined }>) =>
  conn.assigns.user === undefined ? conn.redirect("/log-in").halt() : conn.assign("member", conn.assigns.user);

router()
  .pipeThrough(browser, requireUser)
  .get("/", (conn) => conn.text(conn.assigns.member.name));
router()
  .pipeThrough(browser)
  .get("/", (conn) => conn.text(conn.assigns.user?.name ?? "nobody"))
  .scope("/me", requireUser, (me) => me.get("/", (conn) => conn.text(conn.assigns.member.name)));
// @ts-expect-error requireUser needs what browser assigns
router().pipeThrough(requireUser);
// @ts-expect-error the other way round
router().pipeThrough(requireUser, browser);
router()
  .pipeThrough(browser)
  // @ts-expect-error nobody has required a member
  .get("/", (conn) => conn.text(conn.assigns.member.name));

// ── verified routes ──

const inner = router().get("/", ok).get("/things/:thing", ok);
const site = router()
  .get("/", ok)
  .get("/users", ok)
  .get("/users/:id", { when: () => true }, ok)
  .post("/files/:name.txt", ok)
  .get("/all/*rest", ok)
  .get("/\\:literal", ok)
  .scope("/admin/", browser, (admin) =>
    admin
      .get("/", ok)
      .scope("/:org", (org) => org.get("/users/:id", ok))
      .pipeThrough(requireUser)
      .get("/me", ok),
  )
  .forward("/api", inner.plug)
  .forward("/static", ok);

site.path("/");
site.path("/users");
site.path("/users", {}, { page: 2 });
site.path("/users/:id", { id: "7" });
site.path("/users/:id", { id: 7 }, { page: 2 });
site.path("/files/:name.txt", { name: "a" });
site.path("/all/*rest", { rest: ["a", "b"] });
site.path("/\\:literal");
site.path("/admin");
site.path("/admin/:org/users/:id", { org: "acme", id: 7 });
site.path("/admin/me");
site.path("/api");
site.path("/api/things/:thing", { thing: 1 });
site.path("/static/*path", { path: ["app.js"] });
// @ts-expect-error no route has this path
site.path("/user");
// @ts-expect-error nor this, which only a scope has
site.path("/me");
// @ts-expect-error its parameter is missing
site.path("/users/:id");
// @ts-expect-error its parameter has another name
site.path("/users/:id", { user: "7" });
// @ts-expect-error a parameter is a text or a number
site.path("/users/:id", { id: true });
// @ts-expect-error it has no such parameter
site.path("/users/:id", { id: 7, name: "ada" });
// @ts-expect-error one of two is missing
site.path("/admin/:org/users/:id", { id: 7 });
// @ts-expect-error a rest is a list
site.path("/all/*rest", { rest: "a/b" });
// @ts-expect-error what is written out is not verified
site.path(`/users/${7}`);
// @ts-expect-error a router without routes has no paths
router().path("/");

// ── a router may be named, and handed around ──

export const named: Router = site;
named.path("/whatever");
export const routes = (scope: Router<{ readonly user: User | undefined }>) =>
  scope.get("/who", (conn) => conn.text(conn.assigns.user?.name ?? ""));
router().pipeThrough(browser).scope("/", routes);

// ── an action that redirects to its own router says what it returns ──

const own = router()
  .get("/", (conn): Conn => conn.redirect(own.path("/there")))
  .get("/there", ok);
