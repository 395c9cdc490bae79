/** `true`: the host of the page is the host of the server. A list: these origins, `"*.example.com"` any host below. */
export type CheckOrigin = boolean | readonly string[];

/**
 * Whether a browser's page may connect. A request without `Origin` comes from no browser's page and passes (Phoenix:
 * `check_origin`).
 */
export function originAllowed(check: CheckOrigin, origin: string | undefined, hostHeader: string | undefined): boolean {
  if (check === false || origin === undefined) return true;
  const url = URL.parse(origin);
  if (url === null || url.host === "") return false;
  if (check === true) return url.host === hostHeader?.toLowerCase().replace(/:(80|443)$/, "");
  return check.some((allowed) => matches(allowed, url));
}

function matches(allowed: string, { protocol, host, hostname }: URL): boolean {
  const [, scheme, rest = allowed] = /^(\w+:)?\/\/(.*)$/.exec(allowed) ?? [];
  if (scheme !== undefined && scheme !== protocol) return false;
  if (rest.startsWith("*.")) return hostname === rest.slice(2) || hostname.endsWith(rest.slice(1));
  return rest === host || rest === hostname;
}
