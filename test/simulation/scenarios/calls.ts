import assert from "node:assert/strict";
import { noreply, ok, type Pid, type Ref, reply, type Self } from "hornbeam";
import { type From, GenServer, start } from "hornbeam/genserver";
import { forever, keeping, litter, type Scenario, settled } from "../scenario.ts";

/** Answers when it is told to, the last that asked first, or after a time. */
const Slow = {
  init: () => ok<readonly (() => void)[]>([]),
  handleCall: {
    keep: (value: string, kept, _self, from) => noreply([...kept, () => GenServer.reply(from, value)]),
    after: async (delay: number, kept, self) => {
      await self.sleep(delay);
      return reply(`after ${delay}`, kept);
    },
    echo: (value: string, kept) => reply(value, kept),
    crash: () => {
      throw new Error("crashed");
    },
  },
  handleCast: {
    answer: (_, kept) => {
      for (const answer of [...kept].reverse()) answer();
      return noreply([]);
    },
  },
} satisfies GenServer<readonly (() => void)[]>;

const ownReply: Scenario = {
  promise: "each call gets its own reply, whatever the order of the answers and whoever else asks",
  async run(sim) {
    const slow = await start(sim, Slow);
    const got: string[] = [];
    const clients = ["a", "b", "c"].map((id) =>
      sim.spawn(
        async (self) => {
          const two = [self.call(slow, "keep", `${id} kept`), self.call(slow, "echo", `${id} echo`)];
          assert.deepEqual(await Promise.all(two), [`${id} kept`, `${id} echo`]);
          got.push(id);
        },
        { label: id },
      ),
    );
    // Whoever asks after the first answer waits for the next.
    sim.spawn(async (self) => {
      for (let i = 0; got.length < 3; i++) {
        self.cast(slow, "answer");
        await self.sleep(1);
        assert.ok(i < 5, "an answer was lost");
      }
    });
    await sim.all(clients);
    await sim.advance(5);
    assert.deepEqual(litter(sim), []);
    return got.join();
  },
};

const crash: Scenario = {
  promise: "a call that meets a crash gets its reply or the reason of the end, once, and no answer later",
  async run(sim) {
    const slow = await start(sim, Slow);
    const answers: unknown[] = [];
    const heard: unknown[] = [];
    const ask = (request: "echo" | "keep") =>
      sim.spawn(async (self) => {
        answers.push(await settled(self.call(slow, request, "fine")));
        heard.push(await self.receive(undefined, 10));
      });
    const clients = [ask("echo"), ask("echo"), ask("keep")];
    sim.spawn((self) => settled(self.call(slow, "crash")).then((answer) => answers.push(answer)));
    sim.spawn((self) => self.exit(slow, "ended"));
    await sim.all(clients);
    await sim.idle();
    assert.equal(answers.length, 4);
    assert.ok(!(answers.includes("crashed") && answers.includes("ended")), answers.join());
    for (const answer of answers) assert.ok(["fine", "crashed", "ended", "noproc"].includes(answer as string));
    assert.deepEqual(heard, [{ tag: "timeout" }, { tag: "timeout" }, { tag: "timeout" }]);
    assert.deepEqual(sim.leaks(), []);
    return answers.join();
  },
};

const lateReply: Scenario = {
  promise: "a reply that comes at the time limit is had or the call times out; a late one is never heard of",
  async run(sim) {
    const slow = await start(sim, Slow);
    const client = async (self: Self) => {
      const before = self.now();
      const patient = self.with({ timeout: 10 });
      const first = await settled(patient.call(slow, "after", 10));
      assert.ok(first === "after 10" || first === "timeout", first);
      assert.equal(self.now() - before, 10);
      assert.equal(await self.call(slow, "echo", "mine"), "mine");
      assert.deepEqual(await self.receive(undefined, 30), { tag: "timeout" });
      results.push(first);
    };
    const results: string[] = [];
    await sim.all([sim.spawn(client), sim.spawn(client)]);
    // One of them has waited for the other.
    assert.ok(results.includes("timeout"));
    assert.deepEqual(litter(sim), []);
    await GenServer.stop(sim, slow);
    assert.deepEqual(sim.leaks(), []);
    return results.join();
  },
};

