import fc from "fast-check";
import { error, noreply, ok, type Pid, reply, stop } from "hornbeam";
import type { Channel } from "hornbeam/channels";
import { expect, test } from "vitest";
import { crashed, inSim, joins, replied, Talk, type WireFrame } from "./support.ts";

/** A channel that has everything done to it. */
const Victim: Channel<{}, string> = {
  join: async (_topic, payload, socket) => {
    if (payload?.refuse === true) return error({ reason: "refused" });
    if (payload?.crash === true) throw new Error("oops");
    if (payload?.slow === true) await socket.self.sleep(1);
    return ok(socket);
  },
  handleIn: {
    echo: (payload, socket) => reply(payload, socket),
    shout: (payload, socket) => {
      socket.broadcast("shout", payload);
      return noreply(socket);
    },
    stop: (_, socket) => stop("normal", socket),
    later: (_, socket) => {
      socket.self.send(socket.self.pid, "stop");
      return noreply(socket);
    },
    slow: async (payload, socket) => {
      await socket.self.sleep(1);
      return reply(payload, socket);
    },
  },
  handleInfo: (_, socket) => stop("normal", socket),
};

const TOPICS = ["room:a", "room:b", "room:c", "phoenix", "nobody", "__proto__"];
const EVENTS = [
  "phx_join",
  "phx_join",
  "phx_leave",
  "heartbeat",
  "echo",
  "shout",
  "stop",
  "later",
  "slow",
  "phx_reply",
  "phx_close",
  "toString",
];
const odd = fc.oneof(fc.jsonValue(), fc.constantFrom("", "__proto__", "constructor", null, 0));
const payload = fc.oneof(fc.jsonValue(), fc.constantFrom({ refuse: true }, { crash: true }, { slow: true }, {}));
const mostly = (values: readonly string[]) => fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...values) }, odd);

/** Frames whose join_ref is one that was, or will be, or is nonsense. */
const frames = (length: number) =>
  fc.array(fc.tuple(fc.oneof(fc.nat(50), odd), odd, mostly(TOPICS), mostly(EVENTS), payload), {
    minLength: length,
    maxLength: length,
  });

test(
  "10,000 random frames kill neither their connection nor another one",
  () =>
    inSim(async (sim) => {
      const crashes: string[] = [];
      sim.telemetry.on("process.crash", (_, { label }) => void crashes.push(label));
      const bystander = await Talk.open(sim, Victim);
      await bystander.says(joins("room:calm", "1"));
      await fc.assert(
        fc.asyncProperty(frames(500), async (batch) => {
          const talk = await Talk.open(sim, Victim);
          for (let at = 0; at < batch.length; at += 25) {
            await talk.says(...batch.slice(at, at + 25));
            await sim.advance(1);
          }
          expect(talk.client.closedWith).toBeUndefined();
          await talk.hears();
          expect(await talk.says([null, "beat", "phoenix", "heartbeat", {}])).toEqual([
            replied(null, "beat", "phoenix", "ok"),
          ]);
          talk.client.disconnect();
          await sim.advance(10);
        }),
        { numRuns: 20, seed: 20_26 },
      );
      expect(await bystander.says(["1", "2", "room:calm", "echo", { a: 1 }])).toEqual([
        replied("1", "2", "room:calm", "ok", { a: 1 }),
      ]);
      expect(crashes.length, "channels do crash").toBeGreaterThan(0);
      expect(crashes.filter((label) => label.includes("test client"))).toEqual([]);
      const left = sim
        .processes()
        .map(({ label }) => label)
        .filter((label) => /room:[abc]$/.test(label));
      expect(left, "nobody serves a client that has gone").toEqual([]);
    }),
  30_000,
);

const commands = fc.array(
  fc.tuple(
    fc.constantFrom("room:a", "room:b"),
    fc.constantFrom("phx_join", "phx_join", "phx_leave", "stop", "later", "slow"),
    payload,
    fc.boolean(),
  ),
  { minLength: 2, maxLength: 30 },
);

