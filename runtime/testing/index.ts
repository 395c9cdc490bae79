export { inVirtualTime, type VirtualSystem, type VirtualTimeOptions } from "./virtual-time.ts";
