import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Async } from "../../runtime/types.ts";
import type { Body, Headers, Takeover } from "./adapter.ts";
import { type BodyInput, bodyOf } from "./body.ts";
import { ConnResponse } from "./conn-response.ts";
import type { Draft } from "./conn-value.ts";
import { type FileRange, openFile } from "./file.ts";
import { checkHeader, getHeader } from "./headers.ts";
import { escapeHtml } from "./html.ts";
import { checkLocal } from "./local-path.ts";
import type { ConnState } from "./outgoing.ts";
import { checkFinal, checkInformational, type HttpStatus, statusCode } from "./status.ts";

export type { BodyOptions } from "./conn-request.ts";
export type { Halted } from "./conn-value.ts";
export type { ConnState } from "./outgoing.ts";

// One class in layers: RequestView, ConnValue, ConnRequest, ConnCookies, ConnResponse, and here what sends it.

/**
 * A request and its response as one immutable value: every method returns another (Plug: `Plug.Conn`). Nothing is lost
 * by holding an old one, but what is done to a conn counts only if it is returned.
 */
export class Conn<Assigns extends object = {}> extends ConnResponse<Assigns> {
  /** The response leaves once `promise` is settled: for what must be written before the client may know. */
  holdResponse(promise: Promise<unknown>): Conn<Assigns> {
    this.exchange.checkUnsent("holdResponse");
    this.exchange.hold(promise);
    return this;
  }
  /** Sets the response; it is sent by {@link Conn.sendResp}, or when the pipeline ends. */
  resp(status: HttpStatus, body: BodyInput): Conn<Assigns> {
    return this.set("resp", status, body);
  }
  /** Sends the response: the one that was set, or this one. */
  sendResp(status?: HttpStatus, body?: BodyInput): Conn<Assigns> {
    if (status === undefined && this.state === "unset") {
      this.exchange.checkUnsent("sendResp");
      throw new BadArgument("sendResp: no response is set; expected a status and a body, or resp(status, body) before");
    }
    return this.sendSet(
      status === undefined
        ? this.set("sendResp", this.status ?? 200, this.respBody ?? "")
        : this.set("sendResp", status, body ?? ""),
    );
  }
  private sendSet(ready: Draft<Assigns>): Conn<Assigns> {
    const last = ready.beforeSend("set");
    this.exchange.sendWhole(checkFinal(last.status as number), last.headersWithCookies(), last.respBody as Body);
    if (ready.outgoing.hooks.length > 0) return last.become("sent");
    // What no hook has seen is nobody else's yet.
    ready.outgoing.state = "sent";
    ready.outgoing.body = undefined;
    return ready;
  }
  /** Sends a file, or a part of one. What is wrong with it is an error before anything is sent. */
  async sendFile(status: HttpStatus, range: FileRange): Promise<Conn<Assigns>> {
    const code = checkFinal(statusCode(status));
    this.exchange.checkUnsent("sendFile");
    const file = await openFile(range);
    try {
      const ready = this.changed("sendFile");
      const outgoing = ready.ownOutgoing();
      outgoing.status = code;
      outgoing.state = "setFile";
      const last = ready.beforeSend("setFile");
      const final = checkFinal(last.status as number);
      const headers = last.headersWithCookies();
      await this.exchange.send(final, (output) => output.sendFile(final, headers, file));
      return last.become("file");
    } finally {
      await file.handle.close();
    }
  }
  /** Begins a response whose parts are sent with {@link Conn.chunk}; it ends with the pipeline. */
  sendChunked(status: HttpStatus): Conn<Assigns> {
    const code = checkFinal(statusCode(status));
    const ready = this.changed("sendChunked");
    const outgoing = ready.ownOutgoing();
    outgoing.status = code;
    outgoing.state = "setChunked";
    const last = ready.beforeSend("setChunked");
    const final = checkFinal(last.status as number);
    const headers = last.headersWithCookies();
    this.exchange.send(final, (output) => output.sendChunked(final, headers));
    return last.become("chunked");
  }
  /** Sends a part: `"closed"` when the client has gone. Await it, and a client that is slow slows you down. */
  chunk(data: BodyInput): Async<"ok" | "closed"> {
    if (this.state !== "chunked") {
      throw new BadArgument(`chunk: expected a conn that sendChunked has returned, got: ${show(this)}`);
    }
    const part = bodyOf("chunk", data);
    return part.length === 0 ? "ok" : this.exchange.chunk(part);
  }
  /** Sends an informational response before the real one, 100 to 199: 103 for early hints. HTTP/1.0 clients get none. */
  inform(status: HttpStatus, headers: Headers = []): Conn<Assigns> {
    this.informed(status, headers);
    return this;
  }
  /** Like {@link Conn.inform}; throws where the client's protocol has none (Plug: `inform!/3`). */
  informOrThrow(status: HttpStatus, headers: Headers = []): Conn<Assigns> {
    if (this.informed(status, headers)) return this;
    throw new BadArgument(`informOrThrow: expected a protocol with informational responses, got: ${this.httpProtocol}`);
  }
  private informed(status: HttpStatus, headers: Headers): boolean {
    const code = checkInformational(statusCode(status));
    this.exchange.checkUnsent("inform");
    for (const [name, value] of headers) checkHeader(name, value);
    return this.exchange.adapter.inform(code, headers);
  }
  /** Hands the connection to another protocol once the pipeline has ended (Plug: `upgrade_adapter/3`). */
  upgrade(protocol: string, takeover: Takeover): Conn<Assigns> {
    const ready = this.changed("upgrade");
    if (!this.exchange.adapter.upgrade(protocol, takeover, this.respHeaders)) {
      throw new BadArgument(
        `upgrade: expected a protocol that the client asks for and this server has, got: ${protocol}`,
      );
    }
    this.exchange.markSent(101);
    ready.ownOutgoing().state = "upgraded";
    return ready;
  }

