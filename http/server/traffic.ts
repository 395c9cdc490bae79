import type { Socket } from "node:net";

/** Where a connection comes from, and how much has gone over it. A socket of a test may know none of it. */
export const traffic = ({ remotePort, bytesRead = 0, bytesWritten = 0 }: Socket) => ({
  remotePort,
  bytesRead,
  bytesWritten,
});
