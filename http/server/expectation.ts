import type { IncomingMessage } from "node:http";
import { HttpError } from "../errors.ts";

const CONTINUE = "100-continue";

/** Whether the client sends its body only when it has been asked to (RFC 9110 §10.1.1). HTTP/1.0 does not know that. */
export function expectsContinue({ headers, httpVersionMinor }: IncomingMessage): boolean {
  return headers.expect !== undefined && httpVersionMinor > 0;
}

/** Throws a 417 for what nobody here can live up to. Node takes whatever contains `100-continue` for it. */
export function checkExpectation({ headers }: IncomingMessage): void {
  const known = headers.expect?.split(",").every((part) => part.trim().toLowerCase() === CONTINUE);
  if (known === false) throw new HttpError(417, `the only expectation that is known is ${CONTINUE}`);
}
