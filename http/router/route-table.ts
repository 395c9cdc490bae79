import type { Conn } from "../conn/conn.ts";
import { NO_PARAMS, type Params } from "../conn/query.ts";
import type { Step } from "../pipeline/step.ts";
import type { Route } from "./route.ts";

/** A route with all that it takes a request for, and what it then runs. */
export interface Entry {
  /** In upper case; any where there are none. */
  readonly methods: readonly string[] | undefined;
  readonly route: Route;
  /** In lower case; one that ends with a dot is the beginning of a host. */
  readonly hosts: readonly string[] | undefined;
  /** The router, and nobody else, says where the request goes on: it looks at the next routes when this is false. */
  readonly when: ((conn: Conn<any>, params: any) => boolean) | undefined;
  readonly assigns: Readonly<Record<string, unknown>> | undefined;
  /** With the route itself, for {@link matchPath}. */
  readonly private: Readonly<Record<string, unknown>>;
  readonly through: readonly Step[];
  readonly action: Step;
}

export interface Matched {
  readonly entry: Entry;
  readonly params: Params;
}

/**
 * Routes in the order of their declaration, of which the first that fits is taken. For each method, and for the texts
 * that routes insist on in their first segments, those that come into question are written down beforehand.
 */
export class RouteTable {
  readonly entries: Entry[] = [];
  private readonly named = new Set<string>();
  private readonly byMethod = new Map<string, Candidates>();

  add(entry: Entry): void {
    this.entries.push(entry);
    for (const method of entry.methods ?? []) this.named.add(method);
    this.byMethod.clear();
  }

  /** What each route is called: `GET /users/:id`. */
  get lines(): readonly string[] {
    return this.entries.map(({ action }) => action.name);
  }

  /** `path` is decoded. Nothing is allocated for routes that do not fit. */
  match(conn: Conn<any>, path: readonly string[]): Matched | undefined {
    for (const entry of this.of(conn.method).at(path)) {
      const { route, hosts, when } = entry;
      if (!route.fits(path)) continue;
      if (hosts !== undefined && !isOneOf(hosts, conn.host.toLowerCase())) continue;
      const params = route.hasParams ? route.params(path) : NO_PARAMS;
      if (when === undefined || when(conn, params)) return { entry, params };
    }
    return undefined;
  }

  private of(method: string): Candidates {
    // Methods come from the network: those that no route names share one list.
    const key = this.named.has(method) ? method : OTHERS;
    const known = this.byMethod.get(key);
    if (known !== undefined) return known;
    const candidates = new Candidates(this.entries.filter(({ methods }) => methods?.includes(key) ?? true));
    this.byMethod.set(key, candidates);
    return candidates;
  }
}

/** No method is called so. */
const OTHERS = "";

/** So few are tried one after the other; and so many segments are looked at beforehand. */
const FEW = 3;
const SEGMENTS = 3;

/** Routes in their order; if they are many, those for each text of the segment at `depth`, and those for any other. */
class Candidates {
  private readonly entries: readonly Entry[];
  private readonly byText = new Map<string | undefined, Candidates>();
  private readonly others: Candidates | undefined;

  constructor(entries: readonly Entry[], depth = 0) {
    this.entries = entries;
    if (entries.length <= FEW || depth === SEGMENTS) return;
    const at = ({ route }: Entry): string | undefined => route.textAt(depth);
    for (const text of new Set(entries.map(at))) {
      const some = entries.filter((entry) => at(entry) === undefined || at(entry) === text);
      if (text !== undefined) this.byText.set(text, new Candidates(some, depth + 1));
    }
    this.others = new Candidates(
      entries.filter((entry) => at(entry) === undefined),
      depth + 1,
    );
  }

  at(path: readonly string[]): readonly Entry[] {
    let found: Candidates = this;
    for (let depth = 0; found.others !== undefined; depth++) found = found.byText.get(path[depth]) ?? found.others;
    return found.entries;
  }
}

const isOneOf = (hosts: readonly string[], host: string): boolean =>
  hosts.some((each) => (each.endsWith(".") ? host.startsWith(each) : host === each));
