import mime from "mime";

/** The media type of a format or of a file by its name: `json`, `photo.png`; undefined when nobody knows. */
export const mimeType = (nameOrExtension: string): string | undefined => mime.getType(nameOrExtension) ?? undefined;
