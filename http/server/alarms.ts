import { checkArray, checkCount } from "../../runtime/checks.ts";
import { checkDelay } from "../../runtime/timers.ts";
import type { Milliseconds } from "../../runtime/types.ts";

/** Tells when a server has many connections (Ranch 2: `alarms`). */
export interface Alarm {
  /** It goes off when so many connections and WebSockets are open. */
  readonly connections: number;
  /** How long it is silent then, however many there are. Default 5000 ms. */
  readonly cooldown?: Milliseconds;
}

const COOLDOWN: Milliseconds = 5000;

export function checkAlarms(alarms: readonly Alarm[] = []): readonly Alarm[] {
  for (const { connections, cooldown = COOLDOWN } of checkArray("http: alarms", alarms)) {
    checkCount("http: connections of an alarm", connections);
    checkDelay(cooldown);
  }
  return alarms;
}

/** The alarms of one server. A look costs a comparison each, when a connection opens. */
export class Alarms {
  private readonly alarms: readonly Alarm[];
  private readonly silentUntil = new Map<Alarm, Milliseconds>();

  constructor(alarms: readonly Alarm[]) {
    this.alarms = alarms;
  }

  /** Those that go off now. */
  due(connections: number, now: Milliseconds): readonly Alarm[] {
    return this.alarms.filter((alarm) => {
      if (connections < alarm.connections || now < (this.silentUntil.get(alarm) ?? 0)) return false;
      this.silentUntil.set(alarm, now + (alarm.cooldown ?? COOLDOWN));
      return true;
    });
  }
}
