import { STATUS_CODES } from "node:http";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";

const CODES = {
  continue: 100,
  switchingProtocols: 101,
  processing: 102,
  earlyHints: 103,
  ok: 200,
  created: 201,
  accepted: 202,
  nonAuthoritativeInformation: 203,
  noContent: 204,
  resetContent: 205,
  partialContent: 206,
  multiStatus: 207,
  alreadyReported: 208,
  imUsed: 226,
  multipleChoices: 300,
  movedPermanently: 301,
  found: 302,
  seeOther: 303,
  notModified: 304,
  useProxy: 305,
  switchProxy: 306,
  temporaryRedirect: 307,
  permanentRedirect: 308,
  badRequest: 400,
  unauthorized: 401,
  paymentRequired: 402,
  forbidden: 403,
  notFound: 404,
  methodNotAllowed: 405,
  notAcceptable: 406,
  proxyAuthenticationRequired: 407,
  requestTimeout: 408,
  conflict: 409,
  gone: 410,
  lengthRequired: 411,
  preconditionFailed: 412,
  contentTooLarge: 413,
  uriTooLong: 414,
  unsupportedMediaType: 415,
  rangeNotSatisfiable: 416,
  expectationFailed: 417,
  imATeapot: 418,
  misdirectedRequest: 421,
  unprocessableContent: 422,
  locked: 423,
  failedDependency: 424,
  tooEarly: 425,
  upgradeRequired: 426,
  preconditionRequired: 428,
  tooManyRequests: 429,
  requestHeaderFieldsTooLarge: 431,
  unavailableForLegalReasons: 451,
  internalServerError: 500,
  notImplemented: 501,
  badGateway: 502,
  serviceUnavailable: 503,
  gatewayTimeout: 504,
  httpVersionNotSupported: 505,
  variantAlsoNegotiates: 506,
  insufficientStorage: 507,
  loopDetected: 508,
  bandwidthLimitExceeded: 509,
  notExtended: 510,
  networkAuthenticationRequired: 511,
} as const;

/** What some of them were called before RFC 9110, and are called in Plug. */
const ALIASES = {
  requestEntityTooLarge: 413,
  payloadTooLarge: 413,
  requestUriTooLong: 414,
  requestedRangeNotSatisfiable: 416,
  unprocessableEntity: 422,
} as const;

/** Phrases of RFC 9110 that Node has by their older wording, or not at all. */
const PHRASES: Readonly<Record<number, string>> = {
  306: "Switch Proxy",
  413: "Content Too Large",
  422: "Unprocessable Content",
};

/** A name such as `"notFound"`. */
export type StatusName = keyof typeof CODES | keyof typeof ALIASES;

/** A status as a number from 100 to 999, or by name. */
export type HttpStatus = number | StatusName;

const codes = new Map<string, number>([...Object.entries(ALIASES), ...Object.entries(CODES)]);
const names = new Map<number, string>(Object.entries(CODES).map(([name, code]) => [code, name]));
const phrases = new Map<number, string>(
  [...names.keys()].map((code) => [code, PHRASES[code] ?? STATUS_CODES[code] ?? ""]),
);

/**
 * The code of a status (Plug: `Plug.Conn.Status.code`). A number from 100 to 999 is itself, whether it is known or not;
 * anything else that is not a known name is a `BadArgument`.
 *
 * @example
 * expect(statusCode("unprocessableContent")).toBe(422);
 * expect(statusCode(299)).toBe(299);
 */
export function statusCode(status: HttpStatus): number {
  if (typeof status === "string") {
    const code = codes.get(status);
    if (code !== undefined) return code;
  } else if (Number.isInteger(status) && status >= 100 && status <= 999) {
    return status;
  }
  throw new BadArgument(
    `expected a status from 100 to 999, or the name of one such as "notFound", got: ${show(status)}`,
  );
}

/**
 * The name of a code (Plug: `reason_atom`). A code that is not known is a `BadArgument`.
 *
 * @example
 * expect(statusName(404)).toBe("notFound");
 */
export function statusName(code: number): string {
  return names.get(code) ?? unknown(code);
}

/**
 * The phrase of a code, in the words of RFC 9110 (Plug: `reason_phrase`). A code that is not known is a `BadArgument`.
 *
 * @example
 * expect(statusPhrase(404)).toBe("Not Found");
 */
export function statusPhrase(code: number): string {
  return phrases.get(code) ?? unknown(code);
}

/**
 * Makes a status of a site's own known, or gives a code another name and phrase; the old name keeps its meaning (Plug:
 * the `statuses` of its configuration). To be called when the program starts. Gives the name, which the compiler then
 * takes like any other. A name that another code has is a `BadArgument`.
 *
 * @example
 * const enhanceYourCalm = defineStatus(420, "enhanceYourCalm", "Enhance Your Calm");
 * expect(statusCode(enhanceYourCalm)).toBe(420);
 */
export function defineStatus(code: number, name: string, phrase: string): StatusName {
  statusCode(code);
  const other = codes.get(name);
  if (other !== undefined && other !== code) {
    throw new BadArgument(
      `defineStatus: expected a name that no other code has, got: ${show(name)}, which is ${other}`,
    );
  }
  if (!/^[a-z][A-Za-z0-9]*$/.test(name)) {
    throw new BadArgument(`defineStatus: expected a name in camelCase, got: ${show(name)}`);
  }
  if (!/^[\t\x20-\x7e]+$/.test(phrase)) {
    throw new BadArgument(`defineStatus: expected a phrase of visible ASCII characters, got: ${show(phrase)}`);
  }
  codes.set(name, code);
  names.set(code, name);
  phrases.set(code, phrase);
  return name as StatusName;
}

/** What is below 200 announces a response, and is none (RFC 9110 §15.2). */
export function checkFinal(status: number): number {
  if (status >= 200) return status;
  throw new BadArgument(`expected a status from 200 to 999 to send, got: ${show(status)}`);
}

export function checkInformational(status: number): number {
  if (status < 200 && status !== 101) return status;
  throw new BadArgument(`expected an informational status, 100 to 199 and not 101, got: ${show(status)}`);
}

function unknown(code: number): never {
  throw new BadArgument(
    `expected a known status code, got: ${show(code)}; one of your own is made known by defineStatus(${show(code)}, "itsName", "Its Phrase")`,
  );
}
