import { of } from "../mutant.ts";

export const tasks = [
  ...of("runtime/task/task-record.ts", {
    "the result of a task comes after its await has failed": [
      "if (this.detach() && this.linked)",
      "if (this.active && this.linked)",
    ],
    "the result of a task that was awaited stays in the mailbox": [
      "this.announced = false;\n    this.owner.flush",
      "this.announced = false;\n    if (this.owner.dead) this.owner.flush",
    ],
    "a task outlives its owner that ended normally": [
      'if (owner.reason !== "normal" || process === null) return;',
      'if (owner.reason === "normal" || process === null) return;',
    ],
    "a task that does not stop in time is not killed": [
      'if (timeout !== "infinity") owner.kernel.timers.set(timeout, kill, process);',
      "",
    ],
    "the result of a task that somebody waits for is a message, too": [
      "else if (this.announces) this.announce(outcome);",
      "if (this.announces) this.announce(outcome);",
    ],
  }),
  ...of("runtime/task/task-wait.ts", {
    "awaitMany waits for the others when one has failed": ["--left === 0 || hasFailed(task)", "--left === 0"],
    "yieldMany kills also what has ended in time": [
      "for (const record of inTime ? [] : unended(pending)) {",
      "for (const record of unended(pending)) {",
    ],
  }),
  ...of("runtime/task/task-walk.ts", {
    "a stream runs one task more than it may": [
      "if (running.size >= maxConcurrency) return false;",
      "if (running.size > maxConcurrency) return false;",
    ],
    "the results of a stream come as they are there": [
      "this.options.ordered ? this.delivered",
      "this.options.ordered && this.ready.size > 1 ? this.delivered",
    ],
    "who leaves a stream leaves its tasks running": [
      'job.detach();\n      process?.signalled(this.owner.pid, "kill", false);',
      'job.detach();\n      if (this.closed === false) process?.signalled(this.owner.pid, "kill", false);',
    ],
  }),
  ...of("supervisor/task-supervisor.ts", {
    "a task under a supervisor is not linked to its owner": ["if (link) starter.linkTo(process);", ""],
    "a task is started although its owner has ended": [
      "if (job !== undefined && starter.dead)",
      "if (job === undefined && starter.dead)",
    ],
  }),
];
