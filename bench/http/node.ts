// The sites by hand on node:http.

import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { HOST, JSON_TYPE, LIMIT, type Sites, STEPS, stepsIn, TEXT } from "./site.ts";

interface Context {
  readonly params: { readonly id: string };
  [step: string]: unknown;
}

const USERS = "/users/";
const steps = STEPS.map((step) => (context: Context) => {
  context[step] = 1;
});

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

const missing = (response: ServerResponse): void => send(response, 404, TEXT, "not found");

function throughSteps(request: IncomingMessage): Context {
  const context: Context = { params: { id: (request.url as string).slice(USERS.length) } };
  for (const step of steps) step(context);
  return context;
}

const hello: RequestListener = (request, response) => {
  if (request.url === "/hello") send(response, 200, TEXT, "hello");
  else missing(response);
};

const users: RequestListener = (request, response) => {
  if (!request.url?.startsWith(USERS)) return missing(response);
  const context = throughSteps(request);
  const answer = { id: context.params.id, name: "user", steps: stepsIn(context) };
  send(response, 200, JSON_TYPE, JSON.stringify(answer));
};

const api: RequestListener = (request, response) => {
  if (request.method !== "POST" || !request.url?.startsWith(USERS)) return missing(response);
  const context = throughSteps(request);
  const chunks: Uint8Array[] = [];
  let size = 0;
  request.on("data", (chunk: Uint8Array) => {
    size += chunk.byteLength;
    if (size <= LIMIT) chunks.push(chunk);
  });
  request.on("end", () => {
    if (size > LIMIT) return send(response, 413, TEXT, "too large");
    let name: unknown;
    try {
      ({ name } = JSON.parse(Buffer.concat(chunks).toString()));
    } catch {
      return send(response, 400, TEXT, "no JSON");
    }
    const answer = { id: context.params.id, name, steps: stepsIn(context) };
    send(response, 200, JSON_TYPE, JSON.stringify(answer));
  });
};

const served = (listener: RequestListener) => (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer(listener);
    server.listen(0, HOST, () => resolve((server.address() as AddressInfo).port));
  });

export const sites: Sites = { hello: served(hello), users: served(users), api: served(api) };
