import { of } from "../mutant.ts";

/** Links, monitors, names, and what goes with a process. */
export const ends = [
  ...of("runtime/process.ts", {
    "of several links only the first passes an exit": [
      "for (const peer of linked(links)) {",
      "for (const peer of linked(links).slice(0, 1)) {",
    ],
    "a normal end kills who is linked": [
      'else if (reason !== "normal" || sender === this.pid) this.end(reason);',
      "else this.end(reason);",
    ],
    "an end with the reason kill cannot be trapped by those who are linked": [
      'if (reason === "kill" && !byLink) this.end("killed");',
      'if (reason === "kill") this.end("killed");',
    ],
    "who is linked to a killed process hears of kill": [
      '&& !byLink) this.end("killed");',
      '&& !byLink) this.end("kill");',
    ],
    "an exit signal is dropped when its receiver waits for something of its own": [
      "else if (this.trapExit) this.enqueue(new ExitMessage(sender, reason));",
      "else if (this.trapExit) this.status !== BUSY && this.enqueue(new ExitMessage(sender, reason));",
    ],
    "a trapped exit overtakes what its sender has sent before": [
      "else if (this.trapExit) this.enqueue(new ExitMessage(sender, reason));",
      "else if (this.trapExit) this.enqueueUrgent(new ExitMessage(sender, reason));",
    ],
    "a link to who is gone says nothing to who traps exits": ['this.enqueue(new ExitMessage(pid, "noproc"));', ""],
    "an unlink undoes one side of a link": [
      "this.links = withoutLink(this.links, peer);\n    peer.links = withoutLink(peer.links, this);",
      "this.links = withoutLink(this.links, peer);",
    ],
    "of several monitors only the youngest fires": [
      "if (!dead) watch.fire(reason);",
      "if (!dead) watch.fire(reason);\n      break;",
    ],
    "the monitors of who has ended stay": ["while (this.watching !== null) this.watching.detach();", ""],
    "the timers of who has ended stay": ["while (this.timers !== null) this.timers.cancel();", ""],
    "the name of who has ended stays": ["if (this.registered !== undefined) this.kernel.names.release(this);", ""],
    "a start that fails is told by an exit message, too": [
      "this.starting.watcher === peer && peer.trapExit;",
      "this.starting.watcher === peer && !peer.trapExit;",
    ],
  }),
  ...of("runtime/links.ts", {
    "who unlinks one of three forgets two": [
      "return rest.length === 1 ? (rest[0] as Process) : rest;",
      "return rest[0] as Process;",
    ],
    "the ninth link is forgotten": ["new Set(links).add(peer)", "new Set(links)"],
  }),
  ...of("runtime/watch.ts", {
    "a cancel with flush leaves the down that came before it": [
      "if (!active && options?.flush === true) {",
      "if (active && options?.flush === true) {",
    ],
    "a monitor that is cancelled takes along those that were made before it": [
      "else this.targetBefore.targetAfter = this.targetAfter;",
      "else this.targetBefore.targetAfter = null;",
    ],
    "the alias of a monitor outlives it": [
      'if (this.options?.alias !== "explicitUnalias") this.alias?.withdraw(this.owner);',
      "",
    ],
    "a down overtakes what the one who ended has sent before": [
      "else this.owner.enqueue(message);",
      "else this.owner.enqueueUrgent(message);",
    ],
  }),
  ...of("runtime/self.ts", {
    "a monitor of who is gone says nothing": [
      'if (process === undefined) monitor.fire("noproc");\n    else monitor.attach',
      "if (process !== undefined) monitor.attach",
    ],
  }),
  ...of("runtime/exits.ts", {
    "who ends while another end is dealt with is never released": ["queue.push(process);", ""],
  }),
  ...of("runtime/alias.ts", {
    "an alias for one message takes two": [
      "this.withdraw(process);\n    this.monitor?.detach();",
      "this.monitor?.detach();",
    ],
    "the one message of an alias does not end its monitor": ["this.monitor?.detach();", ""],
    "an alias that was withdrawn still leads somewhere": ["this.process = null;\n    return true;", "return true;"],
  }),
  ...of("runtime/names.ts", {
    "a start takes the name of who lives": ["if (holder !== undefined) throw new AlreadyStarted(holder.pid, key);", ""],
    "a name that is given up stays": ["this.release(holder);", ""],
    "the end of who had a name before takes it from who has it now": [
      "if (this.held.get(key) === process) this.held.delete(key);",
      "this.held.delete(key);",
    ],
  }),
  ...of("runtime/entries.ts", {
    "the entries of who has ended stay": [
      "this.byOwner.delete(owner);\n    for (const entry of entries) {\n      this.drop(entry);",
      "this.byOwner.delete(owner);\n    for (const entry of entries) {",
    ],
    "nobody hears that a member of a group has ended": ["this.released?.(entry);", ""],
    "who gives up one of two entries keeps the other after its end": ["if (holding.entries.size > 0) return true;", ""],
  }),
  ...of("runtime/groups.ts", {
    "a watch of a group that is cancelled leaves its events": [
      "entry.owner.flush((message) => isGroupEvent(message) && message.ref === ref);",
      "",
    ],
    "a leave takes back all joins": [
      "return members.remove(entry);",
      "members.removeOf(process);\n  return members.at(group).size >= 0;",
    ],
  }),
];
