import type { Pid, ProcessFunction, Self } from "hornbeam";

/** A process of a scenario: it does what it is told, and keeps every other message that reaches it. */
export class Actor {
  readonly name: string;
  /** Set by whoever spawns its {@link Actor.task}. */
  declare pid: Pid;
  /** Known as soon as it runs. */
  self: Self | undefined;
  /** Its function is to return. */
  finished = false;
  private received: unknown[] = [];
  private readonly begin: (self: Self, actor: Actor) => void;

  constructor(name: string, begin: (self: Self, actor: Actor) => void = () => {}) {
    this.name = name;
    this.begin = begin;
  }

  readonly task: ProcessFunction = async (self) => {
    this.self = self;
    this.begin(self, this);
    while (!this.finished) {
      const message: unknown = await self.receive();
      if (message instanceof Command) message.action(self);
      else this.received.push(message);
    }
  };

  /** The messages since the last time. */
  take(): unknown[] {
    return this.received.splice(0);
  }
}

/** What a process is to do in its own turn. */
export class Command {
  readonly action: (self: Self) => void;
  constructor(action: (self: Self) => void) {
    this.action = action;
  }
}
