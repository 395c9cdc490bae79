/** Empty segments do not count: `//a//b/` is `/a/b`. Not decoded. */
export function splitPath(path: string): readonly string[] {
  const segments: string[] = [];
  for (let start = 0, end = 0; end >= 0; start = end + 1) {
    end = path.indexOf("/", start);
    const segment = end < 0 ? path.slice(start) : path.slice(start, end);
    if (segment !== "") segments.push(segment);
  }
  return segments;
}
