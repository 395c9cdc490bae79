import { promiseHooks } from "node:v8";
import { type Pid, system } from "hornbeam";
import { type Conn, http, httpInfo, type PlugFn, pipeline, plug, RequestId, router } from "hornbeam/http";
import { expect, test } from "vitest";
import { Client } from "./client.ts";

/** How many promises are made from when a request enters its pipeline until its process has ended, over a real socket. */
async function promisesOf(rest: PlugFn, path: string): Promise<{ promises: number; body: string }> {
  await using world = system({ reports: "warning" });
  let promises = 0;
  let stop: Function = () => {};
  let served: Pid | undefined;
  const enter = (conn: Conn): Conn => {
    served = conn.self.pid;
    promises = 0;
    stop = promiseHooks.onInit(() => promises++);
    return conn;
  };
  world.telemetry.on("process.exit", (_, { pid }) => {
    if (pid === served) stop();
  });
  await world.start(http({ port: 0, plug: pipeline().plug(enter).plug(rest), grace: 10 }));
  const client = await Client.connect((await httpInfo(world)).port);
  try {
    await client.get(path);
    const { body } = await client.get(path);
    return { promises, body };
  } finally {
    stop();
    client.socket.destroy();
  }
}

const ten = (): PlugFn => {
  let plugs = pipeline().plug(plug(RequestId));
  for (let n = 0; n < 10; n++) plugs = plugs.plug((conn: Conn) => conn.assign(`step${n}`, n));
  const users = router()
    .get("/users/:id", (conn, { id }) => conn.json({ id }))
    .scope("/api", plugs, (scope) =>
      scope.get("/users/:id", (conn, { id }) => conn.registerBeforeSend((last) => last).json({ id, api: true })),
    );
  return plugs.plug(users.plug);
};

test("a pipeline of synchronous plugs makes no promise, from its first plug to the end of the request", async () => {
  expect(await promisesOf(ten(), "/users/7")).toEqual({ promises: 0, body: '{"id":"7"}' });
});

test("nor do scopes, their pipelines and hooks before the response", async () => {
  expect(await promisesOf(ten(), "/api/users/7")).toEqual({ promises: 0, body: '{"id":"7","api":true}' });
});

test("one asynchronous plug among them makes some: what is counted is there to be counted", async () => {
  const slow: PlugFn = async (conn) => conn;
  const { promises } = await promisesOf(pipeline().plug(slow).plug(ten()), "/users/7");
  expect(promises).toBeGreaterThan(0);
});
