import { answer, type From, name, noreply, ok, type Pid, reply, type Self, stop, timeout } from "hornbeam";
import { GenServer, type Response, type SentRequest, start, startLink } from "hornbeam/genserver";
import { inVirtualTime, type VirtualSystem } from "hornbeam/test";
import { expect, test } from "vitest";
import { events, puppet } from "../runtime/support.ts";

/** Answers at once, after a time, when it is told to, or never. */
const Desk = {
  init: () => ok<readonly From[]>([]),
  handleCall: {
    now: (value: number, waiting) => reply(value * 2, waiting),
    after: (delay: number, waiting, self, from) => {
      self.sendAfter({ from, value: delay }, delay);
      return noreply<readonly From[]>(waiting);
    },
    later: (_: number, waiting, __, from) => noreply([...waiting, from]),
    leave: (reason: string, waiting) => stop(reason, waiting),
    big: (size: number, waiting) => reply(new Uint8Array(size), waiting),
  },
  handleCast: {
    answerAll: (value: string, waiting) => {
      for (const from of waiting) answer(from, value);
      return noreply<readonly From[]>([]);
    },
  },
  handleInfo: ({ from, value }: { from: From; value: number }, waiting: readonly From[]) => {
    answer(from, value);
    return noreply(waiting);
  },
} satisfies GenServer<readonly From[]>;

/** Runs `act` as a process of its own, and resolves to what it gives. */
const within = <T>(sim: VirtualSystem, act: (self: Self) => Promise<T> | T): Promise<T> =>
  new Promise((resolve, reject) => {
    sim.spawn(async (self) => {
      try {
        resolve(await act(self));
      } catch (error) {
        reject(error);
      }
    });
  });

const { sendRequest, waitResponse, receiveResponse, checkResponse, requestCollection } = GenServer;
const value = (value: unknown) => ({ tag: "reply", value });
const failure = (reason: unknown) => ({ tag: "error", error: { name: "CallError", reason } });

for (const [what, get] of [
  ["waitResponse", waitResponse],
  ["receiveResponse", receiveResponse],
] as const) {
  test(`${what} gives the reply, whether it has come already or is still to come`, () =>
    inVirtualTime(async (sim) => {
      const desk = await start(sim, Desk);
      await within(sim, async (self) => {
        const coming = sendRequest(self, desk, "after", 50);
        expect(await get(self, coming)).toEqual(value(50));
        const come = sendRequest(self, desk, "now", 21);
        await self.sleep(10);
        expect(await get(self, come, 0)).toEqual(value(42));
      });
    }));

  test(`${what} of a server that is not there, ends, or is not there any more gives an error with the reason`, () =>
    inVirtualTime(async (sim) => {
      const desk = await start(sim, Desk);
      await within(sim, async (self) => {
        const nobody = sendRequest(self, name<typeof Desk>("nobody"), "now", 1);
        expect(await get(self, nobody)).toMatchObject(failure("noproc"));
        const left = sendRequest(self, desk, "leave", "oops");
        const queued = sendRequest(self, desk, "now", 1);
        expect(await get(self, left)).toMatchObject(failure("oops"));
        expect(await get(self, queued)).toMatchObject(failure("oops"));
        expect(await get(self, sendRequest(self, desk, "now", 1))).toMatchObject(failure("noproc"));
      });
    }));

  test(`${what} is for the process that made the request, and for one at a time`, () =>
    inVirtualTime(async (sim) => {
      const desk = await start(sim, Desk);
      await within(sim, async (self) => {
        const request = sendRequest(self, desk, "later", 1);
        const other = within(sim, (someone) => get(someone, request, 10));
        await expect(other).rejects.toThrow(
          /expected the process that made the request, <0\.\d+>, to wait for it, got: <0\.\d+>/,
        );
        const first = get(self, request, 10);
        await expect(get(self, request, 10)).rejects.toThrow(
          /expected a request that nobody waits for, got: request \d+, which is waited for/,
        );
        expect(await first).toBe(timeout);
      });
    }));

  test(`${what} takes a time, a moment or infinity, and refuses anything else`, () =>
    inVirtualTime(async (sim) => {
      const desk = await start(sim, Desk);
      await within(sim, async (self) => {
        const ask = () => sendRequest(self, desk, "later", 1);
        await self.sleep(1000);
        expect([await get(self, ask(), 50), self.now()]).toEqual([timeout, 1050]);
        expect([await get(self, ask(), { abs: 1070 }), self.now()]).toEqual([timeout, 1070]);
        expect([await get(self, ask(), { abs: 5 }), self.now()]).toEqual([timeout, 1070]);
        expect([await get(self, ask(), 0), self.now()]).toEqual([timeout, 1070]);
        await expect(get(self, ask(), -1)).rejects.toThrow(/expected a time of 0 ms or more, got: -1/);
        await expect(get(self, ask(), {} as any)).rejects.toThrow(/expected a time or a moment \({ abs }\), got: \{\}/);
        await expect(get(self, 5 as any)).rejects.toThrow(/expected a request .*, got: 5/);
      });
    }));
}

