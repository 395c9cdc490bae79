import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { HttpError } from "../errors.ts";
import type { NodeAdapter } from "./node-adapter.ts";
import type { NodeResponse } from "./node-response.ts";
import { farewell, type Refusal } from "./refusal.ts";

/**
 * What arrives on an HTTP/1 connection. Requests are answered in their order, and what is none after them: a client must
 * never take the answer to one for the answer to another.
 */
export class Arrivals {
  private readonly socket: Socket;
  private readonly report: (refusal: HttpError) => void;
  // The newest request.
  private request: IncomingMessage | undefined = undefined;
  private response: NodeResponse | undefined = undefined;
  private adapter: NodeAdapter | undefined = undefined;
  /** Nothing that follows is served: a request was refused, or was the last. */
  over = false;
  /** The request that arrives now is the last. */
  private ending = false;
  /** The newest request was refused, or its body has broken off. */
  private broken = false;
  /** What has come is no request, and is answered when all before it are. */
  private owed = false;

  /** `report` hears of each refusal, once. */
  constructor(socket: Socket, report: (refusal: HttpError) => void) {
    this.socket = socket;
    this.report = report;
  }

  add(request: IncomingMessage, response: NodeResponse, adapter: NodeAdapter): void {
    this.request = request;
    this.response = response;
    this.adapter = adapter;
    this.over = this.ending;
  }

  /** Whether everything has been answered, and the answers have been written. */
  get answered(): boolean {
    return this.response === undefined || this.response.done;
  }

  /** The request that arrives now is served, but what follows it is not: the parser may have lost a part of that. */
  endAfterThis(): void {
    this.ending = true;
  }

  /** Nothing that follows is served, and the connection ends with the answers that are owed. */
  endAfterAnswers(): void {
    this.over = true;
    this.afterAnswers(() => this.socket.destroySoon());
  }

  /** Whether this answer is to say that it is the last: others must not follow it, nor what is owed. */
  isLast(response: NodeResponse, draining: boolean): boolean {
    return (this.over || draining) && !this.owed && response === this.response;
  }

  /** No plug gets to see the newest request: this is its answer, and the last of the connection. */
  refuseNewest(refusal: HttpError): void {
    const { response, adapter } = this;
    this.over = true;
    this.broken = true;
    this.report(refusal);
    if (response === undefined || adapter === undefined) return;
    response.shouldKeepAlive = false;
    const { status, message } = refusal;
    adapter.send(status, [["content-type", "text/plain; charset=utf-8"]], `${status} ${message}\n`);
  }

  /** The parser has refused what has arrived, or waits for it no longer. */
  refuse(refusal: Refusal): void {
    if (refusal === "gone") this.socket.destroy();
    if (!(refusal instanceof HttpError)) return;
    if (this.request?.complete === false) this.breakOff(refusal);
    else if (!this.over) this.answerLast(refusal);
  }

  /** It is in the middle of a body: who reads that is told, and answers. */
  private breakOff(refusal: HttpError): void {
    if (this.broken) return;
    this.broken = true;
    this.adapter?.breakOff(refusal);
    this.report(refusal);
    this.endAfterAnswers();
  }

  private answerLast(refusal: HttpError): void {
    this.over = true;
    this.owed = true;
    this.report(refusal);
    this.afterAnswers(() => {
      this.socket.write(farewell(refusal));
      this.socket.destroySoon();
    });
  }

  private afterAnswers(act: () => void): void {
    if (this.answered) act();
    else this.response?.once("finish", act);
  }
}
