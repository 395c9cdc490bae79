import { setImmediate as turn } from "node:timers/promises";
import type { Pid } from "hornbeam";
import type { Conn } from "hornbeam/http";
import { expect, test } from "vitest";
import { Outbox } from "../../http/server/outbox.ts";
import { Program } from "../system/program.ts";
import { Client } from "./client.ts";
import { REAL, serving } from "./support.ts";

/** An outbox, what is put into it by name, and what it has sent. */
function outbox() {
  const box = new Outbox();
  const sent: string[] = [];
  const put = (name: string): void => box.add({ deliver: () => void sent.push(name) });
  return { box, sent, put };
}

test("what is ready in one turn of the event loop is sent together at its end, in its order", async () => {
  const { sent, put } = outbox();
  put("a");
  await Promise.resolve();
  put("b");
  process.nextTick(put, "c");
  await Promise.resolve();
  expect(sent).toEqual([]);
  await turn();
  expect(sent).toEqual(["a", "b", "c"]);
  put("d");
  await turn();
  expect(sent).toEqual(["a", "b", "c", "d"]);
});

test("nothing waits a millisecond for a request that begins then", () => {
  const { box, sent, put } = outbox();
  box.look(10);
  put("a");
  box.look(10.9);
  put("b");
  expect(sent).toEqual([]);
  box.look(11);
  expect(sent).toEqual(["a", "b"]);
  put("c");
  box.look(11.5);
  expect(sent).toEqual(["a", "b"]);
});

test("no more than 64 wait for each other, and what comes then waits for others", async () => {
  const { sent, put } = outbox();
  for (let i = 0; i < 64; i++) put("a");
  expect(sent).toEqual([]);
  put("b");
  expect(sent).toEqual(Array(64).fill("a"));
  await turn();
  expect(sent.at(-1)).toBe("b");
});

test("what becomes ready while others are sent is sent once, and not before them", async () => {
  const { box, sent, put } = outbox();
  for (const name of ["a", "b"]) {
    box.add({
      deliver: () => {
        sent.push(name);
        for (let i = 0; i < 40; i++) put(`after ${name}`);
      },
    });
  }
  box.flush();
  expect(sent.slice(0, 2)).toEqual(["a", "b"]);
  await turn();
  expect(sent.filter((name) => name === "after a")).toHaveLength(40);
  expect(sent.filter((name) => name === "after b")).toHaveLength(40);
  expect(sent).toHaveLength(82);
});

test.each([
  ["connection", 0],
  ["server", 1],
])("an answer reaches its client although the %s is killed right after it", (_, generation) => {
  const plug = (conn: Conn): Conn => {
    const answered = conn.text("last words");
    conn.self.exit(conn.self.ancestors[generation] as Pid, "kill");
    return answered;
  };
  return serving({ plug }, async (live) => {
    const client = await live.connect();
    expect((await client.get("/")).body).toBe("last words");
    expect(await client.closed).toBe("closed");
  });
});

test(
  "an answer reaches its client although the program exits right after it",
  async () => {
    await using program = new Program("test/http/fixtures/last-words.ts");
    const client = await Client.connect(await program.port());
    expect((await client.get("/")).body).toBe("last words");
    expect(await program.code()).toBe(3);
  },
  REAL,
);