test("after a wait that timed out the answer can still come, after a receive it reaches nobody", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    await within(sim, async (self) => {
      const kept = sendRequest(self, desk, "after", 50);
      expect(await waitResponse(self, kept, 10)).toBe(timeout);
      expect(await waitResponse(self, kept, 100)).toEqual(value(50));
      const abandoned = sendRequest(self, desk, "after", 50);
      expect(await receiveResponse(self, abandoned, 10)).toBe(timeout);
      expect(await waitResponse(self, abandoned, 1000)).toBe(timeout);
      expect(await self.receive(undefined, 0)).toBe(timeout);
    });
  }));

test("an answer that comes with the end of the time is had, or reaches nobody", () =>
  inVirtualTime(async (sim) => {
    const Sleeper = {
      init: () => ok(0),
      handleCall: { after: async (delay: number, n, self: Self) => self.sleep(delay).then(() => reply(delay, n)) },
    } satisfies GenServer<number>;
    const sleeper = await start(sim, Sleeper);
    await within(sim, async (self) => {
      const request = sendRequest(self, sleeper, "after", 10);
      await self.sleep(0);
      expect(await receiveResponse(self, request, 10)).toEqual({ tag: "reply", value: 10 });
      expect(await self.receive(undefined, 100)).toBe(timeout);
    });
  }));

test("a request that was answered is not answered again: who waits for it waits until the time is up", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    await within(sim, async (self) => {
      const request = sendRequest(self, desk, "now", 1);
      expect(await waitResponse(self, request)).toEqual(value(2));
      expect(await waitResponse(self, request, 100)).toBe(timeout);
    });
  }));

test("an answer that comes when nobody waits is a message, which a later wait takes out again", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    await within(sim, async (self) => {
      const [first, second] = [sendRequest(self, desk, "now", 1), sendRequest(self, desk, "now", 2)];
      self.send(self.pid, "other");
      await self.sleep(1);
      // The selective receive passes over the answers, so that they are in its save queue.
      expect(await self.receive((message) => message === "other")).toBe("other");
      expect(await waitResponse(self, second)).toEqual(value(4));
      expect(await self.receive()).toEqual({ tag: "response", request: first, outcome: value(2) });
      expect(await self.receive(undefined, 0)).toBe(timeout);
    });
  }));

test("a wait takes the answer out of a mailbox between other messages, whose order stays", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    const caller = puppet(sim);
    await caller.does(async (self) => {
      const request = sendRequest(self, desk, "after", 10);
      self.sendAfter("before", 5);
      self.sendAfter("behind", 15);
      await self.sleep(20);
      expect(await waitResponse(self, request, 0)).toEqual(value(10));
    });
    await sim.advance(20);
    expect(caller.inbox).toEqual(["before", "behind"]);
  }));

