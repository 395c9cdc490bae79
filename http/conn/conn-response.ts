import type { Headers } from "./adapter.ts";
import type { Conn } from "./conn.ts";
import { ConnCookies } from "./conn-cookies.ts";
import {
  checking,
  deleteHeader,
  getHeader,
  getHeaders,
  mergeHeaders,
  nameOf,
  putHeader,
  updateHeader,
} from "./headers.ts";
import type { Hook } from "./outgoing.ts";
import { type HttpStatus, statusCode } from "./status.ts";

/** The response of a conn before it is sent. */
export abstract class ConnResponse<Assigns extends object> extends ConnCookies<Assigns> {
  /** 100 to 999, or a name such as `"notFound"`. */
  putStatus(status: HttpStatus): Conn<Assigns> {
    const code = statusCode(status);
    const next = this.changed("putStatus");
    next.ownOutgoing().status = code;
    return next;
  }
  getRespHeader(name: string): string | undefined {
    return getHeader(this.respHeaders, name.toLowerCase());
  }
  getRespHeaders(name: string): readonly string[] {
    return getHeaders(this.respHeaders, name.toLowerCase());
  }
  /** Replaces the first header of that name, or adds it. Throws `InvalidHeaderError` on line breaks and NUL. */
  putRespHeader(name: string, value: string): Conn<Assigns> {
    return this.withRespHeaders("putRespHeader", putHeader(this.respHeaders, nameOf(name, value), value));
  }
  mergeRespHeaders(headers: Readonly<Record<string, string>> | Headers): Conn<Assigns> {
    return this.withRespHeaders("mergeRespHeaders", mergeHeaders(this.respHeaders, headers, nameOf));
  }
  /** Adds headers before those that are there, also of the same name: `link`, `vary`. */
  prependRespHeaders(headers: Headers): Conn<Assigns> {
    const added = headers.map(([name, value]) => [nameOf(name, value), value] as const);
    return this.withRespHeaders("prependRespHeaders", [...added, ...this.respHeaders]);
  }
  /** Changes the first header of that name with `update`, or adds it with `initial`. */
  updateRespHeader(name: string, initial: string, update: (value: string) => string): Conn<Assigns> {
    const headers = updateHeader(this.respHeaders, nameOf(name, initial), initial, checking(name, update));
    return this.withRespHeaders("updateRespHeader", headers);
  }
  /** Removes the first header of that name. */
  deleteRespHeader(name: string): Conn<Assigns> {
    return this.withRespHeaders("deleteRespHeader", deleteHeader(this.respHeaders, name.toLowerCase()));
  }
  /** With a charset, by default utf-8 as in Plug also for JSON; with none where `undefined` is given. */
  putRespContentType(type: string, ...given: [charset?: string | undefined]): Conn<Assigns> {
    const charset = given.length === 0 ? "utf-8" : given[0];
    return this.putRespHeader("content-type", charset === undefined ? type : `${type}; charset=${charset}`);
  }
  /** Called with the conn just before its response is sent, the last registered first. It must not send. */
  registerBeforeSend(hook: Hook): Conn<Assigns> {
    const next = this.changed("registerBeforeSend");
    next.ownOutgoing().hooks = [hook, ...this.outgoing.hooks];
    return next;
  }

  private withRespHeaders(what: string, headers: Headers): Conn<Assigns> {
    const next = this.changed(what);
    next.ownOutgoing().headers = headers;
    return next;
  }
}
