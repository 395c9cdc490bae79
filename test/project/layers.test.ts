import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** A folder imports only itself and what is to its left. */
const LAYERS = ["runtime", "genserver", "supervisor", "http", "channels"];

/** Each library is imported in one file. */
const LIBRARIES: Readonly<Record<string, string>> = {
  eventemitter3: "runtime/telemetry.ts",
  ws: "channels/websocket.ts",
  mime: "http/conn/mime.ts",
  "content-disposition": "http/phoenix/download.ts",
  "@fastify/busboy": "http/plugs/multipart.ts",
  cookie: "http/conn/cookies.ts",
  negotiator: "http/plugs/compress.ts",
  piscina: "supervisor/worker-pool/worker-pool.ts",
  "fast-check": "supervisor/simulation/fast-check.ts",
  vitest: "supervisor/vitest.ts",
};

/** What only some users have: it is loaded by nothing else of the library. */
const OPTIONAL = ["fast-check", "vitest"];
/** And what may load it: the files of its own entry. */
const OF_ITS_ENTRY = /^supervisor\/simulation\//;

/** The files that touch the world outside JavaScript. */
const WORLDLY: Readonly<Record<string, readonly string[]>> = {
  "http/conn/call-site.ts": ["node:path", "node:url", "node:util"],
  "http/conn/file.ts": ["node:fs/promises"],
  "http/conn/status.ts": ["node:http"],
  "http/crypto/csrf-token.ts": ["node:crypto"],
  "http/crypto/key-generator.ts": ["node:crypto"],
  "http/crypto/message-encryptor.ts": ["node:crypto"],
  "http/crypto/message-verifier.ts": ["node:crypto"],
  "http/crypto/secure-compare.ts": ["node:crypto"],
  "http/debug/frames.ts": ["node:fs", "node:path", "node:url"],
  "http/phoenix/download.ts": ["node:path"],
  "http/plugs/body-parser.ts": ["node:buffer"],
  "http/plugs/compressor.ts": ["node:stream", "node:zlib"],
  "http/plugs/rewrite-on.ts": ["node:net"],
  "http/plugs/session/table-store.ts": ["node:crypto"],
  "http/plugs/static.ts": ["node:crypto", "node:fs/promises", "node:path", "node:url"],
  "http/plugs/upload.ts": ["node:crypto", "node:fs", "node:fs/promises", "node:os", "node:path"],
  "http/server/acceptor.ts": ["node:net"],
  "http/server/arrivals.ts": ["node:http", "node:net"],
  "http/server/backlog.ts": ["node:net"],
  "http/server/body-reader.ts": ["node:stream"],
  "http/server/connection-process.ts": ["node:net"],
  "http/server/connection.ts": ["node:net"],
  "http/server/deadlines.ts": ["node:http", "node:net"],
  "http/server/expectation.ts": ["node:http"],
  "http/server/handshakes.ts": ["node:net", "node:tls"],
  "http/server/http1-server.ts": ["node:http", "node:net"],
  "http/server/http2-adapter.ts": ["node:http2", "node:net", "node:stream/promises"],
  "http/server/http2-connection.ts": ["node:http2", "node:net"],
  "http/server/listener.ts": ["node:net"],
  "http/server/mounts.ts": ["node:http", "node:stream"],
  "http/server/node-adapter.ts": ["node:http", "node:net", "node:stream/promises"],
  "http/server/node-request.ts": ["node:http", "node:net"],
  "http/server/node-response.ts": ["node:http"],
  "http/server/pool.ts": ["node:net"],
  "http/server/refusal.ts": ["node:http"],
  "http/server/request-head.ts": ["node:http"],
  "http/server/request.ts": ["node:http"],
  "http/server/slices.ts": ["node:stream"],
  "http/server/socket-data.ts": ["node:net", "node:tls"],
  "http/server/socket-handler.ts": ["node:http", "node:stream"],
  "http/server/tls.ts": ["node:fs", "node:tls"],
  "http/server/traffic.ts": ["node:net"],
  "http/server/upgraded-sockets.ts": ["node:net"],
  "http/testing/raw-client.ts": ["node:net"],
  "runtime/inspect.ts": ["node:util"],
  "runtime/simulation/waits.ts": ["node:v8"],
  "runtime/strays.ts": ["node:async_hooks"],
  "supervisor/run.ts": ["node:os"],
};

interface Import {
  readonly file: string;
  readonly from: string;
}

const imports: readonly Import[] = LAYERS.flatMap((layer) =>
  readdirSync(join(ROOT, layer), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => importsOf(join(layer, file))),
);

function importsOf(file: string): readonly Import[] {
  const source = readFileSync(join(ROOT, file), "utf8").replaceAll(/\/\*\*[\s\S]*?\*\//g, "");
  return [
    ...source.matchAll(/^(?:import|export)\b[^;]*?from "([^"]+)";|^import "([^"]+)";|\bimport\("([^"]+)"\)/gm),
  ].map((match) => ({ file, from: (match[1] ?? match[2] ?? match[3]) as string }));
}

const layerOf = (file: string): string => file.split("/")[0] as string;

test("a folder imports only to its left", () => {
  const local = imports.filter(({ from }) => from.startsWith("."));
  expect(local.length).toBeGreaterThan(100);
  const wrong = local.filter(({ file, from }) => {
    const target = layerOf(relative(ROOT, resolve(ROOT, dirname(file), from)));
    return LAYERS.indexOf(target) < 0 || LAYERS.indexOf(target) > LAYERS.indexOf(layerOf(file));
  });
  expect(wrong).toEqual([]);
});

test("each library is imported in one file", () => {
  const foreign = imports.filter(({ from }) => !from.startsWith(".") && !from.startsWith("node:"));
  expect(Object.fromEntries(foreign.map(({ file, from }) => [from, file]))).toEqual(LIBRARIES);
  expect(foreign).toHaveLength(Object.keys(LIBRARIES).length);
});

test("node: modules appear only in the files that touch the world", () => {
  const used: Record<string, string[]> = {};
  for (const { file, from } of imports) {
    if (from.startsWith("node:")) used[file] = [...(used[file] ?? []), from].toSorted();
  }
  expect(used).toEqual(WORLDLY);
});

test("the library's dependencies are the libraries that it imports; of those that only some have, none is forced on the others", () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Record<string, object>;
  const needed = Object.keys(LIBRARIES).filter((library) => !OPTIONAL.includes(library));
  expect(Object.keys(manifest.dependencies ?? {}).toSorted()).toEqual(needed.toSorted());
  expect(Object.keys(manifest.peerDependencies ?? {})).toEqual(OPTIONAL);
  expect(manifest.peerDependenciesMeta).toEqual(
    Object.fromEntries(OPTIONAL.map((library) => [library, { optional: true }])),
  );
  const files = OPTIONAL.map((library) => LIBRARIES[library] as string);
  const importers = imports.filter(
    ({ file, from }) => files.includes(join(dirname(file), from)) && !OF_ITS_ENTRY.test(file),
  );
  expect(importers).toEqual([]);
});

test("the model of OTP's supervisor knows nothing of the supervisors that it is compared with", () => {
  const MODEL = ["model", "course", "lives", "shape", "fault"];
  const own = imports.filter(({ file }) => MODEL.some((name) => file === `supervisor/simulation/${name}.ts`));
  const from = new Set(own.map((each) => each.from));
  expect([...from].sort()).toEqual([
    "../../runtime/types.ts",
    "./course.ts",
    "./fault.ts",
    "./lives.ts",
    "./model.ts",
    "./shape.ts",
  ]);
});
