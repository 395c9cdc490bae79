import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const OUT = join(ROOT, ".cache/type-speed");
const SERVERS = 200;

/** A server with a few requests of each kind, and a user of it that the compiler must understand. */
const server = (n: number): string => `
interface State${n} { readonly items: readonly { readonly id: number; readonly text: string }[] }
export const Server${n} = {
  init: (_start: { readonly limit: number }) => ok<State${n}>({ items: [] }),
  handleCall: {
    add: (text: string, state) => reply(state.items.length, { items: [...state.items, { id: state.items.length, text }] }),
    find: (id: number, state) => reply(state.items.find((item) => item.id === id), state),
    all: (_, state) => reply(state.items, state),
    slow: async (_, state) => reply("done" as const, state),
    close: (_, state) => stop("normal", state, true),
  },
  handleCast: {
    clear: () => noreply({ items: [] }),
    drop: (count: number, state) => noreply({ items: state.items.slice(count) }),
  },
  handleInfo: (message: Down | "tick${n}", state) => (message === "tick${n}" ? noreply(state) : stop("normal", state)),
} satisfies GenServer<State${n}>;

export async function use${n}(self: Self): Promise<string> {
  const pid = await startLink(self, Server${n}, { limit: ${n} }, { name: name<typeof Server${n}>("server${n}") });
  const id: number = await self.call(pid, "add", "x");
  const item = await self.call(pid, "find", id);
  const done: "done" = await self.call(pid, "slow");
  self.cast(pid, "drop", 1);
  self.send(pid, "tick${n}");
  // @ts-expect-error a number is no text
  await self.call(pid, "add", 5);
  return item?.text ?? done;
}
`;

const MODULE = `
import { type Down, name, noreply, ok, reply, type Self, stop } from "hornbeam";
import { type GenServer, startLink } from "hornbeam/genserver";
${Array.from({ length: SERVERS }, (_, n) => server(n)).join("\n")}
`;

const ROUTES = 100;

/** Routes with parameters, scopes and pipelines, and a use of each path. */
const ROUTER = `
import { type Conn, pipeline, router } from "hornbeam/http";
const member = pipeline().plug((conn) => conn.assign("user", { id: 1, name: "ada" }));
const site = router()
  .pipeThrough(member)
${Array.from({ length: ROUTES / 2 }, (_, n) => `  .get("/top${n}/:id${n}", (conn, { id${n} }) => conn.text(id${n} + conn.assigns.user.name))`).join("\n")}
  .scope("/in/:org", (scope) => scope
${Array.from({ length: ROUTES / 2 }, (_, n) => `    .post("/low${n}/:id/*rest", async (conn, { org, rest }) => conn.json([org, rest]))`).join("\n")});
${Array.from({ length: ROUTES / 2 }, (_, n) => `site.path("/top${n}/:id${n}", { id${n}: ${n} });`).join("\n")}
${Array.from({ length: ROUTES / 2 }, (_, n) => `site.path("/in/:org/low${n}/:id/*rest", { org: "a", id: ${n}, rest: [] });`).join("\n")}
// @ts-expect-error no route has this path
site.path("/top/:id", { id: 1 });
`;

/** The compiler's own measure: what this module costs beyond the program that is nothing but the library. */
function seconds(file: string, source: string): number {
  writeFileSync(join(OUT, file), source);
  writeFileSync(join(OUT, "tsconfig.json"), JSON.stringify({ extends: "../../tsconfig.json", include: [file] }));
  const out = execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", OUT, "--extendedDiagnostics"], {
    encoding: "utf8",
  });
  return Number(/^Total time:\s+([\d.]+)s$/m.exec(out)?.[1]);
}

beforeAll(() => {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
});

test(`a module of ${SERVERS} servers is checked in less than 3 seconds`, { timeout: 60_000, retry: 1 }, () => {
  const time = seconds("servers.ts", MODULE);
  console.log(`${SERVERS} servers: ${time} s`);
  expect(time).toBeLessThan(3);
});

test(`a router of ${ROUTES} routes, and a use of each path, is checked in less than 3 seconds`, {
  timeout: 60_000,
  retry: 1,
}, () => {
  const time = seconds("routes.ts", ROUTER);
  console.log(`${ROUTES} routes: ${time} s`);
  expect(time).toBeLessThan(3);
});
