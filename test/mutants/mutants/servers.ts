import { of } from "../mutant.ts";

/** GenServers and state machines. */
export const servers = [
  ...of("genserver/server.ts", {
    "a continue comes after the messages that wait": [
      "process.unshift(new Continue(next.continue));",
      "process.push(new Continue(next.continue));",
    ],
    "a server that is told to stop by its parent does not terminate": [
      "if (isParentExit(process, message)) return serverBehaviour.terminate(process, message.reason, message);",
      "if (isParentExit(process, message)) return process.end(message.reason);",
    ],
    "a message does not cancel the idle timeout": [
      "server.timer !== null && !(message instanceof Internal)",
      "server.timer !== null && message instanceof Internal",
    ],
    "an asynchronous callback takes the state that was there when it began for the one that it left": [
      "(value) => settled(process, () => apply(process, server, callback, message, from, value)),",
      '(value) => settled(process, () => apply(process, server, callback, message, callback === "handleCall" ? undefined : from, value)),',
    ],
    "a server is up before its init is over": [
      "server.module.asynchronous = true;\n  return",
      'server.module.asynchronous = true;\n  if (callback === "init") process.starting?.ack();\n  return',
    ],
  }),
  ...of("genserver/genserver.ts", {
    "a stop that came too late says that it has stopped the server": [
      "if (actual !== reason || !order.obeyed) throw failed(actual);",
      "if (actual !== reason) throw failed(actual);",
    ],
  }),
  ...of("genserver/ending.ts", {
    "the reply of a stop is lost": ["from.answer(value);", ""],
    "the reply of a stop is sent before terminate": [
      "const finish = (last: Reason): void => {",
      "if (value !== NONE) from?.answer(value);\n  const finish = (last: Reason): void => {",
    ],
    "a server does not wait for its asynchronous terminate": [
      "if (!isThenable(pending)) return finish(reason);",
      "return finish(reason);",
    ],
  }),
  ...of("genserver/idle.ts", {
    "an idle timeout comes although a message came first": [
      "if (!messageWaits(process)) comeNext(process, message);",
      "comeNext(process, message);",
    ],
  }),
  ...of("genserver/sys/system-host.ts", {
    "any exit stops a server that traps exits": [
      "(message as Exit).pid === (process.parent ?? process.pid)",
      "(message as Exit).pid !== undefined",
    ],
    "what came while a server was suspended comes after what came since": [
      "process.prepend(this.messages);",
      "for (const message of this.messages) process.push(message);",
    ],
  }),
];
