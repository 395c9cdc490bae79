// What the compiler must accept and refuse of state machines. Checked by `tsc`; nothing here is run.
import {
  type ChildSpec,
  type Down,
  error,
  type From,
  ignore,
  type Name,
  name,
  type Pid,
  type Ref,
  type ReplyTo,
  type Self,
  stop,
} from "hornbeam";
import {
  type EventStatem,
  GenStatem,
  keepState,
  keepStateAndData,
  nextState,
  repeatState,
  repeatStateAndData,
  stopAndReply,
} from "hornbeam/genserver";

declare const self: Self;

/** Fails to compile unless the two types are the same. */
const same = <A, B>(_: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never): void => {};

interface Lock {
  readonly code: string;
  readonly tries: number;
}
type States = "locked" | "open";

const CodeLock = {
  init: (code: string) => nextState("locked", { code, tries: 0 }, { stateTimeout: 5, content: "x" }),
  states: {
    locked: {
      handleEnter: (from, lock) => {
        same<typeof from, States>(true);
        return keepState(lock, [{ eventTimeout: 10 }, { hibernate: true }]);
      },
      handleCall: {
        unlock: (code: string, lock) =>
          code === lock.code
            ? nextState("open", lock, [{ reply: "open" }, { stateTimeout: 10 }])
            : keepState({ ...lock, tries: lock.tries + 1 }, { reply: "wrong" }),
        tries: (_, { tries }) => keepStateAndData({ reply: tries }),
        later: (_, _lock, _self, from) => keepStateAndData([{ nextEvent: { type: "internal", content: from } }]),
        quit: (_, lock) => stop("normal", lock, true),
        leave: (_) => stopAndReply("normal", [{ reply: 1 }]),
        slow: async (_) => keepStateAndData({ reply: "done" }),
      },
      handleCast: { close: (_, lock) => repeatState(lock) },
      handleInfo: (message: Down | "tick", lock) => (message === "tick" ? keepState(lock) : stop("normal", lock)),
    },
    open: {
      handleCall: {
        unlock: (_, lock) => keepState(lock, { postpone: true }),
        give: (to: From, _lock) => keepStateAndData({ reply: "not to the caller", to }),
      },
      handleCast: { close: (_, lock) => nextState("locked", lock), shout: (_text: string) => repeatStateAndData() },
      handleStateTimeout: (_, lock) => nextState("locked", lock),
      handleGenericTimeout: { retry: () => keepStateAndData({ genericTimeout: 5, name: "retry" }) },
    },
  },
  handleCall: { ping: (_) => keepStateAndData({ reply: "pong" }) },
  terminate: (_reason, state, lock) => {
    same<typeof state, States>(true);
    same<typeof lock, Lock>(true);
  },
} satisfies GenStatem<States, Lock>;

export async function talking(lock: Ref<typeof CodeLock>): Promise<void> {
  same<Awaited<ReturnType<typeof unlock>>, "open" | "wrong">(true);
  same<Awaited<ReturnType<typeof quit>>, boolean>(true);
  const tries: number = await self.call(lock, "tries");
  const pong: "pong" = await self.call(lock, "ping");
  const one: 1 = await self.call(lock, "leave");
  const done: "done" = await self.call(lock, "slow");
  self.cast(lock, "close");
  self.cast(lock, "shout", "hey");
  self.send(lock, "tick");
  void [tries, pong, one, done];
  // @ts-expect-error no such request
  self.call(lock, "unlok", "1");
  // @ts-expect-error a code is a string
  self.call(lock, "unlock", 1);
  // @ts-expect-error the code is missing, though one of the states ignores it
  self.call(lock, "unlock");
  // @ts-expect-error no such cast
  self.cast(lock, "open");
  // @ts-expect-error nobody takes this message
  self.send(lock, "tock");

  function unlock() {
    return self.call(lock, "unlock", "1");
  }
  function quit() {
    return self.call(lock, "quit");
  }
}

export async function starting(): Promise<void> {
  const lock = await GenStatem.start(self, CodeLock, "1234", { name: name<typeof CodeLock>("lock"), timeout: 5 });
  same<typeof lock, Ref<typeof CodeLock>>(true);
  const spec: ChildSpec = GenStatem.child(CodeLock, "1234", { restart: "transient" });
  const named: Name<any> = name<typeof CodeLock>("lock");
  await self.call(name<typeof CodeLock>("lock"), "unlock", "1");
  void [spec, named];
  // @ts-expect-error the code is missing
  await GenStatem.start(self, CodeLock);
  // @ts-expect-error a code is a string
  GenStatem.child(CodeLock, 5);
  // @ts-expect-error no such option
  GenStatem.child(CodeLock, "1234", { nmae: "lock" });
  // @ts-expect-error not a state machine
  GenStatem.child({ init: () => nextState("a", 0) });
}

