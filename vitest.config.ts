import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import manifest from "./package.json" with { type: "json" };

/** The package by its own name, from its sources: what a user imports is what the tests import. */
const alias = Object.entries(manifest.exports)
  .filter(
    (entry): entry is [string, { "hornbeam-source": string; types: string; default: string }] =>
      typeof entry[1] === "object",
  )
  .map(([path, target]) => ({
    find: new RegExp(`^hornbeam${path.slice(1)}$`),
    replacement: fileURLToPath(new URL(target["hornbeam-source"], import.meta.url)),
  }));

export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{test,examples}/**/*.test.ts"],
          exclude: ["test/system/**", "test/browser/**"],
        },
      },
      { extends: true, test: { name: "system", include: ["test/system/**/*.test.ts"], testTimeout: 120_000 } },
      { extends: true, test: { name: "browser", include: ["test/browser/**/*.test.ts"], testTimeout: 60_000 } },
    ],
  },
});
