import { type Channel, type Push, Socket } from "phoenix";
import type { Live } from "./live.ts";

export type Options = NonNullable<ConstructorParameters<typeof Socket>[1]>;

/** The official client, with the patience of a test. */
export function officialClient(port: number, options: Options = {}): Socket {
  return new Socket(`ws://127.0.0.1:${port}/socket`, {
    reconnectAfterMs: () => 5,
    rejoinAfterMs: () => 5,
    timeout: 5000,
    ...options,
  });
}

/** Runs a test with official clients, which are told to go when it is over. */
export async function withClients(
  { port }: Pick<Live, "port">,
  test: (dial: (options?: Options) => Socket) => Promise<void>,
): Promise<void> {
  const sockets: Socket[] = [];
  const dial = (options?: Options): Socket => {
    const socket = officialClient(port, options);
    sockets.push(socket);
    socket.connect();
    return socket;
  };
  try {
    await test(dial);
  } finally {
    await Promise.all(sockets.map(goodbye));
  }
}

const goodbye = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.disconnect(() => resolve());
  });

/** What a push was answered with: `["ok", { n: 1 }]`. */
export const answerTo = (push: Push): Promise<readonly [status: string, response: any]> =>
  new Promise((resolve) => {
    for (const status of ["ok", "error", "timeout"] as const) {
      push.receive(status, (response) => resolve([status, response]));
    }
  });

/** The events of one kind that a channel gets: those that came, and the next. */
export function inbox(channel: Channel, event: string): { readonly all: any[]; next(): Promise<any> } {
  const all: any[] = [];
  let taken = 0;
  let waiter: (() => void) | undefined;
  channel.on(event, (payload) => {
    all.push(payload);
    waiter?.();
  });
  return {
    all,
    next: async () => {
      while (all.length <= taken) {
        await new Promise<void>((resolve) => {
          waiter = resolve;
        });
      }
      return all[taken++];
    },
  };
}

/** Resolves when a channel is joined, which its own timer sees to. */
export const joinedAgain = (join: Push, times: number): Promise<void> =>
  new Promise((resolve) => {
    let count = 0;
    join.receive("ok", () => {
      if (++count === times) resolve();
    });
  });

export const onClose = (socket: Socket): Promise<{ readonly code: number }> =>
  new Promise((resolve) => {
    socket.onClose((event) => resolve(event as unknown as { code: number }));
  });
