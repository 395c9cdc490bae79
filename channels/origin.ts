/** `true`: the host of the page is the host of the server. A list: these origins, `"*.example.com"` that host and any below. */
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

/** `[scheme:]//host[:port]`: what is left out is any, but a scheme has its port. */
function matches(allowed: string, { protocol, hostname, port }: URL): boolean {
  const [, scheme, host = "", given] = ALLOWED.exec(allowed) ?? [];
  if (scheme !== undefined && scheme !== protocol) return false;
  const wanted = given ?? (scheme === undefined ? undefined : PORTS[scheme]);
  if (wanted !== undefined && wanted !== (port === "" ? PORTS[protocol] : port)) return false;
  return host.startsWith("*.") ? hostname === host.slice(2) || hostname.endsWith(host.slice(1)) : hostname === host;
}

const ALLOWED = /^(?:(\w+:)?\/\/)?(\[[^\]]*\]|[^:/]*)(?::(\d+))?\/?$/;
const PORTS: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };
