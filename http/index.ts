export type { Adapter, Body, Headers, RequestHead } from "./adapter.ts";
export {
  connections,
  drainServer,
  type HttpInfo,
  httpInfo,
  removeConnection,
  resume,
  suspend,
  waitForConnections,
} from "./administration.ts";
export type { Alarm } from "./alarms.ts";
export type { Comparison } from "./awaited-counts.ts";
export { Conn, type ConnState, type Halted } from "./conn.ts";
export type { ConnectionInfo, RequestInfo } from "./connection-info.ts";
export type { Batch } from "./drain.ts";
export { type Drained, type DrainerOptions, drainer } from "./drainer.ts";
export { AlreadySentError, HttpError, InvalidHeaderError, NoRouteError, NotSentError } from "./errors.ts";
export type { FileRange, OpenFile } from "./file.ts";
export type { Limits } from "./limits.ts";
export { type Pipeline, pipeline } from "./pipeline.ts";
export { type Plug, type PlugFn, plug } from "./plug.ts";
export { Json, type JsonOptions } from "./plugs/json.ts";
export { Readiness, type ReadinessOptions } from "./plugs/readiness.ts";
export { RequestId } from "./plugs/request-id.ts";
export { Static, type StaticOptions } from "./plugs/static.ts";
export { type Action, type PathParams, type Router, router } from "./router.ts";
export { type DrainOptions, type HttpOptions, http } from "./server.ts";
export { isReady } from "./servers.ts";
export type { Drain, SocketHandler, Upgrade } from "./socket-handler.ts";
