import { of } from "../mutant.ts";

/** Timers, calls, and starts. */
export const waiting = [
  ...of("runtime/timers.ts", {
    "a timer is a millisecond early": ["this.at += now;", "this.at += Math.max(0, now - 1);"],
    "a timer that is sooner than all others does not set the alarm": ["this.armed < at);", "this.armed !== at);"],
    "the timers that were set before one that is cancelled outlive their owner": [
      "else ownerBefore.ownerAfter = ownerAfter;",
      "else ownerBefore.ownerAfter = null;",
    ],
  }),
  ...of("runtime/wheel.ts", {
    "the alarm is for the first timer of a span, not for the earliest": [
      "if (entry.at < this.earliest) this.earliest = entry.at;",
      "if (this.empty || this.earliest === Number.POSITIVE_INFINITY) this.earliest = entry.at;",
    ],
    "timers fire at the beginning of their millisecond": ["if (entry.at > now) return this.add(entry);", ""],
    "a timer of the next span fires in this one": [
      "if (spanOf(tick) !== spanOf(this.tick)) return this.far.add(entry);",
      "",
    ],
  }),
  ...of("runtime/call.ts", {
    "the timeout of a call is ignored": ['if (this.timeout !== "infinity") kernel.timers.beginSoon(this);', ""],
    "who calls is not told that the server has ended": [
      "if (process !== null) this.end(process, reason);",
      "if (process === null) this.end(this.pid as never, reason);",
    ],
    "a call to who is gone waits": [
      'if (target === undefined) return this.end(caller, "noproc");',
      "if (target === undefined) return;",
    ],
    "a reply goes to the oldest call of the same caller": [
      "this.detach();\n    this.succeed(watcher, passed);",
      "let call: Call = this;\n    for (let each = watcher.watching; each !== null; each = each.nextOfWatcher) if (each instanceof Call && each.target === this.target) call = each;\n    call.detach();\n    call.succeed(watcher, passed);",
    ],
    "the timer of a call that was answered still runs": [
      "this.timer.cancel();\n      this.timer = null;",
      "this.timer = null;",
    ],
    "the deadline of a call stays when it was handled": [
      "if (pending === undefined) return done();",
      "if (pending === undefined) return;",
    ],
    "of two deadlines the later counts": ["null ? a : Math.min(a, b);", "null ? a : Math.max(a, b);"],
    "a deadline that comes after the timeout replaces it": [
      'if (timeout === "infinity" || left < timeout) this.timeout = left;',
      "this.timeout = left;",
    ],
  }),
  ...of("genserver/request/requests.ts", {
    "the late reply of a request that was abandoned is delivered": ["request.detach();\n", "\n"],
    "an answer that has arrived stays in the mailbox": [
      "found = message;\n    return true;",
      "found = message;\n    return false;",
    ],
  }),
  ...of("runtime/starting.ts", {
    "the timeout of a start kills a process that is up": [
      "this.process.starting = null;\n    this.timer?.cancel();",
      "this.process.starting = null;",
    ],
    "a start that was ignored fails": ["this.outcome ??= { failure: reason };", "this.outcome = { failure: reason };"],
    "who waits for a start that takes too long is killed with it": [
      "by.unlinkFrom(process);\n    starting",
      "starting",
    ],
    "who starts a process that ends meanwhile is not told": [
      "this.outcome ??= { failure: reason };\n    this.tell();",
      "if (this.outcome !== undefined) this.tell();",
    ],
  }),
  ...of("runtime/stopping.ts", {
    "who does not stop in time is not killed": [
      "by.kernel.timers.set(shutdown, kill, by)",
      "by.kernel.timers.set(shutdown, () => {}, by)",
    ],
  }),
];
