import { show } from "../../runtime/inspect.ts";
import type { Conn } from "../conn/conn.ts";
import type { RequestFailure } from "../pipeline/rescue.ts";
import { type Frame, framesOf } from "./frames.ts";

/** An error as it is shown, and what caused it. */
export interface ShownError {
  readonly name: string;
  readonly message: string;
  readonly frames: readonly Frame[];
}

export interface Section {
  readonly title: string;
  readonly entries: readonly (readonly [name: string, value: string])[];
}

/** All that is shown of a request that has failed. */
export interface Details {
  /** `TypeError at GET /rooms` */
  readonly title: string;
  readonly status: number;
  /** The error, and what caused it, the nearest cause first. */
  readonly errors: readonly [ShownError, ...ShownError[]];
  readonly sections: readonly Section[];
}

const CAUSES = 10;

export function detailsOf(conn: Conn<any>, { reason, trail }: RequestFailure): Details {
  const [first, ...causes] = causesOf(reason).map(shown);
  const error = first as ShownError;
  const sections = [...(routesOf(reason) ?? []), plugs(trail), ...requestOf(conn)];
  return {
    title: `${error.name} at ${conn.method} ${conn.requestPath}`,
    status: conn.status ?? 500,
    errors: [error, ...causes],
    sections: sections.filter(({ entries }) => entries.length > 0),
  };
}

/** An error with those that it names as its cause, or is made of; each once, because they may go round in circles. */
function causesOf(reason: unknown): readonly unknown[] {
  const seen = new Set<unknown>([reason]);
  for (const error of seen) {
    if (!(error instanceof Error)) continue;
    if (error.cause !== undefined) seen.add(error.cause);
    if (error instanceof AggregateError) for (const part of error.errors) seen.add(part);
  }
  return [...seen].slice(0, CAUSES);
}

function shown(reason: unknown): ShownError {
  if (!(reason instanceof Error)) return { name: "unhandled throw", message: show(reason), frames: [] };
  return { name: String(reason.name), message: String(reason.message), frames: framesOf(reason) };
}

function routesOf(reason: unknown): readonly Section[] | undefined {
  const routes: unknown = reason instanceof Error ? (reason as { readonly routes?: unknown }).routes : undefined;
  if (!Array.isArray(routes)) return undefined;
  return [{ title: "Routes", entries: routes.map((route, i) => [String(i + 1), String(route)] as const) }];
}

const plugs = (trail: readonly string[]): Section => ({
  title: "Plugs that it went through",
  entries: trail.map((step, i) => [i === trail.length - 1 ? "failed" : String(i + 1), step] as const),
});

function requestOf(conn: Conn<any>): readonly Section[] {
  const { peerData, sockData } = conn;
  return [
    {
      title: "Request",
      entries: [
        ["Method", conn.method],
        ["URL", conn.requestUrl],
        ["Query string", conn.queryString],
        ["Script name", `/${conn.scriptName.join("/")}`],
        ["Remote address", conn.remoteIp],
        ["Peer", `${peerData.address}:${peerData.port}`],
        ["Server", `${sockData.address}:${sockData.port}`],
        ["Protocol", conn.httpProtocol],
        ["Process", String(conn.owner)],
      ],
    },
    { title: "Headers", entries: conn.reqHeaders },
    { title: "Params", entries: entriesOf(() => conn.params) },
    { title: "Cookies", entries: entriesOf(() => conn.cookies) },
    { title: "Session", entries: entriesOf(() => conn.sessionState?.data) },
    { title: "Assigns", entries: entriesOf(() => conn.assigns) },
  ];
}

/** What cannot be read, such as a query that is broken, is not what is to be shown of the error. */
function entriesOf(read: () => object | undefined): Section["entries"] {
  try {
    return Object.entries(read() ?? {}).map(([name, value]) => [name, typeof value === "string" ? value : show(value)]);
  } catch {
    return [];
  }
}
