import { BadArgument } from "../runtime/errors.ts";
import { show } from "../runtime/inspect.ts";
import type { Kernel } from "../runtime/kernel.ts";
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

interface Subscription extends Disposable {
  readonly process: ProcessSelf;
  readonly fastlane: Fastlane | undefined;
}

type Topics = Map<string, Set<Subscription>>;

/** The subscriptions of each system. A subscription is owned by its process, and gone with it: there is nothing to crash. */
const tables = new WeakMap<Kernel, Topics>();

function topicsOf(kernel: Kernel): Topics {
  let topics = tables.get(kernel);
  if (topics === undefined) {
    topics = new Map();
    tables.set(kernel, topics);
  }
  return topics;
}

export function subscribe(process: ProcessSelf, topic: string, fastlane?: Fastlane): void {
  if (typeof topic !== "string") throw new BadArgument(`subscribe: expected a topic (a string), got: ${show(topic)}`);
  const topics = topicsOf(process.kernel);
  const subscription: Subscription = {
    process,
    fastlane,
    [Symbol.dispose]() {
      const subscribers = topics.get(topic);
      if (subscribers?.delete(subscription) && subscribers.size === 0) topics.delete(topic);
    },
  };
  const subscribers = topics.get(topic);
  if (subscribers === undefined) topics.set(topic, new Set([subscription]));
  else subscribers.add(subscription);
  process.own(subscription);
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
  for (const { process, fastlane } of topicsOf(by.kernel).get(topic) ?? []) {
    if (process === except) continue;
    if (fastlane === undefined || fastlane.intercepts.has(event)) {
      process.deliver(broadcast);
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
    for (const subscription of topicsOf(process.kernel).get(topic) ?? []) {
      if (subscription.process !== process) continue;
      subscription[Symbol.dispose]();
      process.disown(subscription);
    }
  },

  /** To every subscriber, the sender too if it is one. The payload is an object that JSON has. */
  broadcast: (by: Caller, topic: string, event: string, payload: object): void =>
    dispatch(processOf(by), topic, event, payload, undefined),

  /** To every subscriber but the process `self`. */
  broadcastFrom: (self: Self, topic: string, event: string, payload: object): void =>
    dispatch(processOf(self), topic, event, payload, processOf(self)),

  /** How many subscriptions a topic has. */
  subscribers: (by: Caller, topic: string): number => topicsOf(processOf(by).kernel).get(topic)?.size ?? 0,
};
