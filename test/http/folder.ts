import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of files for the tests of Static, with a secret beside it. */
export interface Folder extends AsyncDisposable {
  readonly root: string;
}

export async function folder(): Promise<Folder> {
  const base = await mkdtemp(join(tmpdir(), "hornbeam-static-"));
  const root = join(base, "public");
  await mkdir(join(root, "css", "deep"), { recursive: true });
  await mkdir(join(root, ".hidden"));
  await mkdir(join(base, "public-secrets"));
  const files: Readonly<Record<string, string>> = {
    "index.html": "<h1>index</h1>",
    "digits.txt": "0123456789",
    "empty.txt": "",
    "a b.txt": "space",
    "é.txt": "accent",
    "unknown.zzz": "?",
    "css/site.css": "body {}",
    "css/deep/x.js": "1;",
    "data.json": "{}",
    ".env": "secret",
    ".hidden/x.txt": "secret",
    "../secret.txt": "secret",
    "../public-secrets/x.txt": "secret",
  };
  for (const [path, text] of Object.entries(files)) await writeFile(join(root, path), text);
  await symlink(join(root, "digits.txt"), join(root, "inside.txt"));
  await symlink(join(base, "secret.txt"), join(root, "outside.txt"));
  await symlink(base, join(root, "up"));
  await symlink(join(base, "public-secrets"), join(root, "beside"));
  await symlink(join(root, "loop"), join(root, "loop"));
  await symlink(join(root, "nothing"), join(root, "dangling"));
  return { root, [Symbol.asyncDispose]: () => rm(base, { recursive: true }) };
}
