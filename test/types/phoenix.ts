// What the compiler must accept and refuse of controllers, resources, views and flash. Checked by `tsc`; nothing is run.
import {
  accepts,
  action,
  type Conn,
  type Controller,
  controller,
  fetchFlash,
  html,
  pipeline,
  putFlash,
  render,
  router,
  type Schema,
} from "hornbeam/http";

interface User {
  readonly name: string;
}
interface Signed {
  readonly user: User;
}

const ok = (conn: Conn<any>) => conn.text("");

// ── a controller's plugs and actions know what was assigned ──

const load = (conn: Conn<Signed>) => conn.assign("account", { owner: conn.assigns.user.name });

const Accounts = controller<Signed>({ name: "Accounts" })
  .plug(load)
  .plug((conn) => conn.assign("draft", true), { when: ["edit"] })
  .plug((conn) => conn, { when: ({ action: name }) => name === "show" })
  .actions({
    show: (conn, params) => conn.json([conn.assigns.account.owner, conn.assigns.user, params.anything]),
    edit: async (conn) => conn.json(conn.assigns.draft === true),
  });

controller<Signed>()
  .plug(load, { when: ["show"] })
  // @ts-expect-error the plug is for some actions only
  .actions({ show: (conn) => conn.text(conn.assigns.account.owner) });
// @ts-expect-error load needs a user
controller().plug(load);
// @ts-expect-error nobody has assigned an account
controller<Signed>().actions({ show: (conn) => conn.text(conn.assigns.account) });
// @ts-expect-error an action returns a conn, if there is no fallback
controller().actions({ show: () => "text" });
// @ts-expect-error a guard names actions
controller().plug(ok, { when: "show" });

// ── and its routes compile only behind what assigns it ──

const signIn = pipeline().plug((conn) => conn.assign("user", { name: "ada" } as User));

router().pipeThrough(signIn).get("/account", Accounts.show).get("/account/edit", Accounts.edit);
// @ts-expect-error nobody has assigned a user
router().get("/account", Accounts.show);
// @ts-expect-error it has no such action
router().pipeThrough(signIn).get("/account", Accounts.delete);

// ── a fallback says which values it answers ──

type Failure = { readonly error: "not found" | "forbidden" };
const failing = controller<{}, Failure>({ fallback: (conn, { error }) => conn.putStatus(404).text(error) });
failing.actions({ show: (conn) => (conn.host === "a" ? { error: "forbidden" as const } : conn.text("")) });
// @ts-expect-error the fallback does not know that one
failing.actions({ show: () => ({ error: "teapot" as const }) });

// ── parameters that fit are typed ──

controller<Signed>().actions({
  create: action({ user: { name: String, tags: [String] } }, (conn, { user }) =>
    conn.json([user.name.length, user.tags.join(), conn.assigns.user.name]),
  ),
  // @ts-expect-error the pattern has no age
  update: action({ user: { name: String } }, (conn, { user }) => conn.json(user.age)),
  // @ts-expect-error nobody has assigned an account
  delete: action({ id: String }, (conn) => conn.json(conn.assigns.account)),
});
declare const page: Schema<{ readonly page: number }>;
controller().actions({ index: action(page, (conn, params) => conn.json(params.page.toFixed())) });
// @ts-expect-error the schema has no size
controller().actions({ index: action(page, (conn, params) => conn.json(params.size)) });
// @ts-expect-error a pattern is made of String
action({ id: Number }, ok);

// ── resources: the actions that the routes need, and the paths that they have ──

const all = { index: ok, edit: ok, new: ok, show: ok, create: ok, update: ok, delete: ok };
const site = router()
  .resources("/users", all, { name: "user" }, (user) =>
    user
      .resources("/posts", { show: ok }, { only: ["show"], param: "slug" })
      .get("/bio", (conn, { userId }) => conn.text(userId)),
  )
  .resources("/account", { show: ok, edit: ok, update: ok }, { singleton: true, except: ["new", "create", "delete"] })
  .scope("/admin", (admin) => admin.resources("/logs", { index: ok }, { only: ["index"] }));

site.path("/users");
site.path("/users/new");
site.path("/users/:id", { id: 1 });
site.path("/users/:id/edit", { id: 1 });
site.path("/users/:userId/posts/:slug", { userId: 1, slug: "a" });
site.path("/users/:userId/bio", { userId: 1 });
site.path("/account");
site.path("/account/edit");
site.path("/admin/logs");
// @ts-expect-error posts are shown only
site.path("/users/:userId/posts", { userId: 1 });
// @ts-expect-error a singleton has no parameter
site.path("/account/:id", { id: 1 });
// @ts-expect-error nobody makes a new one
site.path("/account/new");
// @ts-expect-error the path of a scope
site.path("/logs");
// @ts-expect-error the controller lacks actions
router().resources("/users", { index: ok });
// @ts-expect-error no resource has that action
router().resources("/users", all, { only: ["list"] });
// @ts-expect-error it shows a user by id
router().resources("/users", { show: (conn, { slug }) => conn.text(slug) }, { only: ["show"] });
router().resources("/users", { show: (conn, { id }) => conn.text(id) }, { only: ["show"] });

// ── a controller that is declared breaks the circle of a router whose actions name its paths ──

const Circle: Controller<{}, "index"> = controller().actions({ index: (conn) => conn.redirect(around.path("/there")) });
const around = router().get("/", Circle.index).get("/there", ok);

// ── views get what they show ──

const show = {
  html: (shown: { readonly user: User }) => html`<b>${shown.user.name}</b>`,
  json: (shown: { readonly user: User; readonly count: number }) => shown,
};
const empty = { html: () => html`` };
export const shows = (conn: Conn) => render(conn, show, { user: { name: "ada" }, count: 1 });
export const showsNothing = (conn: Conn) => render(conn, empty);
// @ts-expect-error what is shown is missing
export const lacksAll = (conn: Conn) => render(conn, show);
// @ts-expect-error one of the views shows a count too
export const lacksOne = (conn: Conn) => render(conn, show, { user: { name: "ada" } });
// @ts-expect-error that has no text
html`${{ name: "ada" }}`;

// ── the flash is there behind its plug ──

const browser = pipeline()
  .plug(accepts(["html"]))
  .plug(fetchFlash);
router()
  .pipeThrough(browser)
  .get("/", (conn) => putFlash(conn, "info", conn.assigns.flash.info ?? "").redirect("/"));
// @ts-expect-error nobody has fetched the flash
router().get("/", (conn) => conn.text(conn.assigns.flash.info ?? ""));