  text(text: string): Conn<Assigns> {
    return this.sendAs("text", "text/plain; charset=utf-8", text);
  }
  html(html: string): Conn<Assigns> {
    return this.sendAs("html", "text/html; charset=utf-8", html);
  }
  /** Sends `value` as JSON, with the status that was put, or 200. */
  json(value: unknown): Conn<Assigns> {
    const body: string | undefined = JSON.stringify(value);
    if (body === undefined) throw new BadArgument(`json: expected a value that JSON has, got: ${show(value)}`);
    return this.sendAs("json", "application/json; charset=utf-8", body);
  }
  /**
   * Redirects, with the status that was put, or 302: within this site to a path, elsewhere only when it is said
   * (Phoenix: `redirect/2`).
   */
  redirect(to: string | { readonly external: string }): Conn<Assigns> {
    const location = typeof to === "object" && to !== null ? to.external : checkLocal(to);
    const moved = this.putStatus(this.status ?? 302).putRespHeader("location", location);
    return moved.html(`<html><body>You are being <a href="${escapeHtml(location)}">redirected</a>.</body></html>`);
  }

  private set(what: string, status: HttpStatus, body: BodyInput): Draft<Assigns> {
    const code = statusCode(status);
    const next = this.changed(what);
    const outgoing = next.ownOutgoing();
    outgoing.body = bodyOf(what, body);
    outgoing.status = code;
    outgoing.state = "set";
    return next;
  }

  /** Sends what is of a type, unless another was put, with the status that was put. */
  private sendAs(what: string, type: string, body: string): Conn<Assigns> {
    const ready = this.changed(what);
    const outgoing = ready.ownOutgoing();
    if (getHeader(outgoing.headers, "content-type") === undefined) {
      outgoing.headers = [...outgoing.headers, ["content-type", type]];
    }
    outgoing.body = body;
    outgoing.status ??= 200;
    outgoing.state = "set";
    return this.sendSet(ready);
  }

  /** Runs the hooks, after which the response must be as it was: `state`. */
  private beforeSend(state: ConnState): Conn<Assigns> {
    const { exchange } = this;
    const { hooks } = this.outgoing;
    if (hooks.length === 0) {
      exchange.checkNewest(this);
      return this;
    }
    let conn: Conn<any> = this;
    exchange.sending = true;
    try {
      for (const hook of hooks) {
        const next: unknown = hook(conn);
        if (next instanceof Conn) conn = next;
        else throw new BadArgument(`a beforeSend hook must return a conn, got: ${show(next)}`);
      }
    } catch (error) {
      exchange.excuse();
      throw error;
    } finally {
      exchange.sending = false;
    }
    exchange.checkNewest(conn);
    if (conn.state === state) return conn;
    throw new BadArgument(
      `a beforeSend hook may change the response, but not how it is sent, got: ${conn.state} for ${state}`,
    );
  }

  private become(state: ConnState): Conn<Assigns> {
    const next = this.copy();
    const outgoing = next.ownOutgoing();
    outgoing.state = state;
    outgoing.body = undefined;
    return next;
  }

  // ── another conn ──

  /** A copy to write to, for a change that will be missed if the copy is lost; before the response is sent, if `what`. */
  protected override changed(what?: string): Draft<Assigns> {
    const { exchange } = this;
    if (what !== undefined) exchange.checkUnsent(what);
    const next = new Conn(exchange, this, this.changes + 1);
    exchange.changed(next, this);
    return next as Draft<Assigns>;
  }

  protected override copy(): Draft<Assigns> {
    const next = new Conn(this.exchange, this, this.changes);
    this.exchange.copied(next, this);
    return next as Draft<Assigns>;
  }

  protected override unchanged(): this {
    return this;
  }

  override toString(): string {
    return `#Conn<${this.method} ${this.requestPath} ${this.state}${this.halted ? " halted" : ""}>`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
