import { error, name, noreply, ok, type Pid, reply, type Self, type TelemetryEvents } from "hornbeam";
import { type Channel, PubSub } from "hornbeam/channels";
import type { GenServer } from "hornbeam/genserver";
import { type TreeNode, treeOf } from "hornbeam/supervisor";

/** The tree as the page draws it. */
export interface Branch {
  readonly id: string;
  readonly pid: string;
  readonly type: TreeNode["type"];
  /** How often its supervisor has brought it back. */
  readonly restarts: number;
  readonly children: readonly Branch[];
}

interface State {
  /** The supervisor at the root of the picture. */
  readonly root: Pid;
  /** Restarts so far, by the path from the root. */
  readonly restarts: ReadonlyMap<string, number>;
  /** Restarts since the last look, by the supervisor and the child's id. */
  readonly news: ReadonlyMap<string, number>;
}

interface Restarted {
  readonly supervisor: Pid;
  readonly id: string;
}
type Info = "look" | Restarted;

export const TREE = "tree:live";
/** How often the tree is drawn anew at most, in milliseconds. */
const PACE = 150;

/** What may have changed the tree. */
const EVENTS = [
  "supervisor.child.start",
  "process.exit",
  "http.connection.start",
  "channels.socket.start",
] as const satisfies (keyof TelemetryEvents)[];

export const observer = name<typeof Observer>("observer");

/** Watches the supervision tree by its telemetry, and tells everybody who looks on what it is like now. */
export const Observer = {
  init: (root: Pid, self: Self<Info>) => {
    const { telemetry } = self;
    let next = 0;
    const look = () => {
      const now = self.now();
      if (now < next) return;
      next = now + PACE;
      self.sendAfter("look", PACE);
    };
    const off = [
      ...EVENTS.map((event) => telemetry.on(event, look)),
      telemetry.on("supervisor.child.restart", (_, { supervisor, id }) => self.send(self.pid, { supervisor, id })),
    ];
    for (const detach of off) self.own({ [Symbol.dispose]: detach });
    return ok<State>({ root, restarts: new Map(), news: new Map() });
  },

  handleCall: {
    tree: async (_, state, self) => {
      const [tree, next] = await draw(self, state);
      return reply(tree, next);
    },
  },

  handleInfo: async (message: Info, state, self) => {
    if (message !== "look") {
      const key = `${message.supervisor}/${message.id}`;
      return noreply({ ...state, news: new Map(state.news).set(key, (state.news.get(key) ?? 0) + 1) });
    }
    if (PubSub.subscribers(self, TREE) === 0) return noreply(state);
    const [tree, next] = await draw(self, state);
    PubSub.broadcast(self, TREE, "tree", { tree });
    return noreply(next);
  },
} satisfies GenServer<State, Info>;

async function draw(self: Self, { root, restarts, news }: State): Promise<[Branch, State]> {
  const counts = new Map(restarts);
  const branch = (node: TreeNode, path: string, parent: string): Branch => {
    const at = `${path}/${node.id}`;
    const pid = String(node.pid);
    counts.set(at, (counts.get(at) ?? 0) + (news.get(`${parent}/${node.id}`) ?? 0));
    const children = node.children.map((child) => branch(child, at, pid));
    return { id: node.id, pid, type: node.type, restarts: counts.get(at) ?? 0, children };
  };
  const tree = branch(await treeOf(self, root), "", "");
  const known = new Map([...counts].filter(([, count]) => count > 0));
  return [tree, { root, restarts: known, news: new Map() }];
}

/** Shows the tree to a browser: once when it joins, and then whenever it changes. */
export const TreeChannel = {
  join: async (topic, _payload, socket) =>
    topic === TREE
      ? reply({ tree: await socket.self.call(observer, "tree") }, socket)
      : error({ reason: "no such tree" }),
} satisfies Channel;
