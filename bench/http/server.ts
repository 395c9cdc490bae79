// The servers of the HTTP benchmarks, one a process:   node bench/http/server.ts IMPLEMENTATION SITE
//
// Prints its port. On standard input it is asked for the CPU time that it has used, in microseconds ("cpu"), or for its
// resident memory after a full collection, in bytes ("rss", with --expose-gc). It ends with its input.

import { createInterface } from "node:readline";
import { collect } from "../harness.ts";
import { SITES, type Site, type Sites } from "./site.ts";

const [implementation = "", site = ""] = process.argv.slice(2);
const { sites }: { readonly sites: Sites } = await import(`./${implementation}.ts`);
if (!SITES.includes(site as Site)) throw new Error(`expected one of ${SITES.join(", ")}, got: ${site}`);
console.log(await sites[site as Site]());

const questions = createInterface({ input: process.stdin });
questions.on("line", (question) => {
  if (question === "rss") collect();
  const { user, system: kernel } = process.cpuUsage();
  console.log(question === "rss" ? process.memoryUsage.rss() : user + kernel);
});
questions.on("close", () => process.exit());
