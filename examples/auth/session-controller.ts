import { action, type Controller, controller, putFlash, render } from "hornbeam/http";
import { verifyPassword } from "./password.ts";
import { logInUser, logOutUser, type Visitor } from "./user-auth.ts";
import { users } from "./users.ts";
import { logIn } from "./views.ts";

export const SessionController: Controller<Visitor, "new" | "create" | "delete"> = controller<Visitor>({
  name: "SessionController",
}).actions({
  new: (conn) => render(conn, { html: logIn }, {}),

  create: action({ user: { email: String, password: String, rememberMe: String } }, async (conn, { user: given }) => {
    const user = await conn.self.call(users, "byEmail", given.email);
    const isRight = await verifyPassword(given.password, user?.passwordHash);
    if (user !== undefined && isRight) {
      return logInUser(putFlash(conn, "info", "Welcome back!"), user, { rememberMe: given.rememberMe === "true" });
    }
    // Which of the two is wrong is nobody's business.
    const shown = { email: given.email, error: "Invalid email or password" };
    return render(conn.putStatus(422), { html: logIn }, shown);
  }),

  delete: (conn) => logOutUser(putFlash(conn, "info", "Logged out.")),
});
