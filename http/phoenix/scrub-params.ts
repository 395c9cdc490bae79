import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Conn } from "../conn/conn.ts";
import { emptyParams, isPlain } from "../conn/query.ts";
import { MissingParamError } from "../errors.ts";
import { named } from "../pipeline/step.ts";

/**
 * A plug that requires the parameter `key`, and makes `null` of every text in it that is empty or blank: what a form sends
 * for a field that was left empty. A `MissingParamError` is a 400 (Phoenix: `scrub_params/2`).
 *
 * @example
 * const Users = controller()
 *   .plug(scrubParams("user"), { when: ["create"] })
 *   .actions({ create: (conn, { user }) => conn.json(user) });
 */
export function scrubParams(key: string): <A extends object>(conn: Conn<A>) => Conn<A> {
  if (typeof key !== "string")
    throw new BadArgument(`scrubParams: expected the name of a parameter, got: ${show(key)}`);
  return named("scrubParams", <A extends object>(conn: Conn<A>) => {
    const { params } = conn;
    if (params[key] === undefined || params[key] === null) {
      throw new MissingParamError(
        `expected a parameter ${show(key)}, got: ${Object.keys(params).join(", ") || "none"}`,
      );
    }
    return conn.putParams(Object.assign(emptyParams(), params, { [key]: scrubbed(params[key]) }));
  });
}

function scrubbed(value: unknown): unknown {
  if (typeof value === "string") return value.trim() === "" ? null : value;
  if (Array.isArray(value)) return value.map(scrubbed);
  if (!isPlain(value)) return value;
  const map = emptyParams();
  for (const [key, inner] of Object.entries(value)) map[key] = scrubbed(inner);
  return map;
}
