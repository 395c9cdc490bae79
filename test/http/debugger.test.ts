import { readFileSync } from "node:fs";
import { type Level, name, onReport } from "hornbeam";
import {
  type Conn,
  type DebuggerOptions,
  HttpError,
  NoRouteError,
  type PlugFn,
  pipeline,
  router,
  SessionState,
  withDebugger,
  withErrorHandler,
} from "hornbeam/http";
import { request, type TestRequest, type TestResponse } from "hornbeam/http/test";
import { inVirtualTime } from "hornbeam/test";
import { describe, expect, test } from "vitest";
import { ask, serving } from "./support.ts";

const HTML = { accept: "text/html" };

/** A plug that throws. */
const throwing =
  (reason: unknown): PlugFn<any, any> =>
  () => {
    throw reason;
  };

/** The page, or what is given instead, of a request whose last plug throws. */
function page(
  reason: unknown,
  what = "GET /",
  given: TestRequest & DebuggerOptions & { through?: PlugFn<any, any> } = {},
) {
  const { headers = HTML, through = (conn) => conn, enabled, editor = "", styles, banner, actions, ...rest } = given;
  const options = { editor, ...definedOf({ enabled, styles, banner, actions }) };
  const plug = withDebugger(pipeline().plug(through).plug(throwing(reason)), options);
  return ask(plug, what, { headers, ...rest });
}

const definedOf = (options: object): object =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");

/** A line of this file, which stands in the stack of what was thrown there. */
function marked(): Error {
  return new RangeError("marked"); // <here> & only here
}

