import type { ErrorViews } from "../phoenix/render-errors.ts";

/** What URLs begin with. What is missing is the request's. */
export interface UrlParts {
  readonly scheme?: "http" | "https";
  readonly host?: string;
  /** Default: the scheme's, if a scheme or a host is given. */
  readonly port?: number;
  /** Where the site begins, such as `/blog`, if a proxy serves it there. */
  readonly path?: string;
}

/** What the conns of one server have in common (Phoenix: the configuration of an endpoint). */
export interface Settings {
  /** What cookies and sessions are signed and encrypted with: at least 64 bytes. */
  readonly secretKeyBase: string | undefined;
  /** Errors say where in the code a response was sent and a conn was lost, which costs some microseconds each time. */
  readonly development: boolean;
  /** What the URLs of this site begin with. */
  readonly url?: UrlParts | undefined;
  /** What the URLs of its static files begin with. Default: the same. */
  readonly staticUrl?: UrlParts | undefined;
  /** How errors are shown, by format. */
  readonly errors?: ErrorViews | undefined;
}

export const DEFAULT_SETTINGS: Settings = { secretKeyBase: undefined, development: false };
