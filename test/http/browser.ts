import type { PlugFn } from "hornbeam/http";
import { request, type TestRequest, type TestResponse } from "hornbeam/http/test";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { headers } from "./support.ts";

export const SECRET = "abcdef0123456789".repeat(8);

/** Sends requests through plugs with the test kit, and keeps cookies between them, as a browser does. */
export class Browser {
  readonly sim: VirtualSystem;
  readonly cookies = new Map<string, string>();
  private readonly secretKeyBase: string;

  constructor(sim: VirtualSystem, secretKeyBase = SECRET) {
    this.sim = sim;
    this.secretKeyBase = secretKeyBase;
  }

  async ask(plug: PlugFn<any, any>, what = "GET /", options: TestRequest = {}): Promise<TestResponse> {
    const [method, target] = what.split(" ", 2) as [string, string];
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await request(this.sim, plug, method, target, {
      secretKeyBase: this.secretKeyBase,
      ...options,
      headers: cookie === "" ? { ...options.headers } : { cookie, ...options.headers },
    });
    for (const header of headers(answer, "set-cookie")) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
      if (header.includes("; Max-Age=0;")) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }
}

/** A test with a browser, in a simulation of its own. */
export const browsing = (test: (browser: Browser) => Promise<void>): Promise<void> =>
  inVirtualTime((sim) => test(new Browser(sim)));
