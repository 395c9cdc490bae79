export type {
  Adapter,
  Body,
  BodyPart,
  Endpoint,
  Headers,
  PeerData,
  ReadOptions,
  RequestHead,
  SslData,
  Takeover,
} from "./adapter.ts";
export type { BodyInput } from "./body.ts";
export { type BodyOptions, Conn, type ConnState, type Halted } from "./conn.ts";
export {
  AlreadySentError,
  HttpError,
  InvalidHeaderError,
  NoRouteError,
  NotSentError,
  UnfetchedError,
} from "./errors.ts";
export type { FileRange, OpenFile } from "./file.ts";
export { escapeHtml } from "./html.ts";
export { type Pipeline, type PipelineOptions, pipeline } from "./pipeline.ts";
export {
  type AfterSend,
  around,
  forward,
  type Plug,
  type PlugFn,
  type PlugOf,
  plug,
  plugAtRuntime,
  runPlugs,
  when,
} from "./plug.ts";
export { Json, type JsonOptions } from "./plugs/json.ts";
export { RequestId } from "./plugs/request-id.ts";
export { Static, type StaticOptions } from "./plugs/static.ts";
export { type Action, type PathParams, type Router, router } from "./router.ts";
export { type HttpOptions, http, httpInfo, resume, suspend } from "./server.ts";
export type { Drain, SocketHandler, Upgrade } from "./socket-handler.ts";
