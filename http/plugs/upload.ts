import { randomBytes } from "node:crypto";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { perSystem } from "../../runtime/entries.ts";
import { addressOf } from "../../runtime/pid.ts";
import type { Process } from "../../runtime/process.ts";
import { processOf } from "../../runtime/self.ts";
import type { Pid, Self } from "../../runtime/types.ts";
import { HttpError } from "../errors.ts";

/**
 * A file that came with a form, in a temporary file of the process that serves the request (Plug: `Plug.Upload`). It is
 * gone when that process ends, however it ends: move it, copy it, or give it away.
 */
export class Upload {
  /** Where it is: a random name, for its owner alone (mode 0600). */
  readonly path: string;
  /** What the client says it is called. Not made safe: do not save it under that name. */
  readonly filename: string;
  /** What the client says it is. */
  readonly contentType: string | undefined;
  /** In bytes. */
  readonly size: number;

  constructor(path: string, filename: string, contentType: string | undefined, size: number) {
    this.path = path;
    this.filename = filename;
    this.contentType = contentType;
    this.size = size;
  }
}

/** A file that is there for as long as its owner lives. */
class OwnedFile implements Disposable {
  readonly path: string;
  owner: Process;
  /** While it is written. */
  handle: FileHandle | undefined = undefined;

  constructor(path: string, owner: Process) {
    this.path = path;
    this.owner = owner;
    files.set(path, this);
    owner.own(this);
  }

  giveTo(owner: Process): void {
    this.owner.disown(this);
    this.owner = owner;
    if (owner.dead) this[Symbol.dispose]();
    else owner.own(this);
  }

  delete(): void {
    this.owner.disown(this);
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    files.delete(this.path);
    void this.handle?.close();
    rmSync(this.path, { force: true });
  }
}

/** All that are there, of all systems: their names are unique. */
const files = new Map<string, OwnedFile>();

/** The folder of a system in each of the folders that were asked for. */
const folders = perSystem(() => new Map<string, string>());

/** The root of the system owns it, and ends last. */
function folderOf({ kernel }: Process, parent: string): string {
  const made = folders(kernel);
  const known = made.get(parent);
  // Those who clear temporary folders away may have been there.
  if (known !== undefined && existsSync(known)) return known;
  const folder = mkdtempSync(join(parent, "hornbeam-"));
  made.set(parent, folder);
  kernel.root?.own({
    [Symbol.dispose]: () => {
      made.delete(parent);
      rmSync(folder, { recursive: true, force: true });
    },
  });
  return folder;
}

function newPath(owner: Process, prefix: string, parent: string): string {
  return join(folderOf(owner, parent), `${prefix}-${randomBytes(16).toString("base64url")}`);
}

/** Nobody else has it, and nobody but us may read it. */
const FLAGS = "wx";
const MODE = 0o600;

/**
 * Makes an empty file that is gone when the process ends, and returns its path (Plug: `Plug.Upload.random_file/1`).
 *
 * @example
 * const path = temporaryFile(self, "export");
 */
export function temporaryFile(by: Self, prefix = "file", parent = tmpdir()): string {
  const owner = processOf(by);
  const path = newPath(owner, prefix, parent);
  closeSync(openSync(path, FLAGS, MODE));
  return new OwnedFile(path, owner).path;
}

/**
 * Writes what comes to a temporary file of the process, and returns where it is, and its size. 507 when there is no room
 * for it; nothing of it is left then.
 */
export async function saveUpload(
  by: Self,
  pieces: AsyncIterable<Uint8Array>,
  parent = tmpdir(),
): Promise<{ readonly path: string; readonly size: number }> {
  const owner = processOf(by);
  owner.signal.throwIfAborted();
  const file = new OwnedFile(newPath(owner, "upload", parent), owner);
  try {
    const handle = await open(file.path, FLAGS, MODE);
    file.handle = handle;
    // It may have come after the end: then what that has done to the file is done again.
    owner.signal.throwIfAborted();
    let size = 0;
    for await (const piece of pieces) {
      owner.signal.throwIfAborted();
      await handle.appendFile(piece);
      size += piece.byteLength;
    }
    file.handle = undefined;
    await handle.close();
    return { path: file.path, size };
  } catch (error) {
    file.delete();
    owner.signal.throwIfAborted();
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOSPC" || code === "EDQUOT") {
      throw new HttpError(507, "there is no room for the upload", { cause: error });
    }
    throw error;
  }
}

const pathOf = (upload: Upload | string): string => (typeof upload === "string" ? upload : upload.path);

/**
 * Gives an upload, or a temporary file, to another process, with which it ends from now on (Plug: `give_away/3`). False
 * when there is no such file (any more). With a process that has ended, it is gone at once.
 *
 * @example
 * const keep = (conn: Conn, worker: Pid) => giveAway(conn.bodyParams.photo as Upload, worker);
 */
export function giveAway(upload: Upload | string, to: Pid): boolean {
  const file = files.get(pathOf(upload));
  if (file === undefined) return false;
  const { process } = addressOf(to);
  if (process === null) file.delete();
  else file.giveTo(process);
  return true;
}

/**
 * Deletes an upload, or a temporary file, before its owner ends (Plug: `Plug.Upload.delete/1`). False when there is no
 * such file (any more).
 *
 * @example
 * const done = (conn: Conn) => deleteUpload(conn.bodyParams.photo as Upload);
 */
export function deleteUpload(upload: Upload | string): boolean {
  const file = files.get(pathOf(upload));
  file?.delete();
  return file !== undefined;
}
