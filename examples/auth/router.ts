import {
  accepts,
  type Conn,
  CsrfProtection,
  fetchFlash,
  pipeline,
  plug,
  putRootLayout,
  putSecureBrowserHeaders,
  render,
  router,
} from "hornbeam/http";
import { RegistrationController } from "./registration-controller.ts";
import { SessionController } from "./session-controller.ts";
import { SettingsController } from "./settings-controller.ts";
import {
  fetchCurrentUser,
  redirectIfUserIsAuthenticated,
  requireAuthenticatedUser,
  type Visitor,
} from "./user-auth.ts";
import { home, rootLayout } from "./views.ts";

const CSP = "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

const browser = pipeline({ name: "browser" })
  .plug(accepts(["html"]))
  .plug((conn) => conn.fetchSession())
  .plug(fetchFlash)
  .plug(plug(CsrfProtection))
  .plug(putSecureBrowserHeaders({ "content-security-policy": CSP }))
  .plug(putRootLayout(rootLayout))
  .plug(fetchCurrentUser);

export const site = router({ name: "site" })
  .pipeThrough(browser)
  .get("/", (conn: Conn<Visitor>): Conn => render(conn, { html: home }, {}))
  .delete("/users/log-out", SessionController.delete)
  .scope("/users", redirectIfUserIsAuthenticated, (guests) =>
    guests
      .get("/register", RegistrationController.new)
      .post("/register", RegistrationController.create)
      .get("/log-in", SessionController.new)
      .post("/log-in", SessionController.create),
  )
  .scope("/users", requireAuthenticatedUser, (members) =>
    members.get("/settings", SettingsController.edit).put("/settings", SettingsController.update),
  );
