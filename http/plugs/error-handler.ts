import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { type PlugFn, runStep, stepOf } from "../pipeline/plug.ts";
import { type Rescue, rescued } from "../pipeline/rescue.ts";
import { named } from "../pipeline/step.ts";

/**
 * A plug whose failures are answered by a handler of yours (Plug: `Plug.ErrorHandler`). It gets the conn as it was when the
 * plug that failed began, with the assigns of those before it, and with the status of the error: that of an `HttpError`,
 * otherwise 500. Then the error goes on: from 500 up the request has crashed, and is reported; a client's error is not.
 * Nothing happens if a response was sent already. A handler that fails is reported, and the answer is a plain one.
 *
 * @example
 * const safe = withErrorHandler(site.plug, (conn, { reason }) =>
 *   conn.json({ error: reason instanceof HttpError ? reason.message : "something went wrong" }),
 * );
 */
export function withErrorHandler(plug: PlugFn<any, any>, handleErrors: Rescue = somethingWentWrong): PlugFn<any, any> {
  if (typeof handleErrors !== "function") {
    throw new BadArgument(`withErrorHandler: expected a function of conn and failure, got: ${show(handleErrors)}`);
  }
  const step = stepOf(plug);
  const name = handleErrors.name || "an error handler";
  return named(
    step.name,
    rescued(name, (conn) => runStep(step, conn), handleErrors),
  );
}

const somethingWentWrong: Rescue = (conn) => conn.text("Something went wrong");
