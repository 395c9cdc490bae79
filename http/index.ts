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
export type { BodyInput } from "./body.ts";
export { type BodyOptions, Conn, type ConnState, type Halted } from "./conn.ts";
export type { ConnectionInfo, RequestInfo } from "./connection-info.ts";
export type { FetchCookiesOptions, PutCookieOptions, RespCookie } from "./cookie-jar.ts";
export { type CookieOptions, type Cookies, checkCookie, parseCookies, serializeCookie } from "./cookies.ts";
export { checkSecret, deriveKey, type KeyOptions } from "./crypto/key-generator.ts";
export type { SigningOptions, TokenOptions } from "./crypto/message.ts";
export { decrypt, encrypt } from "./crypto/message-encryptor.ts";
export { sign, verify } from "./crypto/message-verifier.ts";
export { secureCompare } from "./crypto/secure-compare.ts";
export type { Batch } from "./drain.ts";
export { type Drained, type DrainerOptions, drainer } from "./drainer.ts";
export {
  AlreadySentError,
  CookieOverflowError,
  HttpError,
  InvalidHeaderError,
  InvalidQueryError,
  NoRouteError,
  NotSentError,
  UnfetchedError,
} from "./errors.ts";
export type { FileRange, OpenFile } from "./file.ts";
export { escapeHtml } from "./html.ts";
export type { Limits } from "./limits.ts";
export {
  contentType,
  headerList,
  headerParams,
  type MediaType,
  mediaType,
  token,
  validateUtf8,
} from "./media-type.ts";
export { type Pipeline, type PipelineOptions, pipeline, runPlugs } from "./pipeline.ts";
export {
  type AfterSend,
  around,
  forward,
  type Plug,
  type PlugFn,
  type PlugOf,
  plug,
  plugAtRuntime,
  when,
} from "./plug.ts";
export { Json, type JsonOptions } from "./plugs/json.ts";
export { Readiness, type ReadinessOptions } from "./plugs/readiness.ts";
export { RequestId } from "./plugs/request-id.ts";
export { Static, type StaticOptions } from "./plugs/static.ts";
export { decodeQuery, encodeQuery, type Params, type QueryData, type QueryLimits } from "./query.ts";
export { type Action, type PathParams, type Router, router } from "./router.ts";
export { type DrainOptions, type HttpOptions, http } from "./server.ts";
export { isReady } from "./servers.ts";
export { type SessionChange, type SessionOptions, SessionState } from "./session-state.ts";
export type { Settings } from "./settings.ts";
export type { Drain, SocketHandler, Upgrade } from "./socket-handler.ts";
export {
  defineStatus,
  type HttpStatus,
  type StatusName,
  statusCode,
  statusName,
  statusPhrase,
} from "./status.ts";