/** Sends requests, and keeps what its handleInfo gets. */
const Asker = {
  init: (_desk: Pid) => ok<readonly unknown[]>([]),
  handleCall: {
    ask: ({ desk, request }: { desk: Pid; request: string }, seen, self) =>
      reply(sendRequest(self, desk, request, 7), seen),
    wait: async (request: SentRequest, seen, self) => reply(await waitResponse(self, request, 100), seen),
    seen: (_, seen) => reply(seen, seen),
  },
  handleInfo: (message: Response | "x", seen: readonly unknown[]) => noreply([...seen, message]),
} satisfies GenServer<readonly unknown[]>;

test("a server gets the answer to its request in handleInfo, and checkResponse says that it is", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    const asker = await start(sim, Asker, desk);
    const request = await sim.call(asker, "ask", { desk, request: "now" });
    const another = await sim.call(asker, "ask", { desk, request: "now" });
    await sim.idle();
    sim.send(asker, "x");
    const seen = await sim.call(asker, "seen");
    expect(seen.map((message) => checkResponse(message, request).tag)).toEqual(["reply", "noReply", "noReply"]);
    expect(checkResponse(seen[0], request)).toEqual(value(14));
    expect(seen.map((message) => checkResponse(message, another).tag)).toEqual(["noReply", "reply", "noReply"]);
    for (const odd of ["x", undefined, null, 5, { tag: "response" }, { tag: "down" }]) {
      expect(checkResponse(odd, request)).toEqual({ tag: "noReply" });
    }
  }));

test("checkResponse of the message of a server that ended gives the error", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    const asker = await start(sim, Asker, desk);
    const request = await sim.call(asker, "ask", { desk, request: "leave" });
    await sim.idle();
    const [message] = await sim.call(asker, "seen");
    expect(checkResponse(message, request)).toMatchObject(failure(7));
  }));

test("a server may wait for a request of an earlier callback, and no message is handled meanwhile", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    const asker = await start(sim, Asker, desk);
    const request = await sim.call(asker, "ask", { desk, request: "after" });
    const waited = sim.call(asker, "wait", request);
    sim.send(asker, "x");
    expect(await waited).toEqual(value(7));
    expect(await sim.call(asker, "seen")).toEqual(["x"]);
  }));

test("a server may send a request to itself, and gets the answer when it has handled it", () =>
  inVirtualTime(async (sim) => {
    const Loop = {
      init: () => ok<readonly unknown[]>([]),
      handleCall: {
        ask: (_, seen, self) => {
          sendRequest(self, self.pid as Pid, "half", 42);
          return reply(undefined, seen);
        },
        half: (n: number, seen) => reply(n / 2, seen),
        seen: (_, seen) => reply(seen, seen),
      },
      handleInfo: ({ outcome }: Response, seen: readonly unknown[]) => noreply([...seen, outcome]),
    } satisfies GenServer<readonly unknown[]>;
    const loop = await start(sim, Loop);
    await sim.call(loop, "ask");
    await sim.idle();
    expect(await sim.call(loop, "seen")).toEqual([value(21)]);
  }));

test("the end of the one who sent a request leaves nothing behind, and its answer is nothing", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const desk = await start(sim, Desk);
    const caller = puppet(sim);
    let went = false;
    await caller.does(async (self) => {
      await waitResponse(self, sendRequest(self, desk, "later", 1), 100);
      went = true;
    });
    sim.kill(caller.pid);
    expect(sim.leaks().filter((leak) => leak.includes("timer"))).toEqual([]);
    sim.cast(desk, "answerAll", "late");
    await sim.advance(1000);
    expect(went).toBe(false);
  }));

