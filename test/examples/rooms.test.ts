import { connect } from "hornbeam/channels/test";
import { child } from "hornbeam/genserver";
import { DynamicSupervisor } from "hornbeam/supervisor";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { Visitors } from "../../examples/chat/app.ts";
import { Room, roomName, rooms } from "../../examples/chat/room.ts";

const lobby = roomName("room:lobby");

const withRooms = (test: (sim: VirtualSystem) => Promise<void>, maxChildren = 1000) =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    await sim.start(DynamicSupervisor.child({ name: rooms, maxChildren }));
    await test(sim);
  });

test("a room that nobody comes into is closed after a minute, and is not brought back", () =>
  withRooms(async (sim) => {
    await DynamicSupervisor.startChild(sim, rooms, child(Room, "room:lobby", { name: lobby, restart: "transient" }));
    await sim.advance(59_999);
    expect(sim.whereis(lobby)).toBeDefined();
    await sim.advance(1);
    expect(sim.whereis(lobby)).toBeUndefined();
    expect(await DynamicSupervisor.countChildren(sim, rooms)).toMatchObject({ specs: 0 });
  }));

test("a room stays open as long as somebody is in it, and a minute longer", () =>
  withRooms(async (sim) => {
    const ada = await connect(sim, Visitors, { timeout: 10_000_000 });
    expect((await ada.join("room:lobby", { user: "ada" })).status).toBe("ok");
    await sim.advance(3_600_000);
    expect(sim.whereis(lobby)).toBeDefined();
    await ada.leave("room:lobby");
    await sim.advance(60_000);
    expect(sim.whereis(lobby)).toBeUndefined();
  }));

test("when all rooms are taken a visitor is told so, and can still come into one that is open", () =>
  withRooms(async (sim) => {
    const ada = await connect(sim, Visitors);
    expect((await ada.join("room:lobby", { user: "ada" })).status).toBe("ok");
    const bob = await connect(sim, Visitors);
    expect(await bob.join("room:attic", { user: "bob" })).toEqual({
      status: "error",
      response: { reason: "all rooms are taken; come into one that is open" },
    });
    expect((await bob.join("room:lobby", { user: "bob" })).response.people).toEqual(["ada", "bob"]);
  }, 1));
