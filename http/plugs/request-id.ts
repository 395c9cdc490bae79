import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Conn } from "../conn/conn.ts";

export interface RequestIdOptions {
  /** Where it comes from and goes to. Default `x-request-id`. */
  readonly header?: string;
  /** Assigns it under this name, too, besides `requestId`. */
  readonly assignAs?: string;
  /** What reports call it. Default `requestId`: they say `requestId=…`. */
  readonly logAs?: string;
}

interface Ready {
  readonly header: string;
  readonly assignAs: string | undefined;
  readonly logAs: string;
}

/**
 * Gives each request an id: the client's, if it has 20 to 200 visible characters, or a new one (Plug: `Plug.RequestId`).
 * It is assigned as `requestId`, sent back, and said in reports about the request. Put it before the Logger.
 *
 * @example
 * pipeline().plug(plug(RequestId, { header: "x-request-id" }))
 */
export const RequestId = {
  name: "RequestId",

  init: ({ header = "x-request-id", assignAs, logAs = "requestId" }: RequestIdOptions = {}): Ready => {
    for (const [option, value] of Object.entries({ header, assignAs, logAs })) {
      if (value === undefined || (typeof value === "string" && value !== "")) continue;
      throw new BadArgument(`RequestId: expected ${option} to be a name, got: ${show(value)}`);
    }
    return { header, assignAs, logAs };
  },

  call: <A extends object>(conn: Conn<A>, { header, assignAs, logAs }: Ready) => {
    const given = conn.getReqHeader(header);
    const id = given !== undefined && LEGAL.test(given) ? given : generate(() => conn.self.random());
    conn.exchange.putLogMetadata(logAs, id);
    const named = conn.putRespHeader(header, id).assign("requestId", id);
    return assignAs === undefined ? named : (named.assign(assignAs, id) as typeof named);
  },
};

/** A client chooses it, and it ends up in logs: nothing in it may look like another line or field. */
const LEGAL = /^[\x21-\x7e]{20,200}$/;

const words = new Uint32Array(4);
const bytes = Buffer.from(words.buffer);

function generate(random: () => number): string {
  for (let i = 0; i < words.length; i++) words[i] = random() * 2 ** 32;
  return bytes.toString("base64url");
}
