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
const PASSWORD = "correct horse battery";

describe.skipIf(!available)("in a real Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: ARGS });
  });
  afterAll(() => browser.close());

  test("somebody registers, sees the settings, logs out, is sent to log in, and is remembered", async () => {
    await using auth = new Program("examples/auth/main.ts", { PORT: "0" });
    const url = `http://localhost:${await auth.port()}`;
    const context = await browser.newContext({ viewport: { width: 960, height: 640 } });
    const page = await context.newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().includes("422")) problems.push(message.text());
    });

    await page.goto(`${url}/users/register`);
    await fill(page, { Email: "ada@example.org", Password: "short" });
    await page.getByRole("button", { name: "Create an account" }).click();
    await page.getByText("should be at least 12 characters").waitFor();
    await shoot(page, "auth-refused");
    await fill(page, { Email: "ada@example.org", Password: PASSWORD });
    await page.getByRole("button", { name: "Create an account" }).click();
    await page.getByRole("heading", { name: "Hello, ada@example.org" }).waitFor();
    expect(await page.getByRole("alert").allTextContents()).toEqual(["Your account was created."]);
    await shoot(page, "auth-home");
    await page.reload();
    expect(await page.getByRole("alert").count()).toBe(0);

    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("heading", { name: "Welcome" }).waitFor();

    await page.goto(`${url}/users/settings`);
    await page.getByText("You must log in to see this page.").waitFor();
    await fill(page, { Email: "ada@example.org", Password: PASSWORD });
    await page.getByLabel("Keep me logged in for 60 days").check();
    await shoot(page, "auth-log-in");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/users/settings");

    await context.clearCookies({ name: "_auth" });
    await page.goto(url);
    await page.getByRole("heading", { name: "Hello, ada@example.org" }).waitFor();
    expect(await page.evaluate("document.cookie")).toBe("");
    expect(await page.evaluate("getComputedStyle(document.querySelector('.card')).borderRadius")).toBe("14px");
    expect(problems).toEqual([]);

    auth.signal("SIGTERM");
    expect(await auth.code()).toBe(0);
  });
});

async function fill(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
}

async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS === undefined) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: `${SHOTS}/${name}.png` });
}
