import { Application } from "hornbeam/supervisor";
import { inVirtualTime } from "hornbeam/test";
import { expect, test } from "vitest";
import { Shop, Store, shelf, till } from "../../examples/application.ts";
import { runExample } from "./support.ts";

test("examples/application.ts starts the store before the shop, and stops them in reverse order", async () => {
  expect(await runExample("application.ts")).toBe(
    [
      "started: store, shop",
      "2 sold, 3 left",
      "the shop lets nobody in any more",
      "the shop is closed",
      "the store is closed",
      "",
    ].join("\n"),
  );
});

test("the shop cannot be started without the store, and outlives it", () =>
  inVirtualTime(async (sim) => {
    await expect(Application.start(sim, Shop)).rejects.toMatchObject({ reason: "notStarted", application: "store" });
    await Application.ensureAllStarted(sim, Shop);
    expect(await sim.call(till, "sell", 1)).toBe("1 sold, 9 left");
    await Application.stop(sim, Store);
    expect(sim.whereis(shelf)).toBeUndefined();
    expect((await Application.whichApplications(sim)).map(({ name }) => name)).toEqual(["shop"]);
  }));
