import { httpInfo } from "hornbeam/http";
import { request } from "hornbeam/http/test";
import { supervisor } from "hornbeam/supervisor";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { App, site } from "../../examples/hello-http.ts";

test("the router greets by name, and refuses who has not logged in", () =>
  inVirtualTime(async (sim) => {
    expect((await request(sim, site.plug, "GET", "/hello/world")).body).toBe("Hello, world!\n");
    const refused = await request(sim, site.plug, "GET", "/me");
    expect([refused.status, refused.json()]).toEqual([401, { error: "log in first" }]);
    expect((await request(sim, site.plug, "GET", "/me", { headers: { "x-user": "ada" } })).json()).toEqual({
      user: "ada",
    });
    expect((await request(sim, site.plug, "POST", "/echo", { json: { a: 1 } })).json()).toEqual({ a: 1 });
  }));

test("a request that crashes is answered with 500, and the next one is none the worse", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    await sim.start(supervisor(App, { port: 0 }));
    const url = `http://127.0.0.1:${(await httpInfo(sim)).port}`;
    expect((await fetch(`${url}/crash`)).status).toBe(500);
    expect(await (await fetch(`${url}/hello/again`, { headers: { connection: "close" } })).text()).toBe(
      "Hello, again!\n",
    );
  }));
