import { of } from "../mutant.ts";

/** Supervisors of all kinds, and registries. */
export const supervisors = [
  ...of("supervisor/tree.ts", {
    "children that are restarted together start in reverse": [
      "for (const member of group) {",
      "for (const member of [...group].reverse()) {",
    ],
    "children are stopped in the order of their start": ["[leaving.pop() as Leaving]", "[leaving.shift() as Leaving]"],
    "one-for-all leaves those that were started before": [
      'this.roster.from(this.flags.strategy === "oneForAll" ? undefined : child);',
      "this.roster.from(child);",
    ],
    "rest-for-one takes those along that were started before": [
      'this.roster.from(this.flags.strategy === "oneForAll" ? undefined : child);',
      "this.roster.from();",
    ],
    "rest-for-one takes only the next one along": [
      'this.roster.from(this.flags.strategy === "oneForAll" ? undefined : child);',
      'this.roster.from(this.flags.strategy === "oneForAll" ? undefined : child).slice(0, this.flags.strategy === "restForOne" ? 2 : undefined);',
    ],
    "a temporary child is restarted with the others": ["if (!this.roster.has(member)) continue;", ""],
    "the exit of a child that ended while it was to be stopped is taken twice": [
      "this.roster.ended(pid);\n    child.pid = undefined;\n  };",
      "child.pid = undefined;\n  };",
    ],
    "a child that was stopped while it waited is started": ["for (const child of children) child.settle();", ""],
    "a child is started again although it was stopped meanwhile": [
      'if (child === undefined || !child.restarting || child.waiting !== undefined) return "ok";',
      'if (child === undefined || child.waiting !== undefined) return "ok";',
    ],
    "a restart that fails does not count": [
      "? this.fail(child, undefined, child.failure) : this.restart(child);",
      "? this.restart(child) : this.restart(child);",
    ],
    "a significant child ends without an effect": [
      'return this.flags.autoShutdown === "anySignificant" || this.significant.size === 0;',
      "return false;",
    ],
    "the last but one significant child ends the supervisor": [
      "this.significant.size === 0;",
      "this.significant.size <= 1;",
    ],
    "a group goes on restarting when one of it has failed": ['if ("failure" in result) return verdict;', ""],
    "with a back-off, those that are restarted with a child run on while it waits": [
      "await this.stopAll(this.groupOf(child));",
      "await this.stopAll([child]);",
    ],
  }),
  ...of("supervisor/intensity.ts", {
    "a supervisor gives up one restart too early": ["<= this.maxRestarts;", "< this.maxRestarts;"],
    "a supervisor gives up one restart too late": ["<= this.maxRestarts;", "<= this.maxRestarts + 1;"],
    "a restart counts a second too short": [
      "this.forget(secondOf(failure) - this.maxSeconds);",
      "this.forget(secondOf(failure) - this.maxSeconds + 1);",
    ],
    "a restart counts for ever": ["this.forget(secondOf(failure) - this.maxSeconds);", ""],
  }),
  ...of("supervisor/child-spec.ts", {
    "a transient child is restarted after a normal end": [
      '(spec.restart === "transient" && !isClean(reason))',
      '(spec.restart === "transient" && reason !== "shutdown")',
    ],
    "a transient child is restarted after a shutdown": [
      '(spec.restart === "transient" && !isClean(reason))',
      '(spec.restart === "transient" && reason !== "normal")',
    ],
    "a temporary child is restarted": [
      'return spec.restart === "permanent" ||',
      'return spec.restart !== "transient" ||',
    ],
  }),
  ...of("supervisor/leaving.ts", {
    "a child that does not stop in time is not killed": [
      "if (patience.running.size > 0) patience.timer = timers.set(shutdown, kill, by);",
      "",
    ],
    "of several children that do not stop in time one is killed": [
      "for (const leaving of patience.running) leaving.kill(by);",
      "for (const leaving of [...patience.running].slice(0, 1)) leaving.kill(by);",
    ],
    "a child that is to be killed is asked": [
      'this.child.spec.shutdown === "brutalKill" ? "kill" : "shutdown"',
      '"shutdown"',
    ],
    "the reason of a child that ended before it was stopped is lost": ["takeExits(by, gone, exits);", ""],
    "a child that ended before it was stopped is waited for": [
      "if (this.reason !== undefined) return heard(this, this.reason);",
      "if (this.reason !== undefined && this.target === null && this.reason !== UNLINKED) return;",
    ],
  }),
  ...of("supervisor/supervisor-server.ts", {
    "a supervisor that fails to start leaves its children to their links": [
      "await children.stopAll();\n    return stop",
      "return stop",
    ],
    "a supervisor does not stop its children when it ends": [
      "terminate: (_: Reason, children: Administration) => children.stopAll(),",
      "",
    ],
  }),
  ...of("supervisor/restarts.ts", {
    "a supervisor handles messages while it restarts a child": [
      'if (verdict === "paused") processOf(self).pause(message);',
      "",
    ],
    "attempts are never forgotten": [">= backoff.calm) child.attempts = 0;", "> Infinity) child.attempts = 0;"],
  }),
  ...of("supervisor/backoff.ts", {
    "the first attempt waits as long as the second": ["factor ** (attempt - 1)", "factor ** Math.max(1, attempt - 1)"],
    "attempts wait for longer than the most": ["return Math.min(max, ", "return Math.max(0, "],
  }),
  ...of("supervisor/children.ts", {
    "the next attempt of a child that was stopped comes": ["this.waiting?.cancel();\n", ""],
    "a supervisor does not know that a child has come up at last": ["child.restarting = false;", ""],
  }),
  ...of("supervisor/brood.ts", {
    "a dynamic child is started again although it was stopped meanwhile": ['if (!child.restarting) return "ok";', ""],
    "a dynamic child that has ended for good is still counted": [
      "child.settle();\n    this.line.delete(child);",
      "child.settle();",
    ],
    "a dynamic supervisor forgets a child that is restarted": [
      "this.byPid.set(result.pid, child);\n    reportChild",
      "reportChild",
    ],
  }),
  ...of("supervisor/dynamic-supervisor.ts", {
    "a dynamic supervisor takes one child more than it may": [">= this.maxChildren)", "> this.maxChildren)"],
  }),
  ...of("supervisor/locks.ts", {
    "two are at work under one lock": [
      "if (line.size > 1) await place.turn();",
      "if (line.size > 2) await place.turn();",
    ],
    "who ends at work under a lock keeps it": [
      "const place = process.own(new Place(process, line, () => this.lines.delete(key)));",
      "const place = new Place(process, line, () => this.lines.delete(key));",
    ],
    "a lock goes to the youngest": [
      "const [first] = this.line;\n    if",
      "const first = [...this.line].at(-1);\n    if",
    ],
  }),
  ...of("supervisor/registry/registry-table.ts", {
    "a unique key is given to two": [
      "if (!entry.owner.dead) throw new AlreadyRegistered(entry.owner.pid, key);\n      this.entries.remove(entry);",
      "",
    ],
    "who has no entry left is still linked to the registry": [
      "this.entries.of(process).size === 0) process.unlinkFrom(partition);",
      "this.entries.of(process).size < 0) process.unlinkFrom(partition);",
    ],
  }),
];