describe("the debugger's page", () => {
  test("shows what failed, with the error's name in the title, and the error goes on", async () => {
    const error = new TypeError("<oops>");
    const answer = await page(error, "GET /boom");
    expect([answer.status, answer.reason, answer.header("content-type")]).toEqual([
      500,
      error,
      "text/html; charset=utf-8",
    ]);
    expect(answer.body).toContain("<title>TypeError at GET /boom</title>");
    expect(answer.body).toContain("&lt;oops&gt;");
    expect(answer.header("cache-control")).toBe("no-store");
  });

  test("has the status of the error, and one below 500 is no crash, and is told for debugging", () =>
    inVirtualTime(async (sim) => {
      const lines: string[] = [];
      onReport(
        sim.telemetry,
        (level: Level, text, event) => void (event === "http.log" && lines.push(`${level}: ${text}`)),
        "debug",
      );
      const plug = withDebugger(throwing(new HttpError("forbidden", "oops")));
      const answer = await request(sim, plug, "GET", "/soft_boom", { headers: HTML });
      expect([answer.status, answer.reason]).toEqual([403, "normal"]);
      expect(answer.body).toContain("<title>HttpError at GET /soft_boom</title>");
      expect(lines).toEqual(["debug: 403 for HttpError at GET /soft_boom"]);
    }));

  test("is not shown when a response was sent already", async () => {
    const through = (conn: Conn<any>) => conn.sendResp(200, "sent");
    const answer = await page(new Error("late"), "GET /", { through });
    expect([answer.status, answer.body, String(answer.reason)]).toEqual([200, "sent", "Error: late"]);
  });

  test("is that of the error itself, of the conn as it was, and instead of what was set", async () => {
    const through = (conn: Conn<any>) =>
      conn
        .assign("user", "ada")
        .putRespHeader("content-security-policy", "default-src 'none'")
        .putRespHeader("etag", '"1"')
        .putRespHeader("x-kept", "1")
        .resp(201, "set");
    const answer = await page(new HttpError(403, "inner"), "GET /", { through });
    expect([answer.status, answer.header("x-kept"), answer.header("etag")]).toEqual([403, "1", undefined]);
    expect(answer.header("content-security-policy")).toMatch(
      /^script-src 'nonce-\w+'; object-src 'none'; base-uri 'none'$/,
    );
    expect(answer.body).toContain("ada");
  });

  test("shows an error without a stack", async () => {
    const error = Object.assign(new Error("bare"), { stack: undefined });
    const answer = await page(error);
    expect(answer.body).toContain("bare");
    expect(answer.body).not.toContain('class="frame');
  });

  test("shows a value that was thrown and is no error", async () => {
    const answer = await page({ hello: "<world>" });
    expect(answer.body).toContain("unhandled throw at GET /");
    expect(answer.body).toContain("{ hello: &#39;&lt;world&gt;&#39; }");
  });

  test("shows that a process did not answer", async () => {
    const calls = async (conn: Conn<any>) => {
      await conn.self.call(name<any>("nobody"), "hello");
      return conn;
    };
    const answer = await ask(withDebugger(calls), "GET /", { headers: HTML });
    expect(answer.status).toBe(500);
    expect(answer.body).toContain("CallError at GET /");
    expect(answer.body).toContain("nobody");
  });

  test("shows the causes of the error, and of an error of several their parts, each once", async () => {
    const inner = new Error("the inner one");
    inner.cause = inner;
    const outer = new AggregateError([inner, new RangeError("another")], "the outer one", { cause: inner });
    const { body } = await page(outer);
    expect(body).toContain("AggregateError at GET /");
    expect(body.match(/<h2>Caused by .*<\/h2>/g)).toEqual([
      "<h2>Caused by Error</h2>",
      "<h2>Caused by RangeError</h2>",
    ]);
    expect(body).toContain('<pre class="message">the inner one</pre>');
  });

  test("shows the request", async () => {
    const { body } = await page(new Error("oops"), "GET /foo/bar?baz=bat");
    for (const text of [
      "<summary>Request</summary>",
      "http://www.example.com/foo/bar?baz=bat",
      "127.0.0.1",
      "HTTP/1.1",
    ]) {
      expect(body).toContain(text);
    }
  });

  test("shows the headers", async () => {
    const { body } = await page(new Error("oops"), "GET /", { headers: { ...HTML, "my-header": "my-value" } });
    expect(body).toContain("<summary>Headers</summary>");
    expect(body).toContain("<tr><td>my-header</td><td><pre>my-value</pre></td></tr>");
  });

  test("shows the parameters of query and body", async () => {
    const through = (conn: Conn<any>) => conn.putBodyParams({ "from-body": ["x", "y"] });
    const { body } = await page(new Error("oops"), "GET /?from-qs=value", { through });
    expect(body).toContain("<summary>Params</summary>");
    expect(body).toContain("<tr><td>from-qs</td><td><pre>value</pre></td></tr>");
    expect(body).toContain("<tr><td>from-body</td><td><pre>[ &#39;x&#39;, &#39;y&#39; ]</pre></td></tr>");
  });

  test("shows no parameters of a query that is broken", async () => {
    const answer = await page(new Error("oops"), "GET /foo?q=%FF");
    expect(answer.status).toBe(500);
    expect(answer.body).toContain("Error at GET /foo");
    expect(answer.body).not.toContain("<summary>Params</summary>");
  });

  test("shows cookies, session and assigns", async () => {
    const through = (conn: Conn<any>) =>
      conn
        .putSessionState(new SessionState((given) => given, { session_key: "session_value" }, undefined))
        .assign("user", { name: "ada" });
    const { body } = await page(new Error("oops"), "GET /", { through, headers: { ...HTML, cookie: "a=b" } });
    expect(body).toContain("<summary>Session</summary>");
    expect(body).toContain("<tr><td>session_key</td><td><pre>session_value</pre></td></tr>");
    expect(body).toContain("<summary>Cookies</summary>");
    expect(body).toContain("<tr><td>a</td><td><pre>b</pre></td></tr>");
    expect(body).toContain("<tr><td>user</td><td><pre>{ name: &#39;ada&#39; }</pre></td></tr>");
  });

  test("shows the plugs that the request went through, with their places, and which one failed", async () => {
    const first = (conn: Conn<any>) => conn;
    const second = () => {
      throw new Error("oops");
    };
    const { body } = await ask(withDebugger(pipeline({ name: "site" }).plug(first).plug(second)), "GET /", {
      headers: HTML,
    });
    const rows = [...body.matchAll(/<tr><td>(\w+)<\/td><td><pre>(\w+) at test\/http\/debugger\.test\.ts:\d+<\/pre>/g)];
    expect(rows.map(([, n, plug]) => `${n} ${plug}`)).toEqual(["2 site", "3 first", "failed second"]);
  });

  test("shows the routes that there are when none matched", async () => {
    const error = new NoRouteError("GET", "/x", ["GET /users/:id", "POST /<b>"]);
    const { status, body } = await page(error, "GET /x");
    expect([status, body.includes("<summary>Routes</summary>")]).toEqual([404, true]);
    expect(body).toContain("<pre>GET /users/:id</pre>");
    expect(body).toContain("<pre>POST /&lt;b&gt;</pre>");
    const site = router()
      .get("/rooms/:topic", (conn) => conn.text(""))
      .post("/rooms", (conn) => conn.text(""));
    const routed = await ask(withDebugger(site.plug), "GET /x", { headers: HTML });
    expect(routed.status).toBe(404);
    for (const route of ["GET /rooms/:topic", "POST /rooms"])
      expect(routed.body).toMatch(new RegExp(`<pre>${route}\\b`));
  });

  test("has a button that copies it as Markdown", async () => {
    const answer = await page(new Error("oops"));
    expect(answer.body).toContain("Copy markdown");
    const [, markdown] = /<textarea id="markdown"[^>]*>\n([\s\S]*?)<\/textarea>/.exec(answer.body) ?? [];
    expect(markdown).toContain("# Error at GET /");
  });

  test("loads nothing, and runs one script, which the answer's headers name", async () => {
    const { body, header } = await page(Object.assign(new Error("oops"), { stack: "" }));
    expect(body).not.toMatch(/<link|<img|<iframe|src=|url\(|@import|https?:\/\/(?!www\.example\.com)/);
    const [, nonce] = /<script nonce="(\w+)">/.exec(body) ?? [];
    expect(header("content-security-policy")).toContain(`'nonce-${nonce}'`);
    expect(body.match(/<script/g)).toHaveLength(1);
  });

  test("has nothing in it that came from outside and is not escaped", async () => {
    const evil = "</textarea></style></pre><script>alert(document.domain)</script>\"'";
    const error = Object.assign(new Error(evil, { cause: new Error(evil) }), { routes: [evil] });
    error.name = evil;
    const through = (conn: Conn<any>) =>
      conn
        .assign(evil, evil)
        .putBodyParams({ [evil]: evil })
        .putSessionState(new SessionState((given) => given, { [evil]: evil }, undefined));
    const { body } = await page(error, `GET /${encodeURI(evil)}?x=${evil.replaceAll(" ", "+")}`, {
      through,
      headers: { ...HTML, "x-evil": evil, referer: `/${evil}`, cookie: `a=${evil}` },
      host: "evil<script>",
    });
    expect(body).not.toContain("<script>");
    expect(body.split(evil)).toHaveLength(1);
    expect(body.split(escaped(evil)).length).toBeGreaterThan(10);
    for (const tag of ["style", "textarea", "script", "main", "html"]) {
      expect(body.match(new RegExp(`</${tag}>`, "g"))).toHaveLength(1);
    }
  });
});

describe("the places of an error", () => {
  test("are those of the site, of libraries and of Node, told apart; the first of the site's is open", async () => {
    const error = new Error("oops");
    const library = new URL("../../node_modules/mime/dist/src/Mime.js", import.meta.url).pathname;
    error.stack = [
      "Error: oops",
      "    at Object.parse (node:internal/url:12:3)",
      "    at JSON.parse (<anonymous>)",
      `    at new Mime (file://${library}:3:1)`,
      `    at Step.login [as run] (${import.meta.filename}:9:5)`,
      `    at async marked (${import.meta.filename}:10:5)`,
      `    at async Promise.all (index 0)`,
      `    at file://${import.meta.filename}?v=1:11:5`,
    ].join("\n");
    const { body } = await page(error);
    const frames = [...body.matchAll(/<details class="frame (\w+)"( open)?><summary>(.*?)<\/summary>/g)];
    expect(
      frames.map(([, kind, open, summary]) => `${kind}${open ?? ""} ${(summary ?? "").replaceAll(/<[^>]*>/g, "")}`),
    ).toEqual([
      "node nodeObject.parse in node:internal/url:12",
      "node nodeJSON.parse (&lt;anonymous&gt;)",
      "library librarynode_modules/mime/dist/src/Mime.js:3 new Mime",
      "app open apptest/http/debugger.test.ts:9 login",
      "app apptest/http/debugger.test.ts:10 marked",
      "node nodeasync Promise.all (index 0)",
      "app apptest/http/debugger.test.ts:11 an unnamed function",
    ]);
  });

  test("that others than the site have in a row are folded away", async () => {
    const node = "    at f (node:internal/url:12:3)";
    const app = `    at g (${import.meta.filename}:10:5)`;
    const error = Object.assign(new Error("oops"), { stack: ["Error: oops", node, node, app, app, node].join("\n") });
    const { body } = await page(error);
    expect(body.match(/<details class="run"><summary>.*?<\/summary>/g)).toEqual([
      '<details class="run"><summary>2 places in libraries and Node</summary>',
    ]);
  });

  test("come with the source around them, of the site", async () => {
    const { body } = await page(marked());
    const source = readFileSync(import.meta.filename, "utf8").split("\n");
    const line = source.findIndex((text) => text.includes("<here> & only here")) + 1;
    expect(body).toContain(`<span class="here"><i>${line}</i>${escaped(source[line - 1] ?? "")}</span>`);
    expect(body).toContain(`<span><i>${line + 1}</i>}</span>`);
    expect(body).toContain(`<code>test/http/debugger.test.ts:${line}</code>`);
  });

  test("come with the source of a library", async () => {
    const error = await new Promise<Error>((resolve) => {
      void ask((conn) => {
        try {
          return conn.putStatus(1);
        } catch (failed) {
          resolve(failed as Error);
          return conn.text("");
        }
      });
    });
    const { body } = await page(error);
    expect(body).toMatch(/<details class="frame library"><summary>.*http\/conn\/status\.ts:\d+/);
    expect(body).toContain("expected a status from 100 to 999, or the name of one such as");
  });

  test("at the first and the last line of a file come with what is there, and beyond it with nothing", async () => {
    const length = readFileSync(import.meta.filename, "utf8").split("\n").length;
    for (const [line, numbers] of [
      [1, [1, 2, 3, 4, 5, 6]],
      [length, Array.from({ length: 6 }, (_, i) => length - 5 + i)],
      [length + 100, []],
    ] as const) {
      const error = Object.assign(new Error("oops"), {
        stack: `Error: oops\n    at f (${import.meta.filename}:${line}:1)`,
      });
      const { body } = await page(error);
      expect([...body.matchAll(/<i>(\d+)<\/i>/g)].map(([, n]) => Number(n))).toEqual(numbers);
    }
  });

  test("are never those that the message makes up, nor files that are no sources", async () => {
    const forged = `oops\n    at f (${import.meta.filename}:1:1)`;
    const secret = "/etc/hostname";
    const error = new Error(forged);
    error.stack = `Error: ${forged}\n    at g (${secret}:1:1)`;
    const { body } = await page(error);
    expect(body.match(/<details class="frame/g)).toHaveLength(1);
    expect(body).toContain(`${secret}:1`);
    expect(body).not.toContain('<code class="source">');
  });

  test("are links when an editor is named, with the path of the file, or the one from here", async () => {
    const file = import.meta.filename;
    const error = () => Object.assign(new Error("oops"), { stack: `Error: oops\n    at f (${file}:7:1)` });
    const whole = await page(error(), "GET /", { editor: "hello://open?file=__FILE__&line=__LINE__" });
    expect(whole.body).toContain(`<a href="hello://open?file=${file}&amp;line=7">`);
    const short = await page(error(), "GET /", { editor: "hello://open?file=__RELATIVEFILE__&line=__LINE__" });
    expect(short.body).toContain('<a href="hello://open?file=test/http/debugger.test.ts&amp;line=7">');
    expect((await page(error())).body).not.toContain("<a href");
    expect((await page(error(), "GET /", { editor: "javascript:alert(1)//__FILE__" })).body).not.toContain("<a href");
  });

  test("are links as PLUG_EDITOR says when no editor is named", async () => {
    const before = process.env.PLUG_EDITOR;
    process.env.PLUG_EDITOR = "env://__FILE__#__LINE__";
    try {
      const { body } = await ask(withDebugger(throwing(marked())), "GET /", { headers: HTML });
      expect(body).toContain(`<a href="env://${import.meta.filename}#`);
    } finally {
      if (before === undefined) delete process.env.PLUG_EDITOR;
      else process.env.PLUG_EDITOR = before;
    }
  });
});

describe("the debugger's page is the developer's", () => {
  test("in its colours, which can do nothing else", async () => {
    const { body } = await page(new Error("oops"), "GET /", {
      styles: { primary: "#c0ffee", accent: "red}</style><script>", css: "h1 { text-transform: none } </style>" },
    });
    expect(body).toContain("--primary: #c0ffee;");
    expect(body).toContain("--accent: redstylescript;");
    expect(body).toContain("h1 { text-transform: none }");
    expect(body.match(/<\/style>/g)).toHaveLength(1);
  });

  test("with a banner of theirs", async () => {
    const { body } = await page(new RangeError("oops"), "GET /x", {
      banner: (conn, { reason, plug }) =>
        `<h1>${conn.status} ${String(reason)} ${plug.split(" ")[0]} ${conn.requestPath}</h1>`,
    });
    expect(body).toContain("<h1>500 RangeError: oops an /x</h1>");
  });
});

describe("who is no browser gets Markdown", () => {
  test.each([
    ["text/html", true],
    ["text/*;q=0.5", true],
    ["application/json, */*", true],
    ["text/html;q=0.1,application/xml", true],
    ["application/json", false],
    ["text/plain", false],
    ["text/htmlx", false],
    ["", false],
    [undefined, false],
  ])("as its Accept says: %s", async (accept, html) => {
    const answer = await page(new Error("oops"), "GET /", { headers: accept === undefined ? {} : { accept } });
    expect(answer.header("content-type")).toBe(html ? "text/html; charset=utf-8" : "text/markdown; charset=utf-8");
  });

  test("with the error, its causes, the source and the request", async () => {
    const error = new HttpError(415, "unsupported media type foo/bar", { cause: marked() });
    const through = (conn: Conn<any>) => conn.assign("user", "ada\nlovelace");
    const { status, body } = await page(error, "POST /x?a=1", { headers: { accept: "application/json" }, through });
    expect(status).toBe(415);
    expect(body).toMatch(/^# HttpError at POST \/x\n\n {4}unsupported media type foo\/bar\n\n/);
    expect(body).toContain("## Caused by RangeError\n\n    marked\n\n");
    expect(body).toMatch(/\n {4}> +\d+ {4}return new RangeError\("marked"\);/);
    expect(body).toContain("* URL: http://www.example.com/x?a=1\n");
    expect(body).toContain("* user: ada lovelace\n");
  });
});

const SECRET = "s".repeat(64);

/** What an error offers to do: to note a word. */
const offering = () =>
  Object.assign(new HttpError(418, "actionable"), {
    actions: [
      { label: "Note <it>", action: "note", args: ["noted", 7] },
      { label: "Unknown", action: "constructor" },
    ],
  });

const FORM = '<form action="/__plug__/debugger/action" method="POST">';

describe("an error's actions", () => {
  const noted: unknown[] = [];
  const actions = {
    note: async (...args: unknown[]) => void noted.push(...args),
    fail: () => {
      throw new Error("the action failed");
    },
  };
  const plug = (error: () => unknown = offering, options: DebuggerOptions = { actions }) =>
    withDebugger((conn: Conn<any>) => {
      throw conn.requestPath === "/fail"
        ? Object.assign(new Error("x"), { actions: [{ label: "Fail", action: "fail" }] })
        : error();
    }, options);

  /** Over a real connection, to a server that has a secret. */
  const visiting = (
    test_: (get: (path: string, init?: RequestInit) => Promise<Response>) => Promise<void>,
    through = plug(),
  ) =>
    serving({ plug: through, secretKeyBase: SECRET, development: true }, (live) =>
      test_((path, init = {}) =>
        fetch(`http://127.0.0.1:${live.port}${path}`, {
          headers: { ...HTML, connection: "close" },
          redirect: "manual",
          ...init,
        }),
      ),
    );

  const fieldsOf = (body: string): Record<string, string> =>
    Object.fromEntries(
      [...body.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g)].map(([, name, value]) => [name, value]),
    );

  const submit = (fields: Record<string, string>): RequestInit => ({
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { ...HTML, connection: "close" },
  });

  test("are buttons, those that the debugger knows", () =>
    visiting(async (get) => {
      const body = await (await get("/x")).text();
      expect(body.split(FORM)).toHaveLength(2);
      expect(body).toContain("Note &lt;it&gt;");
      expect(body).not.toContain(">Unknown</button>");
    }));

  test.each<[why: string, options: DebuggerOptions, error: () => unknown]>([
    ["the error has none", { actions }, () => new Error("oops")],
    ["the debugger knows none", {}, offering],
    ["they are no list", { actions }, () => Object.assign(new Error("oops"), { actions: "note" })],
  ])("are no buttons when %s", (_, options, error) =>
    visiting(
      async (get) => {
        expect(await (await get("/x")).text()).not.toContain(FORM);
      },
      plug(error, options),
    ),
  );

  test("are no buttons without a secret, and then their path is the site's", async () => {
    const bare = { headers: HTML, secretKeyBase: undefined };
    const answer = await ask(plug(), "GET /x", bare);
    expect([answer.status, answer.body.includes(FORM)]).toEqual([418, false]);
    expect((await ask(plug(), "POST /__plug__/debugger/action", bare)).status).toBe(418);
  });

  test("are no buttons for who is no browser", () =>
    visiting(async (get) => {
      expect(await (await get("/x", { headers: { accept: "text/plain", connection: "close" } })).text()).not.toContain(
        FORM,
      );
    }));

  test.each<[how: string, path: string, init: RequestInit, last: string]>([
    ["its own path", "/actionable", {}, "/actionable"],
    ["its own path and query", "/actionable?a=b&c=d", {}, "/actionable?a=b&amp;c=d"],
    [
      "the page before, after another method",
      "/x",
      { method: "POST", headers: { ...HTML, referer: "/referer?a" } },
      "/referer?a",
    ],
    [
      "the page before, named whole",
      "/x",
      { method: "POST", headers: { ...HTML, referer: "http://127.0.0.1:1/r" } },
      "/r",
    ],
    ["nowhere else", "/x", { method: "POST", headers: { ...HTML, referer: "http://evil.com/r" } }, "/"],
    ["the beginning, when there was no page before", "/x", { method: "POST" }, "/"],
  ])("lead back to %s", (_, path, init, last) =>
    visiting(async (get) => {
      expect(fieldsOf(await (await get(path, { headers: { ...HTML }, ...init })).text()).last_path).toBe(last);
    }),
  );

  test("are done when their button is pressed, and lead back", () =>
    visiting(async (get) => {
      noted.length = 0;
      const fields = fieldsOf(await (await get("/x?y")).text());
      const answer = await get("/__plug__/debugger/action", submit(fields));
      expect([answer.status, answer.headers.get("location"), noted]).toEqual([302, "/x?y", ["noted", 7]]);
    }));

  test("are refused when they were tampered with, or nobody signed them", () =>
    visiting(async (get) => {
      noted.length = 0;
      const { encoded_handler: token = "", last_path = "" } = fieldsOf(await (await get("/x")).text());
      const [payload = "", signature = ""] = token.split(".");
      const other = Buffer.from(Buffer.from(payload, "base64url").toString().replace("noted", "other")).toString(
        "base64url",
      );
      for (const encoded_handler of [`${other}.${signature}`, `${payload}.`, `${token}x`, "", "x.y"]) {
        const answer = await get("/__plug__/debugger/action", submit({ encoded_handler, last_path }));
        expect(answer.status).toBe(403);
      }
      expect((await get("/__plug__/debugger/action", submit({}))).status).toBe(403);
      expect(noted).toEqual([]);
    }));

  test.each(["//evil.com", "https://evil.com", "/\\evil.com", "/%09/evil.com", "/a\nb"])(
    "never lead to %j",
    (last_path) =>
      visiting(async (get) => {
        const { encoded_handler = "" } = fieldsOf(await (await get("/x")).text());
        const answer = await get("/__plug__/debugger/action", submit({ encoded_handler, last_path }));
        expect([answer.status, answer.headers.get("location")]).toEqual([302, "/"]);
      }),
  );

  test("that fail are shown like any other error", () =>
    visiting(async (get) => {
      const answer = await get("/__plug__/debugger/action", submit(fieldsOf(await (await get("/fail")).text())));
      expect([answer.status, (await answer.text()).includes("the action failed")]).toEqual([500, true]);
    }));
});

describe("nothing is shown in production", () => {
  const secret = new Error("the password is hunter2");
  const failing = pipeline()
    .plug((conn) => conn.assign("token", "hunter3"))
    .plug(throwing(secret));

  const plain = (answer: Pick<TestResponse, "status" | "body">) =>
    expect([answer.status, answer.body]).toEqual([500, "500 Internal Server Error\n"]);

  test("by a server that is not told to be one of development", () =>
    serving({ plug: withDebugger(failing) }, async (live) => {
      for (const accept of ["text/html", "*/*", "application/json"]) {
        const client = await live.connect();
        client.request("GET", "/?debug=true", [`Accept: ${accept}`]);
        plain(await client.answer());
      }
    }));

  test("nor is an action done there", () =>
    serving({ plug: withDebugger(failing, { actions: { act: () => {} } }), secretKeyBase: SECRET }, async (live) => {
      const client = await live.connect();
      client.request("POST", "/__plug__/debugger/action", ["Content-Length: 0"]);
      plain(await client.answer());
    }));

  test("by a debugger that is off, even in development", async () => {
    plain(await ask(withDebugger(failing, { enabled: false }), "GET /", { headers: HTML }));
  });

  test("and what does not fail goes through as if it were not there", async () => {
    const ok = (conn: Conn<any>) => conn.text("ok");
    for (const enabled of [true, false]) {
      const answer = await ask(withDebugger(ok, { enabled }));
      expect([answer.status, answer.body, answer.reason]).toEqual([200, "ok", "normal"]);
    }
  });

  test("unless a debugger is told to, whatever the server is", () =>
    serving({ plug: withDebugger(failing, { enabled: true }) }, async (live) => {
      expect((await live.get("/")).body).toContain("hunter2");
    }));

  test("and what is no yes or no is refused, when the plug is built", () => {
    expect(() => withDebugger(failing, { enabled: "development" as unknown as boolean })).toThrow(
      "withDebugger: expected enabled to be true or false, got: 'development'",
    );
  });
});

test("an error handler inside answers first, and the debugger leaves its answer alone", async () => {
  const handled = withErrorHandler(throwing(new Error("oops")), (conn) => conn.text("handled"));
  const answer = await ask(withDebugger(handled), "GET /", { headers: HTML });
  expect([answer.status, answer.body]).toEqual([500, "handled"]);
});

test("a banner that fails is reported, and the answer is a plain one", async () => {
  const banner = () => {
    throw new Error("broken banner");
  };
  const { status, body } = await page(new Error("oops"), "GET /", { banner });
  expect([status, body]).toEqual([500, "500 Internal Server Error\n"]);
});