test(
  "every join is answered once, and every accepted one ends at most once",
  () =>
    inSim(async (sim) => {
      await fc.assert(
        fc.asyncProperty(commands, async (batch) => {
          const talk = await Talk.open(sim, Victim);
          const current = new Map<string, number>();
          const sent: WireFrame[] = [];
          const heard: WireFrame[] = [];
          for (const [index, [topic, event, data, pause]] of batch.entries()) {
            const ref = index + 1;
            if (event === "phx_join") current.set(topic, ref);
            const frame = [current.get(topic) ?? null, ref, topic, event, data];
            sent.push(frame);
            if (pause) heard.push(...(await talk.says(frame)));
            else talk.client.sendRaw(JSON.stringify(frame));
          }
          await sim.advance(10);
          heard.push(...(await talk.hears()));
          for (const [joinRef, ref, , event] of sent) {
            if (event !== "phx_join") continue;
            const answers = heard.filter((frame) => frame[3] === "phx_reply" && frame[1] === ref);
            expect(answers, `answers to the join ${ref}`).toHaveLength(1);
            const ends = heard.filter((frame) => /^phx_(close|error)$/.test(String(frame[3])) && frame[1] === joinRef);
            const accepted = JSON.stringify(answers).includes('"status":"ok"');
            expect(ends.length, `ends of the join ${ref}`).toBeLessThanOrEqual(accepted ? 1 : 0);
          }
          talk.client.disconnect();
          await sim.advance(10);
        }),
        { numRuns: 300, seed: 20_26 },
      );
    }),
  30_000,
);

test(
  "a random text closes its connection or is answered, and never crashes it",
  () =>
    inSim(async (sim) => {
      const crashes: unknown[] = [];
      sim.telemetry.on("process.crash", (_, { reason }) => void crashes.push(reason));
      const bystander = await Talk.open(sim, Victim);
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(fc.string({ unit: "grapheme", size: "max", maxLength: 300 }), fc.json()),
          async (text) => {
            const talk = await Talk.open(sim, Victim);
            talk.client.sendRaw(text);
            await sim.idle();
            expect([undefined, 1011]).toContain(talk.client.closedWith?.code);
            expect(
              Buffer.byteLength(talk.client.closedWith?.reason ?? ""),
              "a close reason has 123 bytes",
            ).toBeLessThan(124);
            talk.client.disconnect();
            await sim.idle();
            expect(sim.isAlive(talk.client.transport as Pid)).toBe(false);
          },
        ),
        { numRuns: 300, seed: 20_26 },
      );
      expect(crashes).toEqual([]);
      expect(await bystander.says([null, "1", "phoenix", "heartbeat", {}])).toEqual([
        replied(null, "1", "phoenix", "ok"),
      ]);
    }),
  30_000,
);

const DEEP = `${'{"1":'.repeat(100_000)}0${"}".repeat(100_000)}`;

test.each([
  ["ref of a heartbeat", `[null,${DEEP},"phoenix","heartbeat",{}]`],
  ["join_ref of a join", `[${DEEP},"1","room:a","phx_join",{}]`],
  ["topic that nobody serves", `[null,"1",${DEEP},"phx_join",{}]`],
])("a %s that is nested too deep to be answered closes the connection with 1011, and crashes nothing", (_, text) =>
  inSim(async (sim) => {
    const crashes: string[] = [];
    sim.telemetry.on("process.crash", (_, { label }) => void crashes.push(label));
    const talk = await Talk.open(sim, Victim);
    talk.client.sendRaw(text);
    await sim.idle();
    expect(talk.client.closedWith).toMatchObject({ code: 1011 });
    expect(crashes.filter((label) => label.includes("test client"))).toEqual([]);
  }),
);

test("a payload that is nested too deep to be answered crashes its channel alone", () =>
  inSim(async (sim) => {
    const talk = await Talk.open(sim, Victim);
    await talk.says(joins("room:a", "1"));
    talk.client.sendRaw(`["1","2","room:a","echo",${DEEP}]`);
    expect(await talk.hears()).toEqual([crashed("1", "room:a")]);
    expect(await talk.says([null, "3", "phoenix", "heartbeat", {}])).toEqual([replied(null, "3", "phoenix", "ok")]);
  }));
