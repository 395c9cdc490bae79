import type { GenServer } from "../../genserver/genserver.ts";
import { noreply, ok, reply } from "../../runtime/results.ts";
import { processOf } from "../../runtime/self.ts";
import type { Exit, Pid, Reason, Self } from "../../runtime/types.ts";
import type { AwaitedCount } from "./awaited-counts.ts";
import { Pool, type PoolOptions } from "./pool.ts";
import type { LOOK } from "./sweep.ts";
import type { UpgradeStart } from "./upgraded-sockets.ts";

/** The process of all connections of a server, whose children they are. */
export const Connections = {
  init: (options: PoolOptions, self: Self<Exit | typeof LOOK>) => {
    self.trapExit = true;
    return ok(new Pool(processOf(self), options));
  },
  handleCall: {
    door: (_, pool, self) => reply({ accept: pool.accept, pid: self.pid, draining: pool.shared.draining }, pool),
    counts: (_, pool) => reply(pool.counts, pool),
    standing: (_, pool) => reply({ ...pool.counts, ...pool.standing }, pool),
    list: (_, pool) => reply(pool.list(), pool),
    whichChildren: (_, pool) => reply(pool.children, pool),
    running: (_, pool) => reply(pool.running, pool),
    remove: (pid: Pid, pool) => reply(pool.remove(pid), pool),
    start: async (upgrade: UpgradeStart, pool) => reply(await pool.start(upgrade), pool),
    awaitCount: (awaited: AwaitedCount, pool, _, from) => {
      pool.awaitCount(awaited, from);
      return noreply(pool);
    },
    // A drain that was taken back may still have a request on the way: who has ended does not want it any more.
    unready: (_, pool, self, { pid }) => {
      if (self.isAlive(pid)) pool.shared.ready = false;
      return reply(undefined, pool);
    },
    drain: (_, pool, self, { pid }) => reply(self.isAlive(pid) ? pool.drain() : pool.counts, pool),
    notify: (_, pool, self, { pid }) => reply(self.isAlive(pid) ? pool.notify() : [], pool),
    cutOff: (_, pool) => {
      pool.cutOff();
      return reply(undefined, pool);
    },
    resume: (_, pool) => {
      pool.resume();
      return reply(undefined, pool);
    },
    quiet: (_, pool, __, from) => {
      pool.quiet(from);
      return noreply(pool);
    },
    empty: (_, pool, __, from) => {
      pool.empty(from);
      return noreply(pool);
    },
  },
  handleInfo: (message: Exit | typeof LOOK, pool) => {
    if (message?.tag === "exit") pool.ended(message.pid, message.reason);
    else if (message?.tag === "look") pool.look();
    return noreply(pool);
  },
  terminate: (_: Reason, pool: Pool) => pool.stop(),
} satisfies GenServer<Pool, Exit | typeof LOOK>;
