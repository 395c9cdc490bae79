import { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { isSameName } from "../conn/same-name.ts";

type Few = Readonly<Partial<Record<string, string>>>;

/** The request of `node:http`, which makes no object of all its headers for Node to look for four of them in it. */
export class NodeRequest extends IncomingMessage {
  declare private few: Few | undefined;
  declare private all: boolean;

  constructor(socket: Socket) {
    super(socket);
    this.few = undefined;
    this.all = false;
  }

  /** From now on its headers are all that came; before, those that Node looks for. */
  withAllHeaders(): this {
    this.all = true;
    return this;
  }

  static {
    // Node's type has a property there, which an accessor of a class cannot replace.
    Object.defineProperty(NodeRequest.prototype, "headers", {
      get(this: NodeRequest): Few {
        if (this.all) return allOf.call(this);
        this.few ??= fewOf(this.rawHeaders);
        return this.few ?? allOf.call(this);
      },
    });
  }
}

const allOf = Object.getOwnPropertyDescriptor(IncomingMessage.prototype, "headers")?.get as () => Few;

const NONE: Few = Object.freeze({});

/** Those that Node looks for before it tells of a request. Undefined if one of them came twice. */
function fewOf(raw: readonly string[]): Few | undefined {
  let found: Record<string, string> | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = askedFor(raw[i] as string);
    if (name === undefined) continue;
    found ??= {};
    if (found[name] !== undefined) return undefined;
    found[name] = raw[i + 1] as string;
  }
  return found ?? NONE;
}

const ASKED = ["te", "expect", "content-length", "transfer-encoding"];

function askedFor(given: string): string | undefined {
  for (const name of ASKED) if (isSameName(given, name)) return name;
  return undefined;
}
