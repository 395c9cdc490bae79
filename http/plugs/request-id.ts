import type { Conn } from "../conn.ts";

/**
 * Gives each request an id: the client's, if it has 20 to 200 visible characters, or a new one (Plug: `Plug.RequestId`).
 * It is assigned as `requestId` and sent back.
 *
 * @example
 * pipeline().plug(plug(RequestId, { header: "x-request-id" }))
 */
export const RequestId = {
  name: "RequestId",
  init: (options?: { readonly header?: string }): string => options?.header ?? "x-request-id",
  call: <A extends object>(conn: Conn<A>, header: string) => {
    const given = conn.getReqHeader(header);
    const id = given !== undefined && LEGAL.test(given) ? given : generate(() => conn.self.random());
    return conn.putRespHeader(header, id).assign("requestId", id);
  },
};

const LEGAL = /^[\x21-\x7e]{20,200}$/;

const words = new Uint32Array(4);
const bytes = Buffer.from(words.buffer);

function generate(random: () => number): string {
  for (let i = 0; i < words.length; i++) words[i] = random() * 2 ** 32;
  return bytes.toString("base64url");
}
