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
} from "./conn/adapter.ts";
export type { BodyInput } from "./conn/body.ts";
export { type BodyOptions, Conn, type ConnState, type Halted } from "./conn/conn.ts";
export type { FetchCookiesOptions, PutCookieOptions, RespCookie } from "./conn/cookie-jar.ts";
export { type CookieOptions, type Cookies, checkCookie, parseCookies, serializeCookie } from "./conn/cookies.ts";
export type { FileRange, OpenFile } from "./conn/file.ts";
export { escapeHtml, type HtmlPart, html, raw, SafeHtml } from "./conn/html.ts";
export {
  contentType,
  headerList,
  headerParams,
  type MediaType,
  mediaType,
  token,
  validateUtf8,
} from "./conn/media-type.ts";
export {
  decodeQuery,
  encodeQuery,
  type Params,
  type QueryData,
  type QueryLimits,
  type Utf8Check,
} from "./conn/query.ts";
export { type SessionChange, type SessionOptions, SessionState } from "./conn/session-state.ts";
export type { Settings, UrlParts } from "./conn/settings.ts";
export { defineStatus, type HttpStatus, type StatusName, statusCode, statusName, statusPhrase } from "./conn/status.ts";
export { checkSecret, deriveKey, type KeyOptions } from "./crypto/key-generator.ts";
export type { TokenOptions } from "./crypto/message.ts";
export { decrypt, encrypt } from "./crypto/message-encryptor.ts";
export { sign, verify } from "./crypto/message-verifier.ts";
export { secureCompare } from "./crypto/secure-compare.ts";
export type { DebugAction, DebugActions } from "./debug/actions.ts";
export type { PageStyles } from "./debug/style.ts";
export {
  ActionClauseError,
  AlreadySentError,
  BadRequestError,
  CookieOverflowError,
  HttpError,
  InvalidCrossOriginRequestError,
  InvalidCsrfTokenError,
  InvalidHeaderError,
  InvalidQueryError,
  MissingParamError,
  NoRouteError,
  NotAcceptableError,
  NotSentError,
  UnfetchedError,
} from "./errors.ts";
export { action, type ParamsPattern, type Schema } from "./phoenix/action.ts";
export {
  actionName,
  type Controller,
  type ControllerBuilder,
  type ControllerOptions,
  controller,
  controllerName,
  type PlugGuard,
} from "./phoenix/controller.ts";
export { type DownloadOptions, sendDownload } from "./phoenix/download.ts";
export { clearFlash, type Flash, fetchFlash, getFlash, mergeFlash, putFlash } from "./phoenix/flash.ts";
export { accepts, getFormat, putFormat } from "./phoenix/format.ts";
export { type Layout, type LayoutOptions, putLayout, putRootLayout, render, type View } from "./phoenix/render.ts";
export type { ErrorViews, ShownError } from "./phoenix/render-errors.ts";
export type { ResourceAction, ResourceOptions } from "./phoenix/resources.ts";
export { scrubParams } from "./phoenix/scrub-params.ts";
export { putSecureBrowserHeaders } from "./phoenix/secure-headers.ts";
export { currentPath, currentUrl, putRouterUrl, putStaticUrl, staticPath, staticUrl, url } from "./phoenix/urls.ts";
export { type Pipeline, type PipelineOptions, pipeline, runPlugs } from "./pipeline/pipeline.ts";
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
} from "./pipeline/plug.ts";
export type { RequestFailure, Rescue } from "./pipeline/rescue.ts";
export {
  BasicAuth,
  type BasicAuthOptions,
  type Credentials,
  encodeBasicAuth,
  parseBasicAuth,
  type Realm,
  requestBasicAuth,
} from "./plugs/basic-auth.ts";
export type { BodyParser, BodySource, Reading, ReadingOptions } from "./plugs/body-parser.ts";
export { Compress, type CompressOptions } from "./plugs/compress.ts";
export type { Encoding } from "./plugs/compressor.ts";
export { Cors, type CorsOptions, type CorsOrigin } from "./plugs/cors.ts";
export {
  type CsrfOptions,
  CsrfProtection,
  deleteCsrfToken,
  getCsrfToken,
  getCsrfTokenFor,
  isCsrfToken,
} from "./plugs/csrf-protection.ts";
export { type DebuggerOptions, withDebugger } from "./plugs/debugger.ts";
export { withErrorHandler } from "./plugs/error-handler.ts";
export { Head } from "./plugs/head.ts";
export type { JsonOptions } from "./plugs/json-parser.ts";
export { Logger, type LoggerOptions } from "./plugs/logger.ts";
export { MethodOverride } from "./plugs/method-override.ts";
export { type Part, type PartsOptions, parts } from "./plugs/multipart.ts";
export type { Field, MultipartOptions } from "./plugs/multipart-parser.ts";
export { Parsers, type ParsersOptions } from "./plugs/parsers.ts";
export { Readiness, type ReadinessOptions } from "./plugs/readiness.ts";
export { RequestId, type RequestIdOptions } from "./plugs/request-id.ts";
export { type ForwardedHeader, RewriteOn, type RewriteOnOptions } from "./plugs/rewrite-on.ts";
export {
  type CookieStoreOptions,
  cookieStore,
  type SealOptions,
  type SessionSerializer,
} from "./plugs/session/cookie-store.ts";
export { NO_SESSION, type SessionData, type SessionStore, type StoredSession } from "./plugs/session/session-store.ts";
export { countSessions, type SessionTableOptions, sessionTable } from "./plugs/session/session-table.ts";
export { type TableStoreOptions, tableStore } from "./plugs/session/table-store.ts";
export { Session, type SessionPlugOptions } from "./plugs/session.ts";
export { type Exclusions, Ssl, type SslOptions } from "./plugs/ssl.ts";
export { Static, type StaticOptions } from "./plugs/static.ts";
export {
  PlugTelemetry,
  type PlugTelemetryEvents,
  type PlugTelemetryMetadata,
  type PlugTelemetryOptions,
} from "./plugs/telemetry.ts";
export { deleteUpload, giveAway, temporaryFile, Upload } from "./plugs/upload.ts";
export type { UrlencodedOptions } from "./plugs/urlencoded-parser.ts";
export { type SchemaIssue, type StandardSchema, type ValidatedOptions, validated } from "./plugs/validated.ts";
export { matchPath } from "./router/dispatch.ts";
export type { PathParams } from "./router/path-params.ts";
export { type RouterOptions, router } from "./router/router.ts";
export type { Action, MatchOptions, RouteOptions, Router, RouterPlug, ScopeOptions } from "./router/router-types.ts";
export {
  connections,
  drainServer,
  type HttpInfo,
  httpInfo,
  removeConnection,
  resume,
  suspend,
  waitForConnections,
} from "./server/administration.ts";
export type { Alarm } from "./server/alarms.ts";
export type { Comparison } from "./server/awaited-counts.ts";
export type { ConnectionInfo, RequestInfo } from "./server/connection-info.ts";
export type { Batch } from "./server/drain.ts";
export { type Drained, type DrainerOptions, drainer } from "./server/drainer.ts";
export type { Http2Limits } from "./server/http2-limits.ts";
export type { Limits } from "./server/limits.ts";
export { type DrainOptions, type HttpOptions, http } from "./server/server.ts";
export { isReady } from "./server/servers.ts";
export type { Drain, SocketHandler, Upgrade } from "./server/socket-handler.ts";
export type { Pem, TlsOptions } from "./server/tls.ts";
