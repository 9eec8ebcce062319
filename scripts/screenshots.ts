/**
 * Takes the pictures of the dashboard, `docs/pictures/dashboard-*.png`, from the demo with Debian's
 * Chromium: `deno task screenshots`. The first page is taken in both themes.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { delay, systemClock } from "../src/base/mod.ts";
import { DashboardDemo } from "./dashboard_demo/mod.ts";
import { packages } from "./dashboard_demo/sources.ts";

const directory = fileURLToPath(new URL("../docs/pictures/", import.meta.url));
/** Size of the pictures in pixels, and the largest file in bytes. */
const SIZE = { width: 1_000, height: 720 };
/** Height of the pictures of the first page, which end after its first plots. */
const NOW_HEIGHT = 830;
const MAX_BYTES = 100_000;
/** Time with traffic before the pictures are taken, so that the plots have something to show (ms). */
const TRAFFIC_MS = 45_000;

/** Time limit of each step in the browser (ms). */
const TIMEOUT_MS = 200_000;

const { name, version } = packages[0]!;

/** Pictures: the name of the file, the address, and the theme. */
const pictures: readonly { file: string; address: string; theme: "light" | "dark" }[] = [
  { file: "now", address: "/", theme: "light" },
  { file: "now-dark", address: "/", theme: "dark" },
  { file: "packages", address: "/packages", theme: "light" },
  { file: "package", address: `/packages/${name}/${version}`, theme: "light" },
  { file: "records", address: "/records", theme: "light" },
  { file: "publishers", address: "/publishers", theme: "light" },
  { file: "names", address: "/names", theme: "light" },
  { file: "dht", address: "/dht", theme: "light" },
  { file: "log", address: "/log", theme: "light" },
  { file: "settings", address: "/settings", theme: "light" },
];

async function takeAll(browser: Browser, origin: string): Promise<void> {
  const opened: Page[] = [];
  for (const { address, theme } of pictures) {
    const viewport = address === "/" ? { ...SIZE, height: NOW_HEIGHT } : SIZE;
    const context = await browser.newContext({ viewport, colorScheme: theme });
    context.setDefaultTimeout(TIMEOUT_MS);
    const page = await context.newPage();
    await page.goto(`${origin}/#${address}`);
    opened.push(page);
  }
  await delay(systemClock, TRAFFIC_MS);
  for (const [index, page] of opened.entries()) await take(page, pictures[index]!.file);
}

async function take(page: Page, file: string): Promise<void> {
  await page.getByText("Loading …").first().waitFor({ state: "hidden" });
  if (file.startsWith("now")) {
    // The picture shows a peer that downloads.
    await page.locator(".figure", { hasText: "Peers" }).locator(".value", { hasNotText: /^[0–]$/ })
      .waitFor();
  }
  const path = join(directory, `dashboard-${file}.png`);
  const { length } = await page.screenshot({ path, animations: "disabled" });
  if (length > MAX_BYTES) throw new Error(`${path} has ${length} bytes, more than ${MAX_BYTES}`);
  console.log(`${path} ${length} bytes`);
}

if (import.meta.main) {
  const ended = new AbortController();
  const demo = new DashboardDemo((line) => console.log(line), ended.signal);
  let exitCode = 0;
  try {
    await demo.start();
    const browser = await chromium.launch({ executablePath: "/usr/bin/chromium" });
    const traffic = demo.run().catch((error) => {
      if (!ended.signal.aborted) throw error;
    });
    try {
      await Promise.race([traffic, takeAll(browser, demo.homes[0]!.origin)]);
    } finally {
      await browser.close();
      ended.abort();
    }
  } catch (error) {
    console.error(`screenshots: ${(error as Error).message}`);
    exitCode = 1;
  } finally {
    await demo[Symbol.asyncDispose]();
  }
  Deno.exit(exitCode);
}
