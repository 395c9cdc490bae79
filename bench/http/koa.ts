// The sites on Koa and its router. Koa parses no bodies: it is done by hand, as cheaply as by hand on node:http.

import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { load } from "../peers/peer.ts";
import { HOST, LIMIT, type Sites, STEPS, stepsIn } from "./site.ts";

const { default: Koa } = await load("koa");
const { Router } = await load("@koa/router");

type Next = () => Promise<void>;

const served = (routes: (router: any) => unknown) => (): Promise<number> => {
  const app = new Koa();
  const router = new Router();
  routes(router);
  app.use(router.routes());
  return new Promise((resolve) => {
    const server = app.listen(0, HOST, () => resolve((server.address() as AddressInfo).port));
  });
};

function withSteps(router: any): void {
  for (const step of STEPS) {
    router.use(async (context: any, next: Next) => {
      context.state[step] = 1;
      await next();
    });
  }
}

function bodyOf(request: IncomingMessage): Promise<any> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    request.on("data", (chunk: Uint8Array) => {
      size += chunk.byteLength;
      if (size <= LIMIT) chunks.push(chunk);
    });
    request.on("end", () => {
      if (size > LIMIT) return reject(new Error("too large"));
      try {
        resolve(JSON.parse(Buffer.concat(chunks).toString()));
      } catch (error) {
        reject(error);
      }
    });
    request.on("error", reject);
  });
}

export const sites: Sites = {
  hello: served((router) => {
    router.use(async (context: any, next: Next) => {
      context.set("x-request-id", context.get("x-request-id") || randomUUID());
      await next();
    });
    router.use(async (context: any, next: Next) => {
      context.state.site = "hello";
      await next();
    });
    router.get("/hello", (context: any) => {
      context.type = "text/plain";
      context.body = "hello";
    });
  }),

  users: served((router) => {
    withSteps(router);
    router.get("/users/:id", (context: any) => {
      context.body = { id: context.params.id, name: "user", steps: stepsIn(context.state) };
    });
  }),

  api: served((router) => {
    withSteps(router);
    router.post("/users/:id", async (context: any) => {
      const { name } = await bodyOf(context.req);
      context.body = { id: context.params.id, name, steps: stepsIn(context.state) };
    });
  }),
};
