/** What a server has now, and has had. */
export interface Counts {
  /** TCP connections that are served and are no WebSockets. */
  readonly connections: number;
  readonly requests: number;
  /** WebSockets. */
  readonly sockets: number;
  /** Connections that wait for one of `maxConnections` to end. */
  readonly waiting: number;
  /** Connections since the start, waiting ones too. */
  readonly accepted: number;
  /** Those of them that were closed because too many waited, or for too long. */
  readonly refused: number;
}
