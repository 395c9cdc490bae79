import { ok, reply } from "hornbeam";
import { GenServer, start, sys } from "hornbeam/genserver";
import { inVirtualTime } from "hornbeam/test";
import { expect, test, vi } from "vitest";
import { Mailbox } from "../../runtime/mailbox.ts";
import { REAL } from "../runtime/support.ts";

const HUGE = 1_000_000;

const Echo = {
  init: () => ok(0),
  handleCall: { echo: (value: string, n) => reply(value, n) },
} satisfies GenServer<number>;

test(
  "a call and a request from a process with 1,000,000 messages look at none of them",
  () =>
    inVirtualTime(async (sim) => {
      const echo = await start(sim, Echo);
      const touched = (["shift", "take", "some", "unshift"] as const).map((method) =>
        vi.spyOn(Mailbox.prototype, method),
      );
      const own = (pid: unknown) =>
        touched.flatMap(({ mock }) => mock.contexts.filter((mailbox) => (mailbox as { pid?: unknown }).pid === pid));
      const seen: unknown[] = [];
      const pid = sim.spawn(async (self) => {
        for (let i = 0; i < HUGE; i++) self.send(self.pid, i);
        for (const spy of touched) spy.mockClear();
        seen.push(await self.call(echo, "echo", "called"));
        seen.push(await GenServer.receiveResponse(self, GenServer.sendRequest(self, echo, "echo", "requested")));
        seen.push(await sys.getState(self, echo));
        seen.push(own(self.pid).length, sim.processes().find((process) => process.pid === self.pid)?.messages);
      });
      await sim.idle();
      for (const spy of touched) spy.mockRestore();
      expect(seen).toEqual(["called", { tag: "reply", value: "requested" }, 0, 0, HUGE]);
      expect(sim.isAlive(pid)).toBe(false);
    }),
  REAL,
);