test("a wait that was answered leaves no timer", () =>
  inVirtualTime({ time: "manual" }, async (sim) => {
    const desk = await start(sim, Desk);
    const caller = puppet(sim);
    await caller.does(async (self) => {
      expect(await waitResponse(self, sendRequest(self, desk, "now", 1), 1000)).toEqual(value(2));
    });
    expect(sim.leaks().filter((leak) => leak.includes("timer"))).toEqual([]);
  }));

test("what a dead process asks is not sent, and its wait never ends", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    const zombies = events(sim, "process.zombie");
    let went = false;
    sim.spawn(async (self) => {
      self.exit(self.pid, "kill");
      const request = sendRequest(self, desk, "now", 1);
      await waitResponse(self, request, 10);
      went = true;
    });
    await sim.advance(100);
    expect(went).toBe(false);
    expect(zombies.map(({ operation }) => operation)).toEqual(["sendRequest", "waitResponse"]);
  }));

test("a request may be given a time limit and a signal with self.with; without one it has none", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    await within(sim, async (self) => {
      const abort = new AbortController();
      const limited = sendRequest(self.with({ timeout: 10 }), desk, "later", 1);
      const aborted = sendRequest(self.with({ signal: abort.signal }), desk, "later", 1);
      const endless = sendRequest(self, desk, "later", 1);
      abort.abort();
      expect(await waitResponse(self, aborted)).toMatchObject(failure("aborted"));
      expect(await waitResponse(self, limited)).toMatchObject(failure("timeout"));
      expect([await waitResponse(self, endless, 1e9), self.now()]).toEqual([timeout, 1e9 + 10]);
    });
  }));

test("a system gets no messages, so it cannot send requests", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    expect(() => sendRequest(sim, desk, "now", 1)).toThrow(
      /expected a process \(self\), got: a system, which gets no messages/,
    );
  }));

test("a reply of 10 MB reaches the request as the same object", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    await within(sim, async (self) => {
      const answered = await receiveResponse(self, sendRequest(self, desk, "big", 10_000_000), 1000);
      expect(answered).toMatchObject({ tag: "reply", value: { length: 10_000_000 } });
    });
  }));

// ── collections ──

for (const [what, get] of [
  ["waitResponse", waitResponse],
  ["receiveResponse", receiveResponse],
] as const) {
  test(`${what} of a collection gives the answers in the order in which they come, each with its label`, () =>
    inVirtualTime(async (sim) => {
      const desk = await start(sim, Desk);
      await within(sim, async (self) => {
        const requests = requestCollection<unknown, string>();
        for (const delay of [30, 10, 20]) requests.add(sendRequest(self, desk, "after", delay), `after ${delay}`);
        const labels: unknown[] = [];
        while (requests.size > 0) {
          const answered = await get(self, requests, 1000);
          if (answered.tag === "reply") labels.push([answered.label, answered.value, self.now()]);
        }
        expect(labels).toEqual([
          ["after 10", 10, 10],
          ["after 20", 20, 20],
          ["after 30", 30, 30],
        ]);
        expect(await get(self, requests, 1000)).toEqual({ tag: "noRequest" });
      });
    }));

  test(`${what} of a collection gives answers that have come already in their order, and errors among them`, () =>
    inVirtualTime(async (sim) => {
      const [desk, other] = [await start(sim, Desk), await start(sim, Desk)];
      await within(sim, async (self) => {
        const requests = requestCollection<unknown, number>();
        requests.add(sendRequest(self, desk, "after", 20), 1);
        requests.add(sendRequest(self, other, "leave", "oops"), 2);
        requests.add(sendRequest(self, name<typeof Desk>("nobody"), "now", 1), 3);
        await self.sleep(50);
        const seen: unknown[] = [];
        while (requests.size > 0) seen.push(await get(self, requests, 0));
        expect(seen).toMatchObject([
          { ...failure("noproc"), label: 3 },
          { ...failure("oops"), label: 2 },
          { ...value(20), label: 1 },
        ]);
      });
    }));

  test(`${what} of a collection whose answered requests stay in it waits until the time is up`, () =>
    inVirtualTime(async (sim) => {
      const desk = await start(sim, Desk);
      await within(sim, async (self) => {
        const requests = requestCollection<unknown, string>().add(sendRequest(self, desk, "now", 1), "only");
        expect(await get(self, requests, 100, { delete: false })).toMatchObject({ ...value(2), label: "only" });
        expect(requests.size).toBe(1);
        expect([await get(self, requests, 100), self.now()]).toEqual([timeout, 100]);
      });
    }));
}

