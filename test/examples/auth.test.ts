import { child, start } from "hornbeam/genserver";
import { httpInfo } from "hornbeam/http";
import { request, type TestResponse } from "hornbeam/http/test";
import { supervisor } from "hornbeam/supervisor";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { beforeAll, describe, expect, test } from "vitest";
import { App, endpoint } from "../../examples/auth/app.ts";
import { hashPassword, verifyPassword } from "../../examples/auth/password.ts";
import { SESSION_DAYS, Users, users } from "../../examples/auth/users.ts";
import { Browser, SECRET } from "../http/browser.ts";
import { headers } from "../http/support.ts";

const EMAIL = "Ada@example.org";
const PASSWORD = "correct horse battery";
let passwordHash = "";
beforeAll(async () => {
  passwordHash = await hashPassword(PASSWORD);
});

/** Somebody with a browser before the service. */
class Visitor {
  readonly sim: VirtualSystem;
  readonly browser: Browser;
  constructor(sim: VirtualSystem) {
    this.sim = sim;
    this.browser = new Browser(sim);
  }

  get(path: string): Promise<TestResponse> {
    return this.browser.ask(endpoint, `GET ${path}`);
  }

  /** What the front page says. */
  async greeting(): Promise<string | undefined> {
    return /<h1>([^<]*)<\/h1>/.exec((await this.get("/")).body)?.[1];
  }

  /** Sends a form, with the token of the page that has it. */
  async post(path: string, fields: Readonly<Record<string, string>> = {}, page = path): Promise<TestResponse> {
    const shown = await this.get(page);
    const method = new RegExp(`action="${path}">\\s*<input type="hidden" name="_method" value="(\\w+)"`).exec(
      shown.body,
    )?.[1];
    return this.send(path, { _method: method ?? "put", _csrf_token: tokenIn(shown), ...fields });
  }

  send(path: string, fields: Readonly<Record<string, string>>): Promise<TestResponse> {
    const body = new URLSearchParams(fields).toString();
    const form = { "content-type": "application/x-www-form-urlencoded" };
    return this.browser.ask(endpoint, `POST ${path}`, { headers: form, body });
  }

  logIn(fields: Readonly<Record<string, string>> = {}): Promise<TestResponse> {
    return this.post("/users/log-in", { ...credentials(), ...fields });
  }
}

const tokenIn = ({ body }: TestResponse): string => /_csrf_token" value="([^"]+)"/.exec(body)?.[1] ?? "";
const credentials = (password = PASSWORD, rememberMe = "false", email = EMAIL) => ({
  "user[email]": email,
  "user[password]": password,
  "user[rememberMe]": rememberMe,
});
const flashOf = ({ body }: TestResponse): string | undefined =>
  /class="flash \w+" role="alert">([^<]+)</.exec(body)?.[1];
const goesTo = ({ status, header }: TestResponse): unknown => [status, header("location")];

/** A test with a visitor, and Ada registered. */
const visiting = (test: (visitor: Visitor) => Promise<void>): Promise<void> =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    await sim.start(child(Users, { name: users }));
    await sim.call(users, "register", { email: EMAIL, passwordHash });
    await test(new Visitor(sim));
  });