export const wrong = {
  init: () => nextState("locked", 0),
  states: {
    locked: {
      // @ts-expect-error no such state
      handleInternal: () => nextState("opne", 0),
      handleCall: {
        // @ts-expect-error the data is a number
        a: () => keepState("data"),
        // @ts-expect-error an action is one thing
        b: () => keepStateAndData({ postpone: true, hibernate: true }),
        // @ts-expect-error no such action
        c: () => keepStateAndData({ postpnoe: true }),
      },
      handleCast: {
        // @ts-expect-error a cast has nobody to reply to
        d: () => keepStateAndData({ reply: 1 }),
        // @ts-expect-error nor has its stop
        e: (_, data) => stop("normal", data, 1),
      },
      // @ts-expect-error a generic timeout has a name
      handleStateTimeout: () => keepStateAndData({ genericTimeout: 5 }),
    },
    open: {
      // @ts-expect-error a state that is entered is not left at once
      handleEnter: (_, data) => nextState("locked", data),
    },
  },
} satisfies GenStatem<"locked" | "open", number>;

export const entering = {
  init: () => nextState("locked", 0),
  states: {
    locked: {
      // @ts-expect-error there is no event to postpone
      handleEnter: () => keepStateAndData({ postpone: true }),
    },
    open: {
      // @ts-expect-error no events are inserted at the entry
      handleEnter: () => keepStateAndData({ nextEvent: { type: "internal" } }),
    },
  },
} satisfies GenStatem<"locked" | "open", number>;

export const incomplete = {
  // @ts-expect-error no such first state
  init: () => nextState("closed", 0),
  // @ts-expect-error a state is missing
  states: { locked: {} },
} satisfies GenStatem<"locked" | "open", number>;

export const starts = {
  init: (how: "well" | "not" | "badly") =>
    how === "well" ? nextState("a", 0) : how === "not" ? ignore : error("badly"),
  states: { a: {} },
} satisfies GenStatem<"a", number>;

interface Switch {
  calls: { flip(): boolean; set(on: boolean): "done" };
  casts: { reset(): void; dim(by: number): void };
  info: Down;
}

const Lamp = {
  init: () => nextState({ on: false }, 0),
  handleEvent: (event, { on }, flips) => {
    switch (event.type) {
      case "call":
        if (event.request === "flip") return nextState({ on: !on }, flips + 1, { reply: !on, to: event.from });
        same<typeof event.payload, boolean>(true);
        same<typeof event.from, ReplyTo<"done">>(true);
        return nextState({ on: event.payload }, flips, [{ reply: "done", to: event.from }]);
      case "cast":
        return event.request === "dim" ? keepState(flips - event.payload) : keepState(0);
      case "info":
        same<typeof event.content, Down>(true);
        return keepStateAndData({ stateTimeout: 5 });
      default:
        return keepStateAndData();
    }
  },
} satisfies EventStatem<{ readonly on: boolean }, number, Switch>;

export async function switching(): Promise<void> {
  const lamp = await GenStatem.startLink(self, Lamp);
  const pid: Pid = lamp;
  const on: boolean = await self.call(lamp, "flip");
  const done: "done" = await self.call(lamp, "set", true);
  self.cast(lamp, "reset");
  self.cast(lamp, "dim", 2);
  void [pid, on, done];
  // @ts-expect-error no such request
  self.call(lamp, "flop");
  // @ts-expect-error it is on or off
  self.call(lamp, "set", "on");
  // @ts-expect-error how much?
  self.cast(lamp, "dim");
}

export const wrongLamp = {
  // @ts-expect-error the state is an object
  init: () => nextState("on", 0),
  // @ts-expect-error flip is answered with a boolean
  handleEvent: (event) => {
    if (event.type !== "call" || event.request !== "flip") return keepStateAndData();
    return keepStateAndData({ reply: "flipped", to: event.from });
  },
} satisfies EventStatem<{ readonly on: boolean }, number, Switch>;
