import type { Milliseconds } from "../../runtime/types.ts";
import type { Settings } from "../conn/settings.ts";
import type { Step } from "../pipeline/step.ts";
import type { Bounds } from "./limits.ts";
import type { Outbox } from "./outbox.ts";

/** What the connections of one server share. */
export interface Shared {
  readonly plug: Step;
  readonly settings: Settings;
  readonly limits: Bounds;
  readonly outbox: Outbox;
  /** How long a connection must have been quiet before the drainer closes it. */
  readonly grace: Milliseconds;
  /** Whether requests that come while it drains are refused with 503. */
  readonly refusing: boolean;
  /** Whether it says so when it is asked: false from the first moment of a drain. */
  ready: boolean;
  draining: boolean;
  /** Whether those whose answer goes on, and WebSockets, have been told that it drains. */
  notified: boolean;
}
