// What the compiler must accept and refuse of requests, call options, sys and the callbacks around a server. Checked by
// `tsc`; nothing here is run.
import { type CallError, error, name, noreply, ok, type Ref, reply, type Self, stop, type Timeout } from "hornbeam";
import {
  type CodeChange,
  GenServer,
  type NoReplyYet,
  type NoRequest,
  type Outcome,
  type RequestCollection,
  type Response,
  type SentRequest,
  type Statistics,
  type Status,
  type SystemEvent,
  start,
  sys,
} from "hornbeam/genserver";

declare const self: Self;

/** Fails to compile unless the two types are the same. */
const same = <A, B>(_: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never): void => {};

const Counter = {
  init: (_start: number) => ok(0),
  handleCall: {
    add: (by: number, count) => reply(count + by, count + by),
    text: (_, count) => reply(String(count), count),
    quit: (_, count) => stop("normal", count),
  },
  handleCast: { add: (by: number, count) => noreply(count + by) },
  handleInfo: (message: "tick" | Response<number> | Timeout, count) =>
    typeof message === "object" && message.tag === "response" ? noreply(count + 1) : noreply(count),
} satisfies GenServer<number>;

export async function requests(counter: Ref<typeof Counter>): Promise<void> {
  const request = GenServer.sendRequest(self, counter, "add", 1);
  same<typeof request, SentRequest<number>>(true);
  const text = GenServer.sendRequest(self.with({ timeout: 5 }), name<typeof Counter>("c"), "text");
  same<typeof text, SentRequest<string>>(true);

  const waited = await GenServer.waitResponse(self, request, 100);
  same<typeof waited, Outcome<number> | Timeout>(true);
  if (waited.tag === "reply") same<typeof waited.value, number>(true);
  if (waited.tag === "error") same<typeof waited.error, CallError>(true);
  const received = await GenServer.receiveResponse(self, text, { abs: 100 });
  same<typeof received, Outcome<string> | Timeout>(true);
  const checked = GenServer.checkResponse("anything", request);
  same<typeof checked, Outcome<number> | NoReplyYet>(true);

  const all = GenServer.requestCollection<number | string, "a" | "b">().add(request, "a").add(text, "b");
  same<typeof all, RequestCollection<number | string, "a" | "b">>(true);
  const next = await GenServer.waitResponse(self, all, "infinity", { delete: false });
  if (next.tag === "reply") {
    same<typeof next.value, number | string>(true);
    same<typeof next.label, "a" | "b">(true);
  }
  const none: Timeout | NoRequest | { readonly tag: "reply" | "error" } = next;
  void none;

  // @ts-expect-error unknown request
  GenServer.sendRequest(self, counter, "nope");
  // @ts-expect-error wrong payload
  GenServer.sendRequest(self, counter, "add", "1");
  // @ts-expect-error payload missing
  GenServer.sendRequest(self, counter, "add");
  // @ts-expect-error add is a call; tick is no request
  GenServer.sendRequest(self, counter, "tick");
  // @ts-expect-error a label of another type
  all.add(request, "c");
  // @ts-expect-error a reply of another type
  GenServer.requestCollection<string, string>().add(request, "a");
  // @ts-expect-error a wait needs a process
  GenServer.waitResponse(request);
  // @ts-expect-error no such time
  GenServer.waitResponse(self, request, { at: 5 });
  // @ts-expect-error a value is there only in a reply
  void waited.value;
}

export async function options(counter: Ref<typeof Counter>, signal: AbortSignal): Promise<void> {
  await self.with({ deadline: self.now() + 100, signal }).call(counter, "add", 1);
  await self.with({ signal: self.signal }).with({ timeout: "infinity" }).call(counter, "text");
  // @ts-expect-error a deadline is a moment, not a word
  self.with({ deadline: "soon" });
  // @ts-expect-error a controller is no signal
  self.with({ signal: new AbortController() });
}

export async function many(counters: readonly Ref<typeof Counter>[]): Promise<void> {
  const { replies, failures } = await GenServer.multiCall(self, counters, "add", 1);
  for (const [, total] of replies) same<typeof total, number>(true);
  for (const [, failure] of failures) same<typeof failure, CallError>(true);
  GenServer.abcast(self, counters, "add", 1);
  const pid: Ref<typeof Counter> | undefined = GenServer.whereis(self, name<typeof Counter>("c"));
  void pid;
  // @ts-expect-error wrong payload
  GenServer.multiCall(self, counters, "add", "1");
  // @ts-expect-error text is no cast
  GenServer.abcast(self, counters, "text");
}

export async function looking(counter: Ref<typeof Counter>): Promise<void> {
  const replaced = await sys.replaceState(self, counter, (count: number) => count + 1);
  same<typeof replaced, number>(true);
  const counts = await sys.statistics(self, counter, "get");
  same<typeof counts, Statistics | undefined>(true);
  const events = await sys.log(self, counter, "get");
  same<typeof events, readonly SystemEvent[] | undefined>(true);
  await sys.trace(self, counter, (event, pid) => void [event.tag, pid.id]);
  await sys.getState(self.with({ timeout: 100 }), name("counter"));
  // @ts-expect-error the function makes another type of state
  sys.replaceState(self, counter, (count: number) => String(count));
  // @ts-expect-error not a process or a name
  sys.getState(self, "counter");
  // @ts-expect-error a trace is a function or a boolean
  sys.trace(self, counter, "yes");
}

export function modules(): void {
  ({
    init: () => ok({ secret: "x" }),
    hibernate: (state) => noreply(state),
    formatStatus: (status) => ({ ...status, state: { secret: status.state.secret.length } }),
    codeChange: ({ extra }: CodeChange, state: { old: string }) =>
      extra === 1 ? ok({ secret: state.old }) : error("x"),
  }) satisfies GenServer<{ secret: string }>;
  ({ init: () => ok(0), hibernate: async (n) => stop("shutdown", n) }) satisfies GenServer<number>;
  // @ts-expect-error hibernate has nobody to reply to
  ({ init: () => ok(0), hibernate: (n) => reply(1, n) }) satisfies GenServer<number>;
  // @ts-expect-error hibernate makes another type of state
  ({ init: () => ok(0), hibernate: () => noreply("zero") }) satisfies GenServer<number>;
  // @ts-expect-error codeChange makes another type of state
  ({ init: () => ok(0), codeChange: () => ok("zero") }) satisfies GenServer<number>;
  // @ts-expect-error a status without its state
  ({ init: () => ok(0), formatStatus: () => ({}) }) satisfies GenServer<number>;
  const status: Status = { state: 1, message: 2, data: 3 };
  void status;

  ok(0, { timeout: 5, message: "mine", abs: true, hibernate: true });
  ok(0, { hibernate: true });
  // @ts-expect-error hibernate is asked for or left out
  ok(0, { hibernate: false });
  // @ts-expect-error a message needs its time
  ok(0, { message: "mine" });
  // @ts-expect-error abs is a boolean
  ok(0, { timeout: 5, abs: "yes" });
}

export async function starting(): Promise<void> {
  await start(self, Counter, 1, { hibernateAfter: 1000 });
  await start(self, Counter, 1, { hibernateAfter: "infinity" });
  // @ts-expect-error a time or infinity
  start(self, Counter, 1, { hibernateAfter: "soon" });
}