describe("a visitor", () => {
  test("who registers is logged in, and greeted once", () =>
    visiting(async (visitor) => {
      const fields = { "user[email]": "bob@example.org", "user[password]": "a long enough one" };
      expect(goesTo(await visitor.post("/users/register", fields))).toEqual([302, "/"]);
      const home = await visitor.get("/");
      expect(home.body).toContain("Hello, bob@example.org");
      expect(flashOf(home)).toBe("Your account was created.");
      expect(flashOf(await visitor.get("/"))).toBeUndefined();
    }));

  test.each([
    ["with spaces", "a long enough one", "must have the @ sign and no spaces"],
    [`${"x".repeat(160)}@example.org`, "a long enough one", "should be at most 160 characters"],
    ["bob@example.org", "too short", "should be at least 12 characters"],
    ["bob@example.org", "x".repeat(201), "should be at most 200 characters"],
    [EMAIL.toUpperCase(), "a long enough one", "has already been taken"],
  ])("who registers as %j with %j is told: %s", (email, password, error) =>
    visiting(async (visitor) => {
      const answer = await visitor.post("/users/register", { "user[email]": email, "user[password]": password });
      expect(answer.status).toBe(422);
      expect(answer.body).toContain(error);
      expect(answer.body).not.toContain(password);
      expect(await visitor.greeting()).toBe("Welcome");
    }),
  );

  test("whose email is a script sees it as text", () =>
    visiting(async (visitor) => {
      const answer = await visitor.logIn({ "user[email]": '"><script>alert(1)</script>' });
      expect(answer.body).toContain("&quot;&gt;&lt;script&gt;");
      expect(answer.body).not.toContain("<script>");
    }));

  test("who logs in with the right password is in, whatever the letters of the email", () =>
    visiting(async (visitor) => {
      expect(goesTo(await visitor.logIn({ "user[email]": EMAIL.toLowerCase() }))).toEqual([302, "/"]);
      expect(await visitor.greeting()).toBe(`Hello, ${EMAIL}`);
    }));

  test.each([
    ["the wrong password", EMAIL, "wrong horse battery"],
    ["an unknown email", "nobody@example.org", PASSWORD],
  ])("who logs in with %s is told no more than that", (_, email, password) =>
    visiting(async (visitor) => {
      const answer = await visitor.logIn({ "user[email]": email, "user[password]": password });
      expect(answer.status).toBe(422);
      expect(flashOf(answer)).toBe("Invalid email or password");
      expect(await visitor.greeting()).toBe("Welcome");
    }),
  );

  test.each([
    ["no token", {}],
    ["a token that was made up", { _csrf_token: "x".repeat(56) }],
  ])("whose form has %s is refused with 403", (_, token) =>
    visiting(async (visitor) => {
      await visitor.get("/users/log-in");
      expect((await visitor.send("/users/log-in", { ...credentials(), ...token })).status).toBe(403);
    }),
  );

  test("whose form lacks a field is refused with 400", () =>
    visiting(async (visitor) => {
      expect((await visitor.post("/users/log-in", { "user[email]": EMAIL })).status).toBe(400);
    }));

  test("who takes no HTML is refused with 406", () =>
    visiting(async ({ sim }) => {
      const accept = { accept: "application/json" };
      expect((await request(sim, endpoint, "GET", "/", { headers: accept, secretKeyBase: SECRET })).status).toBe(406);
    }));

  test("who asks for the settings logs in first, and then is there, with the query", () =>
    visiting(async (visitor) => {
      expect(goesTo(await visitor.get("/users/settings?tab=1"))).toEqual([302, "/users/log-in"]);
      expect(flashOf(await visitor.get("/users/log-in"))).toBe("You must log in to see this page.");
      expect(goesTo(await visitor.logIn())).toEqual([302, "/users/settings?tab=1"]);
      expect((await visitor.get("/users/settings?tab=1")).status).toBe(200);
      await visitor.post("/users/log-out", {}, "/");
      expect(goesTo(await visitor.logIn())).toEqual([302, "/"]);
    }));

  test("who sends a form for members logs in first, and is not sent back to it", () =>
    visiting(async (visitor) => {
      expect(goesTo(await visitor.post("/users/settings", {}, "/users/log-in"))).toEqual([302, "/users/log-in"]);
      expect(goesTo(await visitor.logIn())).toEqual([302, "/"]);
    }));
});

