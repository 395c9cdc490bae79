import { once } from "node:events";
import { httpInfo } from "hornbeam/http";
import { supervisor } from "hornbeam/supervisor";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { App } from "../../examples/chat/app.ts";
import { answerTo, inbox, onClose, withClients } from "../channels/client.ts";
import { Line, REAL } from "../channels/live.ts";
import { joins, replied } from "../channels/support.ts";
import { chatting, visit } from "./chat-support.ts";

test.each([
  ["/", "text/html; charset=utf-8", /<script[^>]+app\.js/],
  ["/app.js", "text/javascript; charset=utf-8", /import \{ Socket \} from "\/phoenix\.mjs"/],
  ["/style.css", "text/css; charset=utf-8", /:root/],
  ["/icon.svg", "image/svg+xml", /<svg/],
  ["/phoenix.mjs", "text/javascript; charset=utf-8", /phx_join/],
  ["/health", "text/plain; charset=utf-8", /^ok\n$/],
])(
  "%s is served as %s",
  (path, type, content) =>
    chatting(async ({ fetch }) => {
      const answer = await fetch(path);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, type]);
      expect(answer.headers.get("content-security-policy")).toContain("default-src 'self'");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("x-request-id")).toMatch(/./);
      expect(await answer.text()).toMatch(content);
    }),
  REAL,
);

test.each([
  "/nothing",
  "/phoenix.cjs.js",
  "/phoenix.mjs.map",
  "/package.json",
  "/../package.json",
  "/%2e%2e/app.ts",
  "/.env",
])(
  "%s is not served",
  (path) =>
    chatting(async ({ fetch }) => {
      const answer = await fetch(path);
      expect([400, 404]).toContain(answer.status);
      expect(await answer.text()).not.toMatch(/phx_join|dependencies|import/);
    }),
  REAL,
);

test(
  "the history of a room can be read over HTTP, of one that is not open it cannot",
  () =>
    chatting(async ({ fetch, dial }) => {
      const ada = await visit(dial(), "room:lobby", "ada");
      await ada.say("hello");
      const answer = await fetch("/rooms/lobby/history");
      expect(await answer.json()).toEqual({
        room: "lobby",
        lines: [{ from: "ada", text: "hello", at: expect.any(Number) }],
      });
      const nobody = await fetch("/rooms/elsewhere/history");
      expect([nobody.status, await nobody.json()]).toEqual([404, { error: "nobody is in this room" }]);
    }),
  REAL,
);

interface Branch {
  id: string;
  pid: string;
  restarts: number;
  children: Branch[];
}

test(
  "tree:live shows the tree, and then each restart of a room",
  () =>
    chatting(async ({ dial }) => {
      const socket = dial();
      const ada = await visit(socket, "room:lobby", "ada");
      const channel = socket.channel("tree:live", {});
      const trees = inbox(channel, "tree");
      const [status, { tree }] = await answerTo(channel.join());
      expect([status, tree.id, tree.children.map(({ id }: Branch) => id)]).toEqual([
        "ok",
        "chat",
        ["rooms", "observer", "http"],
      ]);
      const roomIn = ({ children: [rooms] }: Branch) => rooms?.children.find(({ id }) => id === "room:lobby");
      const before = roomIn(tree);
      expect(before?.restarts).toBe(0);
      ada.channel.push("crash", {});
      let after = before;
      while (after?.restarts !== 1) after = roomIn((await trees.next()).tree);
      expect(after.pid).not.toBe(before?.pid);
      const late = dial().channel("tree:live", {});
      expect(roomIn((await answerTo(late.join()))[1].tree)?.restarts).toBe(1);
    }),
  REAL,
);

test(
  "there is no other tree",
  () =>
    chatting(async ({ dial }) => {
      const channel = dial({ rejoinAfterMs: () => 60_000 }).channel("tree:dead", {});
      expect(await answerTo(channel.join())).toEqual(["error", { reason: "no such tree" }]);
    }),
  REAL,
);

const NAMELESS = { reason: "a name has 1 to 40 characters" };
const payloads = [
  null,
  [],
  [1],
  "ada",
  7,
  true,
  {},
  { user: "" },
  { user: "  " },
  { user: null },
  { user: 7 },
  { user: ["ada"] },
  { user: { toString: "ada" } },
  { user: "x".repeat(41) },
  { user: "x".repeat(10_000) },
];
const names = ["room:", "room:   ", `room:${"x".repeat(61)}`, `room:${"x".repeat(10_000)}`];

test(
  "whatever a join carries, it is refused kindly, and nothing crashes",
  () =>
    chatting(async ({ world, port }) => {
      const crashes: unknown[] = [];
      world.telemetry.on("process.crash", (_, { reason }) => void crashes.push(reason));
      const line = new Line(new WebSocket(`ws://127.0.0.1:${port}/socket/websocket?vsn=2.0.0`));
      await once(line.webSocket, "open");
      const before = world.processes().length;
      for (const [n, payload] of payloads.entries()) {
        expect(await line.asks(joins("room:lobby", n, payload))).toEqual(
          replied(n, n, "room:lobby", "error", NAMELESS),
        );
      }
      for (const topic of names) {
        const refusal = replied("1", "1", topic, "error", { reason: "a room has a name of 1 to 60 characters" });
        expect(await line.asks(joins(topic, "1", { user: "ada" }))).toEqual(refusal);
      }
      expect(world.processes()).toHaveLength(before);
      expect(crashes).toEqual([]);
      for (const [n, user] of ["x".repeat(40), "__proto__", "<b>", "🐎"].entries()) {
        const welcome = replied("1", "1", `room:${n}`, "ok", { history: [], people: [user] });
        expect(await line.asks(joins(`room:${n}`, "1", { user }))).toEqual(welcome);
      }
      line.webSocket.terminate();
    }),
  REAL,
);

test(
  "when the service stops its visitors are told, and nothing is left over",
  () =>
    inVirtualTime({ time: "manual" }, async (sim) => {
      await sim.start(supervisor(App, { port: 0 }, { id: "chat" }));
      const { port } = await httpInfo(sim);
      await withClients({ port }, async (dial) => {
        const sockets = [1, 2, 3].map(() => dial({ reconnectAfterMs: () => 60_000 }));
        for (const [n, socket] of sockets.entries()) {
          await visit(socket, "room:lobby", `visitor ${n}`);
          await visit(socket, `room:${n}`, `visitor ${n}`);
          await answerTo(socket.channel("tree:live", {}).join());
        }
        const closes = sockets.map(onClose);
        const stopped = sim.stop();
        for (const close of closes) expect((await close).code).toBe(1012);
        await stopped;
        expect(sim.leaks()).toEqual([]);
      });
    }),
  REAL,
);
