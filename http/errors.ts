import { type HttpStatus, statusCode } from "./conn/status.ts";

/**
 * An error that says with which status it is answered: a number, or a name such as `"notFound"` (Plug: `plug_status`).
 * Below 500 it is the client's: no crash, and no report.
 */
export class HttpError extends Error {
  override readonly name: string = "HttpError";
  readonly status: number;
  constructor(status: HttpStatus, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = statusCode(status);
  }
}

/** What the client has sent is no request that could be answered (Plug: `BadRequestError`). Answered with 400. */
export class BadRequestError extends HttpError {
  override readonly name = "BadRequestError";
  constructor(message = "the request cannot be understood", options?: ErrorOptions) {
    super(400, message, options);
  }
}

/** No route matched (Phoenix: `NoRouteError`). Answered with 404; the message names the routes only in development. */
export class NoRouteError extends HttpError {
  override readonly name = "NoRouteError";
  /** The routes that there are, such as `GET /users/:id`. */
  readonly routes: readonly string[];
  constructor(method: string, path: string, routes: readonly string[] = [], development = false) {
    const shown = development && routes.length > 0 ? `; the routes are:\n${routes.join("\n")}` : "";
    super(404, `no route for ${method} ${path}${shown}`);
    this.routes = routes;
  }
}

/** The parameters of a request are not those that the action takes (Phoenix: `ActionClauseError`). Answered with 400. */
export class ActionClauseError extends HttpError {
  override readonly name = "ActionClauseError";
  constructor(message: string) {
    super(400, message);
  }
}

/** A parameter that must be there is not (Phoenix: `MissingParamError`). Answered with 400. */
export class MissingParamError extends HttpError {
  override readonly name = "MissingParamError";
  constructor(message: string) {
    super(400, message);
  }
}

/** The client takes none of the formats that there are (Phoenix: `NotAcceptableError`). Answered with 406. */
export class NotAcceptableError extends HttpError {
  override readonly name = "NotAcceptableError";
  constructor(message: string) {
    super(406, message);
  }
}

/** The pipeline came to its end without a response (Plug: `NotSentError`). */
export class NotSentError extends Error {
  override readonly name = "NotSentError";
}

/** A response was there already when another one, or a part of one, was set (Plug: `AlreadySentError`). */
export class AlreadySentError extends Error {
  override readonly name = "AlreadySentError";
}

/** A response header with a character that would end it (Plug: `InvalidHeaderError`). */
export class InvalidHeaderError extends Error {
  override readonly name = "InvalidHeaderError";
}

/**
 * A query string or a form that is too long (414), or that cannot be decoded (400) (Plug: `InvalidQueryError`).
 */
export class InvalidQueryError extends HttpError {
  override readonly name = "InvalidQueryError";
}

/** A cookie that browsers would not keep, because it is longer than 4,096 bytes (Plug: `CookieOverflowError`). */
export class CookieOverflowError extends Error {
  override readonly name = "CookieOverflowError";
}

/** A request that changes something has no token of its session, or another one (Plug: `InvalidCSRFTokenError`). */
export class InvalidCsrfTokenError extends HttpError {
  override readonly name = "InvalidCsrfTokenError";
}

/** Another site has embedded a script of this one (Plug: `InvalidCrossOriginRequestError`). */
export class InvalidCrossOriginRequestError extends HttpError {
  override readonly name = "InvalidCrossOriginRequestError";
}

/** Something of the request that nobody has read yet (Plug: `Plug.Conn.Unfetched`). */
export class UnfetchedError extends Error {
  override readonly name = "UnfetchedError";
}
