import { action, type Controller, controller, putFlash, render } from "hornbeam/http";
import { hashPassword, verifyPassword } from "./password.ts";
import { logInUser, type Member } from "./user-auth.ts";
import { users } from "./users.ts";
import { checkPassword } from "./validation.ts";
import { settings } from "./views.ts";

export const SettingsController: Controller<Member, "edit" | "update"> = controller<Member>({
  name: "SettingsController",
}).actions({
  edit: (conn) => render(conn, { html: settings }, {}),

  update: action({ user: { password: String, currentPassword: String } }, async (conn, { user: given }) => {
    const { currentUser } = conn.assigns;
    const isRight = await verifyPassword(given.currentPassword, currentUser.passwordHash);
    const errors = {
      password: checkPassword(given.password),
      currentPassword: isRight ? [] : ["is not your password"],
    };
    if (errors.password.length > 0 || !isRight) return render(conn.putStatus(422), { html: settings }, { errors });
    const passwordHash = await hashPassword(given.password);
    await conn.self.call(users, "changePassword", { id: currentUser.id, passwordHash });
    const back = conn.putSession("userReturnTo", "/users/settings");
    return logInUser(putFlash(back, "info", "Your password was changed."), currentUser);
  }),
});
