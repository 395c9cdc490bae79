export { answer, type From } from "../runtime/call.ts";
export { Agent, type AgentRef } from "./agent.ts";
export { child, GenServer, type StartOptions, start, startLink } from "./genserver.ts";
