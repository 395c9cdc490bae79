// What the core is measured against: the least that delivers messages one at a time. An array as the queue, a function
// as the process, no names, no links, no exits, no fairness, no I/O turns. A measuring stick, not a library.

export type Handler = (message: unknown) => void;

interface Delivery {
  readonly to: Handler;
  readonly message: unknown;
}

export class DispatchLoop {
  private queue: Delivery[] = [];
  private armed = false;

  send(to: Handler, message: unknown): void {
    this.queue.push({ to, message });
    if (this.armed) return;
    this.armed = true;
    queueMicrotask(() => this.run());
  }

  /** A request and its reply, as a promise. */
  call(to: Handler, request: unknown): Promise<unknown> {
    return new Promise((resolve) => this.send(to, { request, reply: resolve }));
  }

  private run(): void {
    while (this.queue.length > 0) {
      const batch = this.queue;
      this.queue = [];
      for (const { to, message } of batch) to(message);
    }
    this.armed = false;
  }
}
