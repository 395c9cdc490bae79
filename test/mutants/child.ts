import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { applied } from "./mutant.ts";
import { MUTANTS } from "./mutants.ts";

// Hunts one mutant, whose name is the first argument, or none. What came of it is the last line of the output.

const [name = "", limit = "0"] = process.argv.slice(2);
const mutant = MUTANTS.find((each) => each.name === name);
if (mutant === undefined && name !== "") throw new Error(`expected the name of a mutant, got: "${name}"`);
const file = mutant && fileURLToPath(new URL(`../../${mutant.file}`, import.meta.url));
let loaded = false;

registerHooks({
  load(url, context, next) {
    const module = next(url, context);
    if (mutant === undefined || !url.startsWith("file:") || fileURLToPath(url) !== file) return module;
    loaded = true;
    return { ...module, source: applied(mutant, String(module.source)) };
  },
});

// Imported only now, so that what they import is mutated.
const { SCENARIOS } = await import("../simulation/scenarios.ts");
const { hunt } = await import("./hunt.ts");
if (mutant !== undefined && !loaded)
  throw new Error(`expected ${mutant.file} to be used by a scenario, got: it is not`);
console.log(JSON.stringify(await hunt(SCENARIOS, Number(limit))));
// A mutant may have left something that goes on.
process.exit(0);
