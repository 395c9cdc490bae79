// Accounts: register, log in and out, be remembered, change the password. The shape is that of `mix phx.gen.auth`.
//
//   npm run example examples/auth/main.ts, then http://localhost:4000

import { randomBytes } from "node:crypto";
import { run, supervisor } from "hornbeam/supervisor";
import { App } from "./app.ts";

const port = Number(process.env.PORT ?? 4000);
/** Without a secret of its own, everybody is logged out by a restart. */
const secretKeyBase = process.env.SECRET_KEY_BASE ?? randomBytes(64).toString("base64");

await run(supervisor(App, { port, secretKeyBase }, { id: "auth" }));
