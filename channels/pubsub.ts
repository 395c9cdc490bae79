import { Entries, perSystem } from "../runtime/entries.ts";
import { BadArgument } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import { type ProcessSelf, processOf } from "../runtime/self.ts";
import type { Caller, Self } from "../runtime/types.ts";
import { encodeBroadcast } from "./frame.ts";
import type { Wire } from "./wire.ts";

/** What a subscriber receives as a message. */
export interface Broadcast {
  readonly tag: "broadcast";
  readonly topic: string;
  readonly event: string;
  readonly payload: unknown;
}

/** The way past a channel's process: its client's wire, and the events that must not take it. */
export interface Fastlane {
  readonly wire: Wire;
  readonly intercepts: ReadonlyMap<string, unknown>;
}

/** The subscriptions of each system. One is held by its process, and gone with it: there is nothing to crash. */
const topicsOf = perSystem(() => new Entries<string, Fastlane | undefined>());

export function subscribe(process: ProcessSelf, topic: string, fastlane?: Fastlane): void {
  if (typeof topic !== "string") throw new BadArgument(`subscribe: expected a topic (a string), got: ${show(topic)}`);
  if (process.dead) process.zombie("subscribe");
  else topicsOf(process.kernel).add(topic, process, fastlane);
}

/** Encoded once, written to the wires of all who have a fastlane; the others get it as a message. */
function dispatch(
  by: ProcessSelf,
  topic: string,
  event: string,
  payload: unknown,
  except: ProcessSelf | undefined,
): void {
  if (by.dead) {
    by.zombie("broadcast");
    return;
  }
  const broadcast: Broadcast = { tag: "broadcast", topic, event, payload };
  let frame: Buffer | undefined;
  for (const { owner, value: fastlane } of topicsOf(by.kernel).at(topic)) {
    if (owner === except) continue;
    if (fastlane === undefined || fastlane.intercepts.has(event)) {
      owner.deliver(broadcast);
      continue;
    }
    frame ??= Buffer.from(encodeBroadcast(topic, event, payload));
    fastlane.wire.send(frame);
  }
}

/**
 * Topics and their subscribers within a system (Phoenix: `Phoenix.PubSub`, and the endpoint's `broadcast`). A channel is
 * subscribed to its own topic; any other process may subscribe to any topic, and gets a {@link Broadcast} message.
 */
export const PubSub = {
  /** Twice means twice: every subscription gets its own copy. Ends with the process. */
  subscribe: (self: Self, topic: string): void => subscribe(processOf(self), topic),

  /** Ends all subscriptions of this process to the topic. */
  unsubscribe: (self: Self, topic: string): void => {
    const process = processOf(self);
    const topics = topicsOf(process.kernel);
    for (const subscription of topics.of(process)) if (subscription.key === topic) topics.remove(subscription);
  },

  /** To every subscriber, the sender too if it is one. The payload is an object that JSON has. */
  broadcast: (by: Caller, topic: string, event: string, payload: object): void =>
    dispatch(processOf(by), topic, event, payload, undefined),

  /** To every subscriber but the process `self`. */
  broadcastFrom: (self: Self, topic: string, event: string, payload: object): void =>
    dispatch(processOf(self), topic, event, payload, processOf(self)),

  /** How many subscriptions a topic has. */
  subscribers: (by: Caller, topic: string): number => topicsOf(processOf(by).kernel).at(topic).size,
};
