import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Registry, supervisor, via } from "hornbeam/supervisor";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { open, Rooms, rooms, titles } from "../../examples/rooms-registry.ts";
import { REAL } from "../runtime/support.ts";

const lobby = via(rooms, "room:lobby");

const withRooms = (test: (sim: VirtualSystem) => Promise<void>) =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    await sim.start(supervisor(Rooms, { id: "rooms" }));
    await test(sim);
  });

test("two visitors at once get the same room, which is opened once", () =>
  withRooms(async (sim) => {
    const [first, second] = await Promise.all([
      open(sim, "room:lobby", "The lobby"),
      open(sim, "room:lobby", "Another lobby"),
    ]);
    expect(first).toBe(second);
    expect(await open(sim, "room:attic", "The attic")).not.toBe(first);
    expect(titles(sim)).toEqual(["The lobby", "The attic"]);
    expect(await sim.call(first, "say", "hello")).toBe(1);
    expect(await sim.call(lobby, "history")).toEqual(["hello"]);
  }));

test("a room that crashed is found by its topic again, under its title, and is empty", () =>
  withRooms(async (sim) => {
    const first = await open(sim, "room:lobby", "The lobby");
    await sim.call(lobby, "say", "hello");
    sim.kill(first);
    await sim.idle();
    expect(await sim.call(lobby, "history")).toEqual([]);
    expect(Registry.lookup(sim, rooms, "room:lobby")).toMatchObject([{ value: { title: "The lobby" } }]);
  }));

test("a room in which nothing is said for a minute is closed, and is opened anew by the next visitor", () =>
  withRooms(async (sim) => {
    const first = await open(sim, "room:lobby", "The lobby");
    await sim.advance(59_999);
    await sim.call(lobby, "say", "hello");
    await sim.advance(59_999);
    expect(sim.whereis(lobby)).toBe(first);
    await sim.advance(1);
    expect(sim.whereis(lobby)).toBeUndefined();
    expect(titles(sim)).toEqual([]);
    expect(await open(sim, "room:lobby", "The lobby")).not.toBe(first);
  }));

test("when the registry is killed the rooms go with it, and both are there again", () =>
  withRooms(async (sim) => {
    const first = await open(sim, "room:lobby", "The lobby");
    sim.kill(sim.whereis(rooms) as never);
    await sim.idle();
    expect(sim.isAlive(first)).toBe(false);
    expect(titles(sim)).toEqual([]);
    const again = await open(sim, "room:lobby", "The lobby");
    expect(sim.whereis(lobby)).toBe(again);
  }));

test("the program prints what it says it does", { timeout: REAL }, async () => {
  const script = fileURLToPath(new URL("../../examples/rooms-registry.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=hornbeam-source", script]);
  expect(stdout.trim().split("\n")).toEqual(["true", "1", "[ 'hello' ]", "[ 'The lobby', 'The attic' ]", "[]"]);
});
