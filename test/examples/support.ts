import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Runs an example as the reader would: `npm run example examples/counter.ts`. */
export async function runExample(file: string): Promise<string> {
  const path = fileURLToPath(new URL(`../../examples/${file}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=hornbeam-source", path]);
  return stdout;
}