test("an absolute time is shared by all waits for a collection", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    await within(sim, async (self) => {
      const requests = requestCollection<unknown, number>();
      for (const delay of [10, 20, 500]) requests.add(sendRequest(self, desk, "after", delay), delay);
      const tags: string[] = [];
      for (let i = 0; i < 3; i++) tags.push((await waitResponse(self, requests, { abs: 100 })).tag);
      expect([tags, self.now()]).toEqual([["reply", "reply", "timeout"], 100]);
    });
  }));

test("a wait for a collection that timed out keeps its requests, a receive abandons them all", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    await within(sim, async (self) => {
      const ask = () => {
        const requests = requestCollection<unknown, number>();
        for (const delay of [50, 60]) requests.add(sendRequest(self, desk, "after", delay), delay);
        return requests;
      };
      const kept = ask();
      expect(await waitResponse(self, kept, 10)).toBe(timeout);
      expect(await waitResponse(self, kept, 1000)).toMatchObject({ label: 50 });
      expect(await waitResponse(self, kept, 1000)).toMatchObject({ label: 60 });
      const abandoned = ask();
      expect(await receiveResponse(self, abandoned, 10)).toBe(timeout);
      expect([abandoned.size, await receiveResponse(self, abandoned, 1000)]).toEqual([2, timeout]);
      expect(await self.receive(undefined, 0)).toBe(timeout);
    });
  }));

test("checkResponse of a collection gives the label, and takes the request out unless it is told not to", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    await within(sim, async (self) => {
      const requests = requestCollection<unknown, string>();
      expect(checkResponse("anything", requests)).toEqual({ tag: "noRequest" });
      const [one, two] = [sendRequest(self, desk, "now", 1), sendRequest(self, desk, "now", 2)];
      requests.add(one, "one").add(two, "two");
      const messages = [await self.receive(), await self.receive()];
      expect(checkResponse("anything", requests)).toEqual({ tag: "noReply" });
      expect(checkResponse(messages[0], requests, { delete: false })).toMatchObject({ ...value(2), label: "one" });
      expect(requests.size).toBe(2);
      expect(checkResponse(messages[1], requests)).toMatchObject({ ...value(4), label: "two", request: two });
      expect(requests.toList()).toEqual([[one, "one"]]);
    });
  }));

test("a request cannot be in a collection twice, and nothing else can be in it", () =>
  inVirtualTime(async (sim) => {
    const desk = await start(sim, Desk);
    await within(sim, async (self) => {
      const request = sendRequest(self, desk, "now", 1);
      const requests = requestCollection().add(request, "a");
      expect(() => requests.add(request, "b")).toThrow(
        /expected a request that is not in the collection, got: request \d+, which is/,
      );
      expect(() => requests.add({ ref: 1 }, "c")).toThrow(/expected a request .*, got: \{ ref: 1 \}/);
      expect(requests.toList()).toEqual([[request, "a"]]);
    });
  }));

test("a request to a linked server that is killed gives the error, and the link its own message", () =>
  inVirtualTime(async (sim) => {
    await within(sim, async (self) => {
      self.trapExit = true;
      const desk = await startLink(self, Desk);
      const answered = sendRequest(self, desk, "later", 1);
      self.exit(desk, "kill");
      expect(await receiveResponse(self, answered)).toMatchObject(failure("killed"));
      expect(await self.receive()).toMatchObject({ tag: "exit", pid: desk, reason: "killed" });
    });
  }));
