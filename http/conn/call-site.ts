import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { getCallSites } from "node:util";

const OURS = fileURLToPath(new URL("..", import.meta.url));
const DEPTH = 24;

/** Where the code outside this folder stands that has called into it: `site/login.ts:12`, from the working directory. */
export function callSite(): string | undefined {
  for (const { scriptName, lineNumber } of getCallSites(DEPTH)) {
    const path = scriptName.startsWith("file:") ? fileURLToPath(scriptName) : scriptName;
    if (path !== "" && !path.startsWith("node:") && !path.startsWith(OURS))
      return `${relative(process.cwd(), path)}:${lineNumber}`;
  }
  return undefined;
}
