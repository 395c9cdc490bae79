// The sites on Express, with its own body parser.

import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { load } from "../peers/peer.ts";
import { HOST, LIMIT, type Sites, STEPS, stepsIn } from "./site.ts";

const { default: express } = await load("express");

type Next = () => void;

const served = (routes: (app: any) => unknown) => (): Promise<number> => {
  const app = express();
  routes(app);
  return new Promise((resolve) => {
    const server = app.listen(0, HOST, () => resolve((server.address() as AddressInfo).port));
  });
};

function withSteps(app: any): void {
  for (const step of STEPS) {
    app.use((_request: unknown, response: any, next: Next) => {
      response.locals[step] = 1;
      next();
    });
  }
}

export const sites: Sites = {
  hello: served((app) => {
    app.use((request: any, response: any, next: Next) => {
      response.set("x-request-id", request.get("x-request-id") ?? randomUUID());
      next();
    });
    app.use((_request: unknown, response: any, next: Next) => {
      response.locals.site = "hello";
      next();
    });
    app.get("/hello", (_request: unknown, response: any) => {
      response.type("text/plain").send("hello");
    });
  }),

  users: served((app) => {
    withSteps(app);
    app.get("/users/:id", (request: any, response: any) => {
      response.json({ id: request.params.id, name: "user", steps: stepsIn(response.locals) });
    });
  }),

  api: served((app) => {
    app.use(express.json({ limit: LIMIT }));
    withSteps(app);
    app.post("/users/:id", (request: any, response: any) => {
      response.json({ id: request.params.id, name: request.body.name, steps: stepsIn(response.locals) });
    });
  }),
};
