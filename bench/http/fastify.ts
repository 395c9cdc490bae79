// The sites on Fastify: its own request ids, hooks as plugs, its own body parser.

import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { type FastifyInstance, type FastifyRequest, fastify } from "fastify";
import { HOST, LIMIT, type Sites, STEPS, stepsIn, TEXT } from "./site.ts";

declare module "fastify" {
  interface FastifyRequest {
    site: string;
    steps: Record<string, number> | null;
  }
}

async function listening(app: FastifyInstance): Promise<number> {
  await app.listen({ port: 0, host: HOST });
  return (app.server.address() as AddressInfo).port;
}

function withSteps(): FastifyInstance {
  const app = fastify({ bodyLimit: LIMIT });
  app.decorateRequest("steps", null);
  for (const step of STEPS) {
    app.addHook("preHandler", (request, _reply, done) => {
      request.steps ??= {};
      request.steps[step] = 1;
      done();
    });
  }
  return app;
}

const answerTo = ({ params, steps }: FastifyRequest, name: string) => ({
  id: (params as { readonly id: string }).id,
  name,
  steps: stepsIn(steps ?? {}),
});

export const sites: Sites = {
  hello: () => {
    const app = fastify({ requestIdHeader: "x-request-id", genReqId: () => randomUUID() });
    app.decorateRequest("site", "");
    app.addHook("onRequest", (request, reply, done) => {
      reply.header("x-request-id", request.id);
      done();
    });
    app.addHook("onRequest", (request, _reply, done) => {
      request.site = "hello";
      done();
    });
    app.get("/hello", (_request, reply) => {
      reply.type(TEXT).send("hello");
    });
    return listening(app);
  },

  users: () => {
    const app = withSteps();
    app.get("/users/:id", (request, reply) => {
      reply.send(answerTo(request, "user"));
    });
    return listening(app);
  },

  api: () => {
    const app = withSteps();
    app.post("/users/:id", (request, reply) => {
      reply.send(answerTo(request, (request.body as { readonly name: string }).name));
    });
    return listening(app);
  },
};
