import { once } from "node:events";
import { noreply, ok, reply } from "hornbeam";
import { type Channel, PubSub } from "hornbeam/channels";
import { httpInfo } from "hornbeam/http";
import { expect, test } from "vitest";
import { REAL, rawFrame, rawSocket, serve } from "./live.ts";
import { replied, serving } from "./support.ts";

const Room: Channel = {
  join: (_topic, _payload, socket) => ok(socket),
  handleIn: {
    echo: (payload, socket) => reply(payload, socket),
    shout: (payload, socket) => {
      socket.broadcast("shout", payload);
      return noreply(socket);
    },
  },
};
const Visitors = serving(Room);
const beat = [null, "9", "phoenix", "heartbeat", {}];
const beaten = replied(null, "9", "phoenix", "ok");

test(
  "two clients join a room and hear each other",
  () =>
    serve(Visitors, {}, async ({ dial, sim }) => {
      const [ada, bob] = [await dial(), await dial("&user=bob")];
      expect(await ada.enters("room:a")).toEqual(replied("1", "1", "room:a", "ok"));
      await bob.enters("room:a");
      ada.says(["1", "2", "room:a", "shout", { text: "žluťoučký 🐎" }]);
      const shout = [null, null, "room:a", "shout", { text: "žluťoučký 🐎" }];
      expect([await ada.hears(), await bob.hears()]).toEqual([shout, shout]);
      expect(await httpInfo(sim)).toMatchObject({ connections: 0, sockets: 2 });
    }),
  REAL,
);

test(
  "a binary frame closes the connection with 1003",
  () =>
    serve(Visitors, {}, async ({ dial }) => {
      const [line, other] = [await dial(), await dial()];
      line.webSocket.send(Buffer.from(JSON.stringify(beat)));
      expect(await line.closed).toMatchObject({ code: 1003 });
      expect(await other.asks(beat)).toEqual(beaten);
    }),
  REAL,
);

test(
  "a message that is too large closes the connection with 1009, one that just fits does not",
  () =>
    serve(Visitors, { maxFrameSize: 200 }, async ({ dial }) => {
      const [line, other] = [await dial(), await dial()];
      const sized = (size: number) => {
        const empty = JSON.stringify([null, "9", "phoenix", "heartbeat", { s: "" }]);
        return empty.replace('""', `"${"x".repeat(size - empty.length)}"`);
      };
      line.webSocket.send(sized(200));
      expect(await line.hears()).toEqual(beaten);
      line.webSocket.send(sized(201));
      expect(await line.closed).toMatchObject({ code: 1009 });
      expect(await other.asks(beat)).toEqual(beaten);
    }),
  REAL,
);

test(
  "a message in fragments is one message, and its fragments count together",
  () =>
    serve(Visitors, { maxFrameSize: 200 }, async ({ dial }) => {
      const line = await dial();
      const text = JSON.stringify(beat);
      line.webSocket.send(text.slice(0, 9), { fin: false });
      line.webSocket.send(text.slice(9), { fin: true });
      expect(await line.hears()).toEqual(beaten);
      line.webSocket.send(`"${"x".repeat(150)}`, { fin: false });
      line.webSocket.send(`${"x".repeat(150)}"`, { fin: true });
      expect(await line.closed).toMatchObject({ code: 1009 });
    }),
  REAL,
);

test(
  "text that is not UTF-8 closes the connection with 1007",
  () =>
    serve(Visitors, {}, async ({ port, dial }) => {
      const other = await dial();
      const net = await rawSocket(port);
      net.write(rawFrame(1, Buffer.from([0x5b, 0xff, 0xfe, 0x5d])));
      const [chunk] = (await once(net, "data")) as [Buffer];
      expect([chunk[0], chunk.readUInt16BE(2)]).toEqual([0x88, 1007]);
      net.destroy();
      expect(await other.asks(beat)).toEqual(beaten);
    }),
  REAL,
);

