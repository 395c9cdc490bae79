// The sites on Hono and its server for Node. It reads bodies itself.

import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { load } from "../peers/peer.ts";
import { HOST, type Sites, STEPS } from "./site.ts";

const { Hono } = await load("hono");
const { serve } = await load("@hono/node-server");

type Next = () => Promise<void>;

const served = (routes: (app: any) => unknown) => (): Promise<number> => {
  const app = new Hono();
  routes(app);
  return new Promise((resolve) => {
    serve({ fetch: app.fetch, port: 0, hostname: HOST }, ({ port }: AddressInfo) => resolve(port));
  });
};

function withSteps(app: any): void {
  for (const step of STEPS) {
    app.use("/users/*", async (context: any, next: Next) => {
      context.set(step, 1);
      await next();
    });
  }
}

function answer(context: any, name: string) {
  let steps = 0;
  for (const step of STEPS) if (context.get(step) === 1) steps++;
  return context.json({ id: context.req.param("id"), name, steps });
}

export const sites: Sites = {
  hello: served((app) => {
    app.use(async (context: any, next: Next) => {
      context.header("x-request-id", context.req.header("x-request-id") ?? randomUUID());
      await next();
    });
    app.use(async (context: any, next: Next) => {
      context.set("site", "hello");
      await next();
    });
    app.get("/hello", (context: any) => context.text("hello"));
  }),

  users: served((app) => {
    withSteps(app);
    app.get("/users/:id", (context: any) => answer(context, "user"));
  }),

  api: served((app) => {
    withSteps(app);
    app.post("/users/:id", async (context: any) => answer(context, (await context.req.json()).name));
  }),
};
