import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";
import type { Below, Joined } from "../router/path-params.ts";
import type { Action } from "../router/router-types.ts";

export type ResourceAction = "index" | "edit" | "new" | "show" | "create" | "update" | "delete";

export interface ResourceOptions {
  /** Only routes to these actions. Default: all seven, or all but `index` of a singleton. */
  readonly only?: readonly ResourceAction[];
  /** No routes to these. */
  readonly except?: readonly ResourceAction[];
  /** The parameter that tells which one. Default `id`. */
  readonly param?: string;
  /** There is one for each visitor, such as an account: no `index`, and no parameter. */
  readonly singleton?: boolean;
  /** What one is called, for routes below it: with `"user"` these have the parameter `userId`. */
  readonly name?: string;
}

type Chosen<O> = O extends { readonly only: readonly (infer A)[] }
  ? A
  : Exclude<
      ResourceAction,
      | (O extends { readonly except: readonly (infer A)[] } ? A : never)
      | (O extends { readonly singleton: true } ? "index" : never)
    >;
type ParamOf<O> = O extends { readonly param: infer P extends string } ? P : "id";
type Member<O, Path extends string> = O extends { readonly singleton: true } ? Path : `${Path}/:${ParamOf<O>}`;
type OwnPath<O, Path extends string, A> = A extends "index" | "create"
  ? Joined<Path, "/">
  : A extends "new"
    ? `${Path}/new`
    : A extends "edit"
      ? `${Member<O, Path>}/edit`
      : Member<O, Path>;

/** The paths of a resource. */
export type ResourcePaths<Base extends string, Path extends string, O> = OwnPath<O, Below<Base, Path>, Chosen<O>>;

/** The actions that a resource with these options needs. */
export type ResourceActions<Assigns extends object, Base extends string, Path extends string, O> = {
  readonly [A in Chosen<O> & string]: Action<Assigns, OwnPath<O, Below<Base, Path>, A>>;
};

/** Where the routes below one of a resource are. */
export type BelowResource<Base extends string, Path extends string, O> = O extends { readonly singleton: true }
  ? Below<Base, Path>
  : O extends { readonly name: infer Name extends string }
    ? `${Below<Base, Path>}/:${Name}${Capitalize<ParamOf<O>>}`
    : never;

/** In the order in which Phoenix declares them. */
const ROUTES: readonly (readonly [action: ResourceAction, via: readonly string[], below: string, member: boolean])[] = [
  ["index", ["get"], "", false],
  ["edit", ["get"], "/edit", true],
  ["new", ["get"], "/new", false],
  ["show", ["get"], "", true],
  ["create", ["post"], "", false],
  ["update", ["patch", "put"], "", true],
  ["delete", ["delete"], "", true],
];
const ACTIONS = ROUTES.map(([action]) => action);

export interface ResourceRoute {
  readonly via: readonly string[];
  readonly path: string;
  readonly action: Action<any, any>;
}

/** The routes of a resource, all of whose actions must be there. */
export function resourceRoutes(
  path: string,
  controller: Readonly<Record<string, Action<any, any>>>,
  options: ResourceOptions,
): readonly ResourceRoute[] {
  const chosen = chosenOf(path, options);
  const base = path.replace(/\/$/, "");
  const member = options.singleton === true ? base : `${base}/:${options.param ?? "id"}`;
  return ROUTES.filter(([action]) => chosen.includes(action)).map(([name, via, below, ofMember]) => {
    const action = controller[name];
    if (typeof action === "function") return { via, path: `${ofMember ? member : base}${below}` || "/", action };
    throw new BadArgument(
      `expected the controller of ${path} to have an action ${name}, got: ${Object.keys(controller).join(", ")}; name those that it has in "only"`,
    );
  });
}

function chosenOf(path: string, { only, except, singleton }: ResourceOptions): readonly ResourceAction[] {
  const unknown = [...(only ?? []), ...(except ?? [])].filter((action) => !ACTIONS.includes(action));
  if (unknown.length > 0) {
    throw new BadArgument(
      `expected actions of ${path} to be some of ${ACTIONS.join(", ")}, got: ${unknown.join(", ")}`,
    );
  }
  if (only !== undefined && except !== undefined) {
    throw new BadArgument(`expected only or except for ${path}, got: both`);
  }
  const all = ACTIONS.filter((action) => singleton !== true || action !== "index");
  return only ?? all.filter((action) => except?.includes(action) !== true);
}

/** The path of what is below one of a resource: `/users/:userId`. */
export function belowResource(path: string, { singleton, name, param = "id" }: ResourceOptions): string {
  const base = path.replace(/\/$/, "");
  if (singleton === true) return base || "/";
  if (typeof name === "string" && name !== "") return `${base}/:${name}${param[0]?.toUpperCase()}${param.slice(1)}`;
  throw new BadArgument(
    `expected the name of one of ${path} for the routes below it, such as "user", got: ${show(name)}`,
  );
}