describe("a member", () => {
  test("has another session and another token than before, and nothing of the old session", () =>
    visiting(async (visitor) => {
      const page = await visitor.get("/users/log-in");
      const before = visitor.browser.cookies.get("_auth");
      await visitor.send("/users/log-in", { _csrf_token: tokenIn(page), ...credentials() });
      expect(visitor.browser.cookies.get("_auth")).not.toBe(before);
      expect((await visitor.send("/users/log-out", { _method: "delete", _csrf_token: tokenIn(page) })).status).toBe(
        403,
      );
    }));

  test.each(["/users/register", "/users/log-in"])("has no use for %s", (path) =>
    visiting(async (visitor) => {
      await visitor.logIn();
      expect(goesTo(await visitor.get(path))).toEqual([302, "/"]);
    }),
  );

  test("who logs out is out, also with the cookie of before", () =>
    visiting(async (visitor) => {
      await visitor.logIn({ "user[rememberMe]": "true" });
      const kept = new Map(visitor.browser.cookies);
      const answer = await visitor.post("/users/log-out", {}, "/");
      expect(goesTo(answer)).toEqual([302, "/"]);
      expect(visitor.browser.cookies.has("_auth_remember_me")).toBe(false);
      expect(flashOf(await visitor.get("/"))).toBe("Logged out.");
      expect(await visitor.greeting()).toBe("Welcome");
      for (const [name, value] of kept) visitor.browser.cookies.set(name, value);
      expect(await visitor.greeting()).toBe("Welcome");
    }));

  test("who is to be remembered is, without the session's cookie, for sixty days", () =>
    visiting(async (visitor) => {
      const answer = await visitor.logIn({ "user[rememberMe]": "true" });
      const cookie = headers(answer, "set-cookie").find((each) => each.startsWith("_auth_remember_me"));
      expect(cookie).toContain(`Max-Age=${SESSION_DAYS * 86_400}`);
      expect(cookie).toMatch(/HttpOnly.*SameSite=Lax/);
      visitor.browser.cookies.delete("_auth");
      expect(await visitor.greeting()).toBe(`Hello, ${EMAIL}`);
      expect(visitor.browser.cookies.has("_auth")).toBe(true);
    }));

  test("who is not to be remembered is not", () =>
    visiting(async (visitor) => {
      await visitor.logIn();
      expect(visitor.browser.cookies.has("_auth_remember_me")).toBe(false);
    }));

  test("is nobody with a cookie that was forged", () =>
    visiting(async (visitor) => {
      await visitor.logIn({ "user[rememberMe]": "true" });
      const forged = `${visitor.browser.cookies.get("_auth_remember_me")}x`;
      visitor.browser.cookies.clear();
      visitor.browser.cookies.set("_auth_remember_me", forged);
      expect(await visitor.greeting()).toBe("Welcome");
    }));

  test("who changes the password stays logged in, and nobody else does", () =>
    visiting(async (visitor) => {
      const elsewhere = new Visitor(visitor.sim);
      await Promise.all([visitor.logIn(), elsewhere.logIn({ "user[rememberMe]": "true" })]);
      const changed = { "user[password]": "another long one", "user[currentPassword]": PASSWORD };
      expect(goesTo(await visitor.post("/users/settings", changed))).toEqual([302, "/users/settings"]);
      expect(flashOf(await visitor.get("/users/settings"))).toBe("Your password was changed.");
      expect(await elsewhere.greeting()).toBe("Welcome");
      expect((await elsewhere.logIn()).status).toBe(422);
      expect(goesTo(await elsewhere.logIn({ "user[password]": "another long one" }))).toEqual([302, "/"]);
    }));

  test.each([
    [
      "the wrong password",
      { "user[password]": "another long one", "user[currentPassword]": "wrong" },
      "is not your password",
    ],
    [
      "a new one that is short",
      { "user[password]": "short", "user[currentPassword]": PASSWORD },
      "at least 12 characters",
    ],
  ])("who changes the password with %s is told, and keeps the old one", (_, fields, error) =>
    visiting(async (visitor) => {
      await visitor.logIn();
      const answer = await visitor.post("/users/settings", fields);
      expect([answer.status, answer.body.includes(error)]).toEqual([422, true]);
      expect(goesTo(await new Visitor(visitor.sim).logIn())).toEqual([302, "/"]);
    }),
  );
});

describe("a password", () => {
  test("is verified against its hash, which is another one each time", async () => {
    const again = await hashPassword(PASSWORD);
    expect(again).not.toBe(passwordHash);
    expect(again).toMatch(/^scrypt\$32768\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
    expect([await verifyPassword(PASSWORD, again), await verifyPassword("wrong", again)]).toEqual([true, false]);
  });

  test("may be typed with letters that are composed another way", async () => {
    expect(await verifyPassword("cafe\u0301 au lait", await hashPassword("caf\u00e9 au lait"))).toBe(true);
  });

  test("is verified by the cost of its hash", async () => {
    const cheap = "scrypt$1024$8$1$c2FsdA$3QXzDU2wyAV_p4UvSNMuieFhP4rc1LFcH2gu7zPSsBs";
    expect([await verifyPassword("right", cheap), await verifyPassword("wrong", cheap)]).toEqual([true, false]);
  });

  test("of nobody takes as long as one of somebody, and is wrong", async () => {
    const took = async (hash: string | undefined): Promise<number> => {
      const since = process.cpuUsage();
      expect(await verifyPassword("wrong", hash)).toBe(false);
      const { user, system } = process.cpuUsage(since);
      return user + system;
    };
    const least = async (hash: string | undefined): Promise<number> =>
      Math.min(await took(hash), await took(hash), await took(hash));
    const [nobody, somebody] = [await least(undefined), await least(passwordHash)];
    expect(nobody / somebody).toBeGreaterThan(0.3);
    expect(nobody / somebody).toBeLessThan(3);
  });
});

test("a session that is older than sixty days is over", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const server = await start(sim, Users);
    const user = await sim.call(server, "register", { email: "a@b", passwordHash: "" });
    const token = await sim.call(server, "openSession", user?.id ?? 0);
    await sim.advance(SESSION_DAYS * 86_400_000);
    expect(await sim.call(server, "bySession", token)).toEqual(user);
    await sim.advance(1);
    expect(await sim.call(server, "bySession", token)).toBeUndefined();
  }));

test("the service runs, shows errors as pages, and has its style sheet", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    await sim.start(supervisor(App, { port: 0, secretKeyBase: SECRET }));
    const url = `http://127.0.0.1:${(await httpInfo(sim)).port}`;
    const get = (path: string) => fetch(url + path, { headers: { connection: "close" } });
    expect(await (await get("/")).text()).toContain("Welcome");
    const missing = await get("/nothing");
    expect([missing.status, missing.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
    expect((await get("/style.css")).headers.get("content-type")).toContain("text/css");
  }));
