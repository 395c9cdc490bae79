import { show } from "../../runtime/inspect.ts";
import { BadSpec } from "../bad-spec.ts";
import type { Application } from "./application.ts";

/** What an application says of itself (Elixir: `Application.spec/1`). */
export interface ApplicationSpec {
  readonly name: string;
  readonly description: string;
  /** The names of those that must run before it, in order. */
  readonly applications: readonly string[];
  /** The environment that it comes with. */
  readonly env: Readonly<Record<string, unknown>>;
}

/** Checks what an application says of itself, and fills in what it leaves out. Throws `BadSpec`. */
export function specOf(app: Application): ApplicationSpec {
  if (typeof app !== "object" || app === null) throw bad("an application", app, { invalidApplication: app });
  const { name, description = "", applications = [], env = {} } = app;
  if (typeof name !== "string" || name === "") throw bad("the name of an application (a string)", name, "missingName");
  const of = `of application ${show(name)}`;
  if (typeof description !== "string") {
    throw bad(`description ${of} to be a string`, description, { invalidDescription: description });
  }
  if (typeof env !== "object" || env === null) throw bad(`env ${of} to be an object`, env, { invalidEnv: env });
  if (!Array.isArray(applications)) {
    throw bad(`applications ${of} to be an array of applications`, applications, { invalidApplications: applications });
  }
  for (const callback of ["start", "prepStop", "stop"] as const) {
    const run: unknown = app[callback];
    if (run !== undefined && typeof run !== "function") {
      throw bad(`${callback} ${of} to be a function`, run, { [`invalid ${callback}`]: run });
    }
  }
  const names = applications.map((needed: Application | undefined, index) => {
    if (typeof needed?.name === "string") return needed.name;
    const hint = needed === undefined ? " (modules that import each other find nothing there)" : "";
    throw bad(`applications[${index}] ${of} to be an application${hint}`, needed, { missingApplication: index });
  });
  return { name, description, applications: names, env };
}

/** The applications and all that they need, each once and after what it needs. Throws `BadSpec`. */
export function startOrder(apps: readonly Application[]): readonly Application[] {
  const order = new Map<string, Application>();
  const path: string[] = [];
  const visit = (app: Application): void => {
    const { name } = specOf(app);
    if (path.includes(name)) {
      const circle = [...path.slice(path.indexOf(name)), name];
      throw bad("applications that do not need each other in a circle", circle.join(" → "), { circle });
    }
    const known = order.get(name);
    if (known === app) return;
    if (known !== undefined) throw duplicate(name);
    path.push(name);
    for (const needed of app.applications ?? []) visit(needed);
    path.pop();
    order.set(name, app);
  };
  for (const app of apps) visit(app);
  return [...order.values()];
}

/** Two applications of one system may not have the same name. */
export const duplicate = (name: string): BadSpec =>
  new BadSpec(`expected application names to be different, got: two applications called ${show(name)}`, {
    duplicateApplication: name,
  });

const bad = (expected: string, got: unknown, why: unknown): BadSpec =>
  new BadSpec(`expected ${expected}, got: ${show(got)}`, why);