const requests: Scenario = {
  promise:
    "a request that is waited for later has one outcome; one that was given up has none, however late its answer is",
  async run(sim) {
    const slow = await start(sim, Slow);
    const results: string[] = [];
    const client = (limit: number) => async (self: Self) => {
      const given = GenServer.sendRequest(self, slow, "after", 5);
      const kept = GenServer.sendRequest(self, slow, "echo", "kept");
      const first = await GenServer.receiveResponse(self, given, limit);
      const rest: unknown[] = [];
      for (;;) {
        const message = await self.receive(undefined, 20);
        if (message.tag === "timeout") break;
        const answer = GenServer.checkResponse(message, kept);
        assert.deepEqual(GenServer.checkResponse(message, given), { tag: "noReply" });
        rest.push(answer.tag);
      }
      assert.deepEqual(rest.length, 1, "one outcome");
      results.push(`${first.tag} ${rest}`);
    };
    const limited = sim.spawn(async function limited(self) {
      const hasty = GenServer.sendRequest(self.with({ timeout: 5 }), slow, "after", 5);
      const outcome = GenServer.checkResponse(await self.receive(), hasty);
      assert.ok(outcome.tag === "reply" || (outcome.tag === "error" && outcome.error.reason === "timeout"));
      assert.deepEqual(await self.receive(undefined, 30), { tag: "timeout" });
    });
    const ender = sim.spawn(async (self) => {
      await self.sleep(16);
      self.exit(slow, "shutdown");
    });
    await sim.all([...[5, 10].map((limit) => sim.spawn(client(limit))), limited, ender]);
    assert.deepEqual(sim.leaks(), []);
    for (const result of results) assert.ok(["reply reply", "timeout reply"].includes(result), result);
    return results.join();
  },
};

const order: Scenario = {
  promise: "what one process sends another comes in its order, nothing lost, be it message, cast or call",
  async run(sim) {
    const Log = {
      init: () => ok<readonly string[]>([]),
      handleCall: { note: (line: string, lines) => reply([...lines, line], [...lines, line]) },
      handleCast: { note: (line: string, lines) => noreply([...lines, line]) },
      handleInfo: (line: string, lines: readonly string[]) => noreply([...lines, line]),
    } satisfies GenServer<readonly string[], string>;
    const log = await start(sim, Log);
    const senders = ["a", "b", "c"].map((id) =>
      sim.spawn(
        async (self) => {
          self.cast(log, "note", `${id}1`);
          self.send(log, `${id}2`);
          await self.call(log, "note", `${id}3`);
          self.send(log, `${id}4`);
          self.cast(log, "note", `${id}5`);
        },
        { label: id },
      ),
    );
    await sim.all(senders);
    const lines = await sim.call(log, "note", "end");
    // The last of each may come behind: the test is a sender of its own.
    await sim.idle();
    const all = await sim.call(log, "note", "end");
    assert.equal(all.length, 17);
    for (const id of "abc") {
      assert.equal(all.filter((line) => line.startsWith(id)).join(), [1, 2, 3, 4, 5].map((no) => `${id}${no}`).join());
    }
    return lines.join();
  },
};

const relay: Scenario = {
  promise: "a caller that ends is nobody's: its server goes on, and an answer to it is dropped",
  async run(sim) {
    const asked: From[] = [];
    const Keeper = {
      init: () => ok(0),
      handleCall: {
        keep: (_, n, _self, from) => {
          asked.push(from);
          return noreply(n + 1);
        },
        count: (_, n) => reply(n, n),
      },
    } satisfies GenServer<number>;
    const keeper = await start(sim, Keeper);
    const got: string[] = [];
    const clients = [1, 2].map(() =>
      sim.spawn(async (self) => {
        got.push(await settled(self.call(keeper, "keep") as Promise<string>));
        await forever(self);
      }),
    );
    for (const pid of clients) sim.spawn((self) => self.exit(pid, "boom"));
    sim.spawn(async (self) => {
      await self.call(keeper, "count");
      for (const from of asked) GenServer.reply(from, "answer");
      for (const from of asked) GenServer.reply(from, "another");
    });
    await sim.idle();
    assert.ok(
      got.every((answer) => answer === "answer"),
      got.join(),
    );
    assert.equal(await sim.call(keeper, "count"), asked.length);
    await GenServer.stop(sim, keeper);
    assert.deepEqual(sim.leaks(), []);
    return `${asked.length} asked, ${got.length} told`;
  },
};

const deadline: Scenario = {
  promise: "a deadline travels: nobody behind the first server works for an answer after it, and nobody waits longer",
  async run(sim) {
    const back = await start(sim, Slow);
    const Front = {
      init: (to: Ref<typeof Slow>) => ok(to),
      handleCall: {
        ask: async (delay: number, to, self) => reply(await settled(self.call(to, "after", delay)), to),
      },
    } satisfies GenServer<Ref<typeof Slow>>;
    const front = await start(sim, Front, back);
    const results: string[] = [];
    const clients: Pid[] = [4, 5].map((delay) =>
      sim.spawn(async (self) => {
        const until = self.now() + 9;
        results.push(await settled(self.with({ deadline: until }).call(front, "ask", delay)));
        assert.ok(self.now() <= until, "late");
        await self.receive(undefined, 5);
      }),
    );
    const stray: unknown[] = [];
    sim.spawn(keeping(stray));
    await sim.all(clients);
    assert.deepEqual(stray, []);
    assert.ok(
      results.some((result) => result.startsWith("after")),
      results.join(),
    );
    return results.join();
  },
};

export const calls = {
  "calls: one's own reply": ownReply,
  "calls: a crash": crash,
  "calls: a late reply": lateReply,
  "calls: requests": requests,
  "calls: in order": order,
  "calls: the caller ends": relay,
  "calls: a deadline": deadline,
} satisfies Record<string, Scenario>;
