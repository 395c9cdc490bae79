import { existsSync, mkdirSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Program } from "../system/program.ts";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const available = existsSync(CHROMIUM);
if (!available) {
  console.warn(`skipped: the browser tests need Chromium, and there is none at ${CHROMIUM} (set CHROMIUM to its path)`);
}

const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic", "--no-first-run"];
const SHOTS = process.env.SCREENSHOTS;

describe.skipIf(!available)("in a real Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: ARGS });
  });
  afterAll(() => browser.close());

  test("two visitors chat, crash the room, see it come back, and go on chatting without a reload", async () => {
    await using chat = new Program("examples/chat/main.ts", { PORT: "0" });
    const url = `http://localhost:${await chat.port()}`;
    const [ada, bob] = await Promise.all([visit(browser, url, "ada"), visit(browser, url, "bob")]);

    await expect.poll(() => texts(ada, "person")).toEqual(expect.arrayContaining([expect.stringContaining("bob")]));
    await say(ada, "hello from ada");
    await seen(bob, "hello from ada");
    await say(bob, "hello from bob");
    await seen(ada, "hello from bob");
    await shoot(ada, "chatting");

    const pid = await roomPid(ada);
    const [loads] = await marks([ada, bob]);
    await ada.getByTestId("crash").click();
    for (const page of [ada, bob]) {
      await page.locator('[data-testid="system"].crashed').first().waitFor();
      await page.locator('[data-testid="system"].back').first().waitFor();
      await joined(page);
    }
    await expect.poll(() => roomPid(ada)).not.toBe(pid);
    await expect.poll(async () => Number((await texts(ada, "restarts"))[0])).toBe(1);
    await shoot(bob, "crashed");

    await say(bob, "still here");
    await seen(ada, "still here");
    await say(ada, "me too");
    await seen(bob, "me too");
    expect((await marks([ada, bob]))[0]).toEqual(loads);
    expect(await ada.locator('[data-testid="message"]', { hasText: "still here" }).count()).toBe(1);

    chat.signal("SIGTERM");
    expect(await chat.code()).toBe(0);
    await ada.locator('[data-testid="status"][data-state="reconnecting"]').waitFor();
  });

  test("a page that lost its server finds the next one by itself", async () => {
    await using first = new Program("examples/chat/main.ts", { PORT: "0" });
    const port = await first.port();
    const ada = await visit(browser, `http://localhost:${port}`, "ada");
    first.signal("SIGTERM");
    await first.code();
    await ada.locator('[data-testid="status"][data-state="reconnecting"]').waitFor();
    await using second = new Program("examples/chat/main.ts", { PORT: String(port) });
    await second.port();
    await ada.locator('[data-testid="status"][data-state="connected"]').waitFor();
    await joined(ada);
    await say(ada, "back again");
    await seen(ada, "back again");
  });
});

async function visit(browser: Browser, url: string, user: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.goto(`${url}/?user=${user}`);
  await joined(page);
  expect(problems).toEqual([]);
  // Set once: a reload would lose it.
  await page.evaluate("window.mark = Math.random()");
  return page;
}

const joined = (page: Page) => page.locator('body[data-channel="joined"]').waitFor();

const marks = (pages: readonly Page[]) => Promise.all([Promise.all(pages.map((page) => page.evaluate("window.mark")))]);

async function say(page: Page, text: string): Promise<void> {
  await page.getByTestId("composer").fill(text);
  await page.getByTestId("send").click();
}

const seen = (page: Page, text: string) => page.locator('[data-testid="message"] .text', { hasText: text }).waitFor();

const texts = (page: Page, id: string) => page.getByTestId(id).allTextContents();

const roomPid = (page: Page) =>
  page.locator('[data-testid="tree-node"][data-id="rooms"] [data-testid="tree-node"]').first().getAttribute("data-pid");

async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS === undefined) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: `${SHOTS}/${name}.png` });
}
