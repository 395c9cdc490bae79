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
export type { BodyParser, BodySource, Reading, ReadingOptions } from "./body-parser.ts";
export type { Encoding } from "./compressor.ts";
export { type BodyOptions, Conn, type ConnState, type Halted } from "./conn.ts";
export type { ConnectionInfo, RequestInfo } from "./connection-info.ts";
export type { FetchCookiesOptions, PutCookieOptions, RespCookie } from "./cookie-jar.ts";
export { type CookieOptions, type Cookies, checkCookie, parseCookies, serializeCookie } from "./cookies.ts";
export { checkSecret, deriveKey, type KeyOptions } from "./crypto/key-generator.ts";
export type { TokenOptions } from "./crypto/message.ts";
export { decrypt, encrypt } from "./crypto/message-encryptor.ts";
export { sign, verify } from "./crypto/message-verifier.ts";
export { secureCompare } from "./crypto/secure-compare.ts";
export type { DebugAction, DebugActions } from "./debug/actions.ts";
export type { PageStyles } from "./debug/style.ts";
export { matchPath } from "./dispatch.ts";
export type { Batch } from "./drain.ts";
export { type Drained, type DrainerOptions, drainer } from "./drainer.ts";
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
export type { FileRange, OpenFile } from "./file.ts";
export { escapeHtml, type HtmlPart, html, raw, SafeHtml } from "./html.ts";
export type { Http2Limits } from "./http2-limits.ts";
export type { Limits } from "./limits.ts";
export { contentType, headerList, headerParams, type MediaType, mediaType, token, validateUtf8 } from "./media-type.ts";
export { type Part, type PartsOptions, parts } from "./multipart.ts";
export type { PathParams } from "./path-params.ts";
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
export {
  BasicAuth,
  type BasicAuthOptions,
  type Credentials,
  encodeBasicAuth,
  parseBasicAuth,
  type Realm,
  requestBasicAuth,
} from "./plugs/basic-auth.ts";
export { Compress, type CompressOptions } from "./plugs/compress.ts";
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
export { decodeQuery, encodeQuery, type Params, type QueryData, type QueryLimits, type Utf8Check } from "./query.ts";
export type { RequestFailure, Rescue } from "./rescue.ts";
export { type RouterOptions, router } from "./router.ts";
export type { Action, MatchOptions, RouteOptions, Router, RouterPlug, ScopeOptions } from "./router-types.ts";
export { type DrainOptions, type HttpOptions, http } from "./server.ts";
export { isReady } from "./servers.ts";
export { type SessionChange, type SessionOptions, SessionState } from "./session-state.ts";
export type { Settings, UrlParts } from "./settings.ts";
export type { Drain, SocketHandler, Upgrade } from "./socket-handler.ts";
export { defineStatus, type HttpStatus, type StatusName, statusCode, statusName, statusPhrase } from "./status.ts";
export type { Pem, TlsOptions } from "./tls.ts";
