import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { keepAliveClient } from "./keep-alive-client.ts";
import { Program } from "./program.ts";

const CLIENTS = 20;
/** Milliseconds between two requests of a client. */
const PACE = 20;
const REQUESTS = 200;

/** The cluster of two, with the process ids of its two services. */
async function start(port?: number) {
  const at = port ?? (await freePort());
  const program = new Program("examples/cluster/main.ts", { PORT: String(at), PROCESSES: "2" });
  try {
    await program.line(/listening on [\s\S]*listening on /);
    return { program, port: at, services: await answering(at, 2) };
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}

/** A connection of its own for each request: they are dealt out in turn. */
async function ask(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
  const [, pid] = /^visit \d+ to (\d+)\n$/.exec(await answer.text()) ?? [];
  return Number(pid);
}

/** Asks until so many different services have answered. */
async function answering(port: number, count: number, before: readonly number[] = []): Promise<readonly number[]> {
  const pids = new Set(before);
  while (pids.size < count) pids.add(await ask(port));
  return [...pids];
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("examples/cluster", () => {
  test("two OS processes serve one port, each with names and state of its own", async () => {
    const { program, port, services } = await start();
    await using _ = program;
    expect(new Set([...services, program.child.pid]).size).toBe(3);
    const visits = new Map<number, number[]>();
    for (let i = 0; i < 20; i++) {
      const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } });
      const [, visit, pid] = /^visit (\d+) to (\d+)/.exec(await answer.text()) ?? [];
      visits.set(Number(pid), [...(visits.get(Number(pid)) ?? []), Number(visit)]);
    }
    expect([...visits.keys()].toSorted()).toEqual(services.toSorted());
    for (const [, counts] of visits) {
      expect(counts.length).toBeGreaterThan(5);
      expect(counts).toEqual(counts.map((_, i) => (counts[0] as number) + i));
    }
  });

  test("a service that is killed is started again, and the other serves on meanwhile", async () => {
    const { program, port, services } = await start();
    await using _ = program;
    const [victim, other] = services as [number, number];
    process.kill(victim, "SIGKILL");
    await program.line(new RegExp(`OS process ${victim} ended \\(SIGKILL\\)`));
    const answers: number[] = [];
    while (answers.every((pid) => pid === other)) answers.push(await ask(port));
    expect(answers.length, "answers of the other, and one of the new service").toBeGreaterThan(1);
    expect(answers.at(-1)).not.toBe(victim);
    program.signal("SIGTERM");
    expect(await program.code(), program.output).toBe(0);
  });

  const ends = [
    ["SIGTERM to the parent", "SIGTERM", false],
    ["a Ctrl-C, which reaches all of them,", "SIGINT", true],
  ] as const;
  test.each(ends)("%s ends all with 0, and no request of keep-alive clients is lost", async (_title, signal, toAll) => {
    const { program, port, services } = await start();
    await using _ = program;
    const busy = Promise.withResolvers<void>();
    let answers = 0;
    const count = (): void => {
      if (++answers === REQUESTS) busy.resolve();
    };
    const clients = Array.from({ length: CLIENTS }, () => keepAliveClient(port, "/work", PACE, count));
    await busy.promise;
    program.signal(signal);
    if (toAll) for (const pid of services) process.kill(pid, signal);
    const failures = (await Promise.all(clients)).map(({ failure }) => failure).filter(Boolean);
    expect(failures).toEqual([]);
    expect(await program.code(), program.output).toBe(0);
    expect(program.output.match(/stopped; exit code 0/g)).toHaveLength(3);
    expect(services.filter(isRunning)).toEqual([]);
  });

  test("a service that does not end as it was told is named, and the exit code is 1", async () => {
    const { program, port, services } = await start();
    await using _ = program;
    // Connections that stay open: whoever drains waits a while until they have been quiet for long enough.
    const visit = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text();
    await Promise.all(Array.from({ length: CLIENTS }, visit));
    program.signal("SIGTERM");
    await program.line(/draining: [\s\S]*draining: /);
    process.kill(services[0] as number, "SIGKILL");
    expect(await program.code()).toBe(1);
    expect(program.output).toMatch(
      new RegExp(`did not stop as told \\(shutdown: 10000\\): 'OS process ${services[0]} ended \\(SIGKILL\\)'`),
    );
  });

  test("services that end too often end the program with 1, and none is left", async () => {
    const { program, port, services } = await start();
    await using _ = program;
    let alive = services;
    for (let kill = 1; kill <= 4; kill++) {
      const [victim, other] = alive as [number, number];
      process.kill(victim, "SIGKILL");
      await program.line(new RegExp(`OS process ${victim} ended`));
      if (kill < 4) alive = await answering(port, 2, [other]);
    }
    expect(await program.code()).toBe(1);
    expect(program.output).toMatch(/ fleet .*gives up: more than 3 restarts in 5 s/);
    expect(alive.filter(isRunning)).toEqual([]);
  });

  test("an OS process whose server is killed is killed, too", async () => {
    await using program = new Program("test/system/fixtures/killed-os-process.ts", { PORT: String(await freePort()) });
    expect(await program.code(), program.output).toBe(0);
    expect(program.output).toContain("the OS process ended: SIGKILL\n");
    expect(program.output).not.toMatch(/\[(warning|error)\]/);
  });

  test("when the parent is killed its services end, too", async () => {
    const { program, services } = await start();
    await using _ = program;
    program.signal("SIGKILL");
    await program.code();
    // Whose parent has gone is counted as running until the system has noticed its end.
    await expect.poll(() => services.filter(isRunning), { timeout: 10_000 }).toEqual([]);
  });

  test("a port that is taken ends the program with 1, and it says why", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    await using program = new Program("examples/cluster/main.ts", { PORT: String(port), PROCESSES: "2" });
    expect(await program.code()).toBe(1);
    expect(program.output).toContain(`cannot listen on 127.0.0.1:${port}: another program listens there`);
    expect(program.output).toMatch(/OS process \d+ ended \(exit code 1\)/);
    taken.close();
  });
});
