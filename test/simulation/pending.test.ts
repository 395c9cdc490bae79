import { BadArgument } from "hornbeam";
import { random, simulate } from "hornbeam/simulation";
import { expect, test } from "vitest";

test("a failure for which something must not have happened yet comes about again by order constraints alone", async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const search = simulate({ schedules: 100, seed, strategy: random() }, async (sim) => {
      let written = 0;
      const writer = sim.spawn(async function writer(self) {
        await self.receive();
        written++;
      });
      const reader = sim.spawn(async function reader(self) {
        await self.receive();
        if (written === 0) throw new BadArgument("read before it was written");
      });
      await sim.idle();
      for (const pid of [writer, reader]) sim.spawn((self) => self.send(pid, "go"));
      await sim.all([reader]);
    });
    await expect(search).rejects.toThrow(/read before it was written[\s\S]*minimised to 1 order constraint/);
  }
});
