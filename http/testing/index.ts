// The test kit: the test adapter is an adapter like the one over node:http, and what it runs is the same code.

export {
  call,
  conn,
  endRequest,
  putHttpProtocol,
  putPeerData,
  putSockData,
  putSslData,
} from "./conn.ts";
export { deleteReqCookie, initTestSession, putReqCookie, recycleCookies } from "./cookies.ts";
export type { RawAnswer, RawClient } from "./raw-client.ts";
export { request, type TestResponse } from "./request.ts";
export {
  assertErrorSent,
  htmlResponse,
  jsonResponse,
  redirectedTo,
  response,
  textResponse,
} from "./responses.ts";
export { type SentResponse, sentChunks, sentInforms, sentResp, sentUpgrades } from "./sent.ts";
export type { TestRequest } from "./test-request.ts";
export { type Draining, type DrainReport, type WithDrainOptions, withDrain } from "./with-drain.ts";
