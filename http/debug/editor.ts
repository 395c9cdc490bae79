import type { Place } from "./frames.ts";

/**
 * A link that opens a place in an editor, after a template such as `vscode://file/__FILE__:__LINE__` (Plug: `PLUG_EDITOR`).
 * Undefined where it would be a script.
 */
export function editorLink(template: string, { file, shown, line }: Place): string | undefined {
  if (/^\s*(?:javascript|data|vbscript):/i.test(template)) return undefined;
  return template
    .replaceAll("__RELATIVEFILE__", () => encodeURI(shown))
    .replaceAll("__FILE__", () => encodeURI(file))
    .replaceAll("__LINE__", () => String(line));
}
