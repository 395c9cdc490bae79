import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Pid, TelemetryEvents } from "hornbeam";
import { type HttpOptions, http, httpInfo, type PlugFn } from "hornbeam/http";
import { request, type TestRequest, type TestResponse } from "hornbeam/http/test";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { Client } from "./client.ts";

/** Sends one request, such as `"GET /hello?x=1"`, through a plug: with the test kit, in a simulation of its own. */
export function ask(plug: PlugFn<any, any>, what = "GET /", options: TestRequest = {}): Promise<TestResponse> {
  const [method, target] = what.split(" ", 2) as [string, string];
  return inVirtualTime((sim) => request(sim, plug, method, target, options));
}

const SITE = / at [\w./-]+\.ts:\d+/g;

/** Why a request that went through `plug` crashed, as text, without the places in the code that it names. */
export async function crash(plug: PlugFn<any, any>, what?: string, options?: TestRequest): Promise<string> {
  const { reason, status } = await ask(plug, what, options);
  if (!(reason instanceof Error)) return `${status} ${String(reason)}`;
  return `${status} ${reason.name}: ${reason.message.replaceAll(SITE, "")}`;
}

type Metadata<E extends keyof TelemetryEvents> = TelemetryEvents[E][1];

/** A server on a real socket in a system whose time stands still until the test moves it. */
export class Live {
  readonly sim: VirtualSystem;
  readonly port: number;
  private readonly clients: Client[] = [];

  constructor(sim: VirtualSystem, port: number) {
    this.sim = sim;
    this.port = port;
  }

  async connect(port = this.port): Promise<Client> {
    const client = await Client.connect(port);
    this.clients.push(client);
    return client;
  }

  /** One request on a connection of its own. */
  async get(path: string): ReturnType<Client["answer"]> {
    return (await this.connect()).get(path);
  }

  /** The metadata of the next event of its kind (that fits). */
  next<E extends keyof TelemetryEvents>(event: E, fits: (metadata: Metadata<E>) => boolean = () => true) {
    return new Promise<Metadata<E>>((resolve) => {
      const off = this.sim.telemetry.on(event, (_: unknown, metadata: Metadata<E>) => {
        if (!fits(metadata)) return;
        off();
        resolve(metadata);
      });
    });
  }

  /** Resolves when a process has ended, to its reason. */
  async ended(pid: Pid): Promise<unknown> {
    return (await this.next("process.exit", (metadata) => metadata.pid === pid)).reason;
  }

  /** Resolves when the server has accepted a connection from this client. */
  async accepted(): Promise<{ readonly client: Client; readonly pid: Pid }> {
    const [{ pid }, client] = await Promise.all([this.next("http.connection.start"), this.connect()]);
    return { client, pid };
  }

  close(): void {
    for (const client of this.clients) client.socket.destroy();
  }
}

type Served = Partial<HttpOptions> & Pick<HttpOptions, "plug">;

/** Runs a test against a server; nothing of it may be left over afterwards. */
export function serving(options: Served, test: (live: Live) => Promise<void>): Promise<void> {
  return inVirtualTime({ time: "manual" }, async (sim) => {
    await sim.start(http({ port: 0, ...options }));
    const live = new Live(sim, (await httpInfo(sim)).port);
    try {
      await test(live);
    } finally {
      live.close();
    }
  });
}

/** The name and the value of every header of that name, in order. */
export const headers = (answer: TestResponse, name: string): string[] =>
  answer.headers.filter(([key]) => key === name).map(([, value]) => value);

/** For a test that starts a Node of its own. */
export const REAL = 20_000;

/** Runs a script of `fixtures/` in a Node of its own; one that does not end in time is killed. */
export function runFixture(
  script: string,
  ...args: string[]
): Promise<{ code: unknown; lines: string[]; err: string }> {
  const path = fileURLToPath(new URL(`./fixtures/${script}`, import.meta.url));
  const flags = ["--conditions=hornbeam-source", "--expose-gc"];
  return new Promise((resolve) => {
    execFile(process.execPath, [...flags, path, ...args], { timeout: REAL / 2 }, (error, out, err) => {
      const code = error === null ? 0 : (error.code ?? error.signal ?? null);
      resolve({ code, lines: out.split("\n").filter((line) => line !== ""), err });
    });
  });
}
