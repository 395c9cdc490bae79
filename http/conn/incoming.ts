import type { RequestHead } from "./adapter.ts";
import { NO_PARAMS, type Params } from "./query.ts";
import { splitPath } from "./split-path.ts";

const NOTHING: readonly string[] = [];

/** What a conn has of its request. Conns share it: who changes something of it takes a copy. */
export class Incoming {
  declare head: RequestHead;
  declare pathInfo: readonly string[];
  declare scriptName: readonly string[];
  declare pathParams: Params;
  /** What a parser made of the body. */
  declare body: Params | undefined;
  /** Parameters that were put in the place of those of query and body. */
  declare given: Params | undefined;

  constructor(head: RequestHead, from?: Incoming) {
    this.head = head;
    this.pathInfo = from === undefined ? splitPath(head.path) : from.pathInfo;
    this.scriptName = from === undefined ? NOTHING : from.scriptName;
    this.pathParams = from === undefined ? NO_PARAMS : from.pathParams;
    this.body = from?.body;
    this.given = from?.given;
  }
}
