// The test kit: the test adapter is an adapter like the one over node:http, and what it runs is the same code.

export {
  call,
  conn,
  endRequest,
  putHttpProtocol,
  putPeerData,
  putSockData,
  putSslData,
} from "./testing/conn.ts";
export { deleteReqCookie, initTestSession, putReqCookie, recycleCookies } from "./testing/cookies.ts";
export type { RawAnswer, RawClient } from "./testing/raw-client.ts";
export { request, type TestResponse } from "./testing/request.ts";
export {
  assertErrorSent,
  htmlResponse,
  jsonResponse,
  redirectedTo,
  response,
  textResponse,
} from "./testing/responses.ts";
export { type SentResponse, sentChunks, sentInforms, sentResp, sentUpgrades } from "./testing/sent.ts";
export type { TestRequest } from "./testing/test-request.ts";
export { type Draining, type DrainReport, type WithDrainOptions, withDrain } from "./testing/with-drain.ts";
