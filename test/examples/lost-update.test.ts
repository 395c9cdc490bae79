import { exhaustive, fifo, foundBy, simulate } from "hornbeam/simulation";
import { expect, test } from "vitest";
import { careful, careless, twoCashiers } from "../../examples/lost-update.ts";

test("examples/lost-update.ts: the order of production hides it, and the search explains it in one constraint", async () => {
  await simulate({ strategy: fifo() }, twoCashiers(careless));
  const error = await simulate({ seed: 1 }, twoCashiers(careless)).catch((thrown: Error) => thrown);
  expect(foundBy(error)).toMatchObject({ replay: "ann→account.set < bob→account.balance" });
});

test("careful cashiers lose nothing, whatever the order", async () => {
  const { schedules } = await simulate({ strategy: exhaustive(), schedules: 3000 }, twoCashiers(careful));
  expect(schedules).toBeGreaterThan(1000);
});
