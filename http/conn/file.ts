import { type FileHandle, open } from "node:fs/promises";
import { BadArgument } from "../../runtime/errors.ts";
import { show } from "../../runtime/inspect.ts";

/** A part of a file that is open, and known to be there. */
export interface OpenFile {
  readonly handle: FileHandle;
  readonly offset: number;
  readonly length: number;
}

export interface FileRange {
  readonly path: string;
  /** In bytes. Default 0. */
  readonly offset?: number;
  /** In bytes. Default: to the end. */
  readonly length?: number;
}

/** Opens a file and checks the range, so that what can go wrong does so before the response begins. */
export async function openFile({ path, offset = 0, length }: FileRange): Promise<OpenFile> {
  if (path.includes("\0")) throw new BadArgument(`sendFile: expected a path without NUL, got: ${show(path)}`);
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const wanted = length ?? size - offset;
    const whole = Number.isInteger(offset) && Number.isInteger(wanted);
    if (!whole || offset < 0 || wanted < 0 || offset + wanted > size) {
      throw new BadArgument(
        `sendFile: expected a part of the ${size} bytes of ${path}, got: ${show({ offset, length })}`,
      );
    }
    return { handle, offset, length: wanted };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