test.each(["hello{", "x".repeat(5000), "日本語".repeat(100)])(
  "a malformed frame closes the connection with 1011 (%#)",
  (text) =>
    serve(Visitors, {}, async ({ dial }) => {
      const [line, other] = [await dial(), await dial()];
      line.webSocket.send(text);
      const { code, reason } = await line.closed;
      expect(code).toBe(1011);
      expect(reason).toMatch(/^expected a JSON array, got: /);
      expect(await other.asks(beat)).toEqual(beaten);
    }),
  REAL,
);

test(
  "a ping is answered, and counts against silence",
  () =>
    serve(Visitors, { timeout: 1000 }, async ({ dial, sim }) => {
      const line = await dial();
      for (let ping = 0; ping < 3; ping++) {
        await sim.advance(900);
        line.webSocket.ping("are you there");
        const [answer] = (await once(line.webSocket, "pong")) as [Buffer];
        expect(String(answer)).toBe("are you there");
      }
      await sim.advance(1000);
      expect(await line.closed).toMatchObject({ code: 1002 });
    }),
  REAL,
);

test(
  "a client that does not answer the goodbye is cut off five seconds later",
  () =>
    serve(Visitors, {}, async ({ port, sim }) => {
      const net = await rawSocket(port);
      let over = false;
      const end = once(net, "close").then(() => {
        over = true;
      });
      net.write(rawFrame(2, Buffer.from("binary")));
      const [chunk] = (await once(net, "data")) as [Buffer];
      expect([chunk[0], chunk.readUInt16BE(2)]).toEqual([0x88, 1003]);
      await sim.advance(4999);
      expect([over, (await httpInfo(sim)).sockets]).toEqual([false, 1]);
      await sim.advance(1);
      await end;
      expect((await httpInfo(sim)).sockets).toBe(0);
    }),
  REAL,
);

test(
  "a client that goes without a word ends its connection and its channels",
  () =>
    serve(Visitors, {}, async ({ dial, sim }) => {
      const line = await dial();
      await line.enters("room:a");
      const gone = new Promise<unknown>((resolve) => {
        sim.telemetry.on("process.exit", (_, { label, reason }) => {
          if (label.endsWith("room:a")) resolve(reason);
        });
      });
      line.webSocket.terminate();
      expect(await gone).toEqual({ shutdown: "closed" });
      expect(await httpInfo(sim)).toMatchObject({ connections: 0, sockets: 0 });
    }),
  REAL,
);

test(
  "a client that never reads is cut off at maxBuffer, and those that read miss nothing",
  () =>
    serve(Visitors, { maxBuffer: 200_000 }, async ({ dial, sim }) => {
      const [deaf, keen] = [await dial(), await dial()];
      await deaf.enters("room:a");
      await keen.enters("room:a");
      deaf.webSocket.pause();
      const text = "x".repeat(100_000);
      let sent = 0;
      while ((await httpInfo(sim)).sockets === 2 && sent < 500) {
        PubSub.broadcast(sim, "room:a", "news", { n: sent, text });
        expect((await keen.hears())[4]).toEqual({ n: sent++, text });
      }
      expect(sent).toBeLessThan(500);
      expect(await httpInfo(sim)).toMatchObject({ sockets: 1 });
      deaf.webSocket.resume();
      expect((await deaf.closed).code).not.toBe(1000);
      expect(await keen.asks(beat)).toEqual(beaten);
    }),
  REAL,
);

test(
  "when the server stops, clients are told that it restarts, and no channel is left",
  () =>
    serve(Visitors, {}, async ({ dial, sim }) => {
      const lines = await Promise.all([1, 2, 3].map(() => dial()));
      for (const line of lines) await line.enters("room:a");
      const over = sim.stop();
      for (const line of lines) expect(await line.closed).toEqual({ code: 1012, reason: "the server restarts" });
      await over;
      expect(sim.leaks()).toEqual([]);
    }),
  REAL,
);
