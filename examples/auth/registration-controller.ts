import { action, type Controller, controller, putFlash, render } from "hornbeam/http";
import { hashPassword } from "./password.ts";
import { logInUser, type Visitor } from "./user-auth.ts";
import { users } from "./users.ts";
import { checkEmail, checkPassword } from "./validation.ts";
import { type Errors, register } from "./views.ts";

export const RegistrationController: Controller<Visitor, "new" | "create"> = controller<Visitor>({
  name: "RegistrationController",
}).actions({
  new: (conn) => render(conn, { html: register }, {}),

  create: action({ user: { email: String, password: String } }, async (conn, { user: { email, password } }) => {
    const refuse = (errors: Errors) => render(conn.putStatus(422), { html: register }, { email, errors });
    const errors = { email: checkEmail(email), password: checkPassword(password) };
    if (errors.email.length > 0 || errors.password.length > 0) return refuse(errors);
    const passwordHash = await hashPassword(password);
    const user = await conn.self.call(users, "register", { email, passwordHash });
    if (user === undefined) return refuse({ email: ["has already been taken"] });
    return logInUser(putFlash(conn, "info", "Your account was created."), user);
  }),
});
