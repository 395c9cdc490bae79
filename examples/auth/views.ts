import {
  type Conn,
  type ErrorViews,
  getCsrfToken,
  type HtmlPart,
  html,
  type SafeHtml,
  staticPath,
} from "hornbeam/http";
import { site } from "./router.ts";
import type { Visitor } from "./user-auth.ts";

// Every page as a function of what it shows. What is put into html`…` is escaped.

export const rootLayout = (inner: SafeHtml, conn: Conn<Visitor>): SafeHtml => html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>hornbeam accounts</title>
  <link rel="icon" href="${staticPath(conn, "/icon.svg")}">
  <link rel="stylesheet" href="${staticPath(conn, "/style.css")}">
</head>
<body>
  <header>
    <a class="brand" href="${site.path("/")}">hornbeam</a>
    <nav>${navigation(conn)}</nav>
  </header>
  <main>
    ${Object.entries(conn.assigns.flash).map(
      ([kind, message]) => html`<p class="flash ${kind}" role="alert">${message}</p>`,
    )}
    ${inner}
  </main>
</body>
</html>
`;

function navigation(conn: Conn<Visitor>): SafeHtml {
  const { currentUser } = conn.assigns;
  if (currentUser === undefined) {
    return html`<a href="${site.path("/users/register")}">Register</a> <a href="${site.path("/users/log-in")}">Log in</a>`;
  }
  return html`<span class="email">${currentUser.email}</span>
    <a href="${site.path("/users/settings")}">Settings</a>
    ${form(conn, "delete", site.path("/users/log-out"), html`<button class="link">Log out</button>`)}`;
}

/** A form carries the token of its session, and the method that browsers do not have. */
const form = (conn: Conn<any>, method: "post" | "put" | "delete", action: string, fields: HtmlPart): SafeHtml =>
  html`<form method="post" action="${action}">
  <input type="hidden" name="_method" value="${method}">
  <input type="hidden" name="_csrf_token" value="${getCsrfToken(conn)}">
  ${fields}
</form>`;

interface Field {
  readonly name: string;
  readonly label: string;
  readonly type: "email" | "password";
  readonly autocomplete: string;
  readonly value?: string | undefined;
  readonly errors?: readonly string[] | undefined;
}

const field = ({ name, label, type, autocomplete, value, errors = [] }: Field): SafeHtml => html`<div class="field">
  <label>
    <span>${label}</span>
    <input type="${type}" name="user[${name}]" value="${value}" autocomplete="${autocomplete}" aria-describedby="${name}-wrong" required>
  </label>
  <div id="${name}-wrong">${errors.map((error) => html`<em class="wrong">${error}</em>`)}</div>
</div>`;

const email = (value?: string, errors?: readonly string[]): SafeHtml =>
  field({ name: "email", label: "Email", type: "email", autocomplete: "username", value, errors });

export const home = (_: object, conn: Conn<Visitor>): SafeHtml => {
  const { currentUser } = conn.assigns;
  return html`<section class="card">
  <h1>${currentUser === undefined ? "Welcome" : `Hello, ${currentUser.email}`}</h1>
  <p>${currentUser === undefined ? "Register, or log in, to see your settings." : "You are logged in."}</p>
</section>`;
};

export interface Errors {
  readonly email?: readonly string[];
  readonly password?: readonly string[];
  readonly currentPassword?: readonly string[];
}

export const register = (shown: { readonly email?: string; readonly errors?: Errors }, conn: Conn<any>): SafeHtml =>
  html`<section class="card">
  <h1>Register</h1>
  ${form(conn, "post", site.path("/users/register"), [
    email(shown.email, shown.errors?.email),
    password("Password", "new-password", "password", shown.errors?.password),
    html`<button>Create an account</button>`,
  ])}
</section>`;

export const logIn = (shown: { readonly email?: string; readonly error?: string }, conn: Conn<any>): SafeHtml =>
  html`<section class="card">
  <h1>Log in</h1>
  ${shown.error && html`<p class="flash error" role="alert">${shown.error}</p>`}
  ${form(conn, "post", site.path("/users/log-in"), [
    email(shown.email),
    password("Password", "current-password", "password"),
    html`<input type="hidden" name="user[rememberMe]" value="false">
    <label class="check"><input type="checkbox" name="user[rememberMe]" value="true"> Keep me logged in for 60 days</label>
    <button>Log in</button>`,
  ])}
</section>`;

export const settings = (shown: { readonly errors?: Errors }, conn: Conn<any>): SafeHtml => html`<section class="card">
  <h1>Settings</h1>
  ${form(conn, "put", site.path("/users/settings"), [
    password("New password", "new-password", "password", shown.errors?.password),
    password("Current password", "current-password", "currentPassword", shown.errors?.currentPassword),
    html`<button>Change password</button>`,
  ])}
</section>`;

function password(label: string, autocomplete: string, name: string, errors?: readonly string[]): SafeHtml {
  return field({ name, label, type: "password", autocomplete, errors });
}

/** For what goes wrong: it may be that nothing is known of the visitor. */
export const errors: ErrorViews = {
  html: ({ status, message }) => html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${status}</title><link rel="stylesheet" href="/style.css"></head>
<body><main><section class="card"><h1>${status}</h1><p>${message}</p><p><a href="/">Home</a></p></section></main></body>
</html>
`,
};
