import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import { isThenable } from "../../runtime/thenable.ts";
import type { Async } from "../../runtime/types.ts";
import type { Conn, Halted } from "../conn/conn.ts";
import { named } from "../pipeline/step.ts";

/** What validation libraries agree on (https://standardschema.dev, version 1): Zod, Valibot, ArkType and others have it. */
export interface StandardSchema<Output> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Async<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

export interface ValidatedOptions<Key extends string> {
  /** Under which name the result is assigned. Default `input`. */
  readonly as?: Key;
  /** What is validated. Default: `conn.params`. */
  readonly from?: (conn: Conn<any>) => unknown;
}

/**
 * Validates the parameters of a request, and assigns what the schema makes of them, with its type, as `input`. What does
 * not fit is answered with 422 and `{ "errors": [{ "message", "path" }] }`, and halts. Synchronous if the schema is.
 * With a schema of any library that has Standard Schema; none is needed.
 *
 * @example
 * const Age: StandardSchema<{ age: number }> = {
 *   "~standard": {
 *     version: 1,
 *     vendor: "example",
 *     validate: (params) => {
 *       const age = Number((params as { age?: string }).age);
 *       return age >= 0 ? { value: { age } } : { issues: [{ message: "expected an age", path: ["age"] }] };
 *     },
 *   },
 * };
 * pipeline()
 *   .plug(validated(Age))
 *   .plug((conn) => conn.text(`${conn.assigns.input.age + 1} next year`));
 */
export function validated<Output, Key extends string = "input">(
  schema: StandardSchema<Output>,
  { as = "input" as Key, from = (conn) => conn.params }: ValidatedOptions<Key> = {},
): <A extends object>(conn: Conn<A>) => Async<Conn<A & { readonly [K in Key]: Output }> | Halted> {
  const standard = schema?.["~standard"];
  if (typeof standard?.validate !== "function") {
    throw new BadArgument(`validated: expected a schema that has Standard Schema, got: ${show(schema)}`);
  }
  const answer = (conn: Conn<any>, result: SchemaResult<Output>) =>
    result.issues === undefined
      ? conn.assign(as, result.value)
      : conn
          .putStatus(422)
          .json({ errors: result.issues.map(shown) })
          .halt();
  return named("validated", (conn: Conn<any>) => {
    const result = standard.validate(from(conn));
    return isThenable(result) ? result.then((later) => answer(conn, later)) : answer(conn, result);
  });
}

const shown = ({ message, path = [] }: SchemaIssue) => ({
  message,
  path: path.map((part) => (typeof part === "object" ? part.key : part)).map(String),
});
