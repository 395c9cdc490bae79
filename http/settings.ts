/** What the conns of one server have in common (Phoenix: the configuration of an endpoint). */
export interface Settings {
  /** What cookies and sessions are signed and encrypted with: at least 64 bytes. */
  readonly secretKeyBase: string | undefined;
  /** Errors say where in the code a response was sent and a conn was lost, which costs some microseconds each time. */
  readonly development: boolean;
}

export const DEFAULT_SETTINGS: Settings = { secretKeyBase: undefined, development: false };
