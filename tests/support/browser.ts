/**
 * Debian's Chromium for tests of the dashboard: pages that notice violations of their policy, requests to
 * other origins and errors, and checks of accessibility and width.
 *
 * @module
 */

import assert from "node:assert/strict";
import axe from "axe-core";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { interopTest } from "./interop_test_case.ts";

/** Path of Debian's Chromium. */
export const CHROMIUM = "/usr/bin/chromium";
/** Host name that the browser resolves to 127.0.0.1, and which is no name of the loopback interface. */
export const OTHER_NAME = "dashboard.test";
/** Time limit of each wait (ms). Generous, since the machine may be busy. */
const TIMEOUT_MS = 120_000;

/** Options of a page, besides those of Playwright. */
export interface PageOptions extends BrowserContextOptions {
  /** Width of the window, CSS pixels. Default 1,280. */
  width?: number;
}

/** A page, and all that went wrong in it. */
export interface OpenPage extends AsyncDisposable {
  page: Page;
  context: BrowserContext;
  /** Violations of the policy, errors of scripts, and requests to other origins. */
  problems: string[];
}

/** A running browser. */
export class TestBrowser implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** Starts Chromium. */
  static async start(): Promise<TestBrowser> {
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      timeout: TIMEOUT_MS,
      args: [
        `--host-resolver-rules=MAP ${OTHER_NAME} 127.0.0.1`,
        "--disable-background-networking",
      ],
    });
    return new TestBrowser(browser);
  }

  /** Opens an address in a profile of its own. */
  async open(url: string, { width = 1_280, ...options }: PageOptions = {}): Promise<OpenPage> {
    const context = await this.#browser.newContext({
      viewport: { width, height: 900 },
      ...options,
    });
    context.setDefaultTimeout(TIMEOUT_MS);
    // axe-core is evaluated before the page's policy forbids scripts.
    await context.addInitScript({ content: axe.source });
    const page = await context.newPage();
    const problems: string[] = [];
    const { origin } = new URL(url);
    page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
    page.on("console", (message) => {
      const text = message.text();
      // A failed request is an error of the console too; tests of an offline daemon make some.
      // Chromium heeds the opener policy on localhost and with HTTPS only, and says so under other names.
      const isKnown = /^Failed to load resource|^The Cross-Origin-Opener-Policy header has been/;
      if (["error", "warning"].includes(message.type()) && !isKnown.test(text)) {
        problems.push(`console: ${text}`);
      }
    });
    page.on("request", (request) => {
      const { protocol, origin: other } = new URL(request.url());
      if (protocol !== "data:" && other !== origin) problems.push(`request: ${request.url()}`);
    });
    await page.goto(url, { timeout: TIMEOUT_MS });
    return { page, context, problems, [Symbol.asyncDispose]: () => context.close() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** Registers a test with Chromium, which is ignored if Chromium is not installed. */
export async function browserTest(
  name: string,
  run: (browser: TestBrowser, t: Deno.TestContext) => Promise<void>,
): Promise<void> {
  await interopTest(name, ["chromium"], async (t) => {
    const browser = await TestBrowser.start();
    try {
      await run(browser, t);
    } finally {
      await browser[Symbol.asyncDispose]();
    }
  });
}

/** Asserts that axe-core finds nothing in a page. */
export async function assertAccessible(page: Page, label: string): Promise<void> {
  const found = await page.evaluate(`axe.run(document, { resultTypes: ["violations"] })
    .then(({ violations }) => violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => id + ": " + html + ": " + failureSummary)))`);
  assert.deepEqual(found, [], label);
}

/** Asserts that a page does not scroll sideways, and names the elements that are too wide. */
export async function assertFits(page: Page, label: string): Promise<void> {
  const wide = await page.evaluate(`(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    return [...document.querySelectorAll("body *")]
      .filter((element) => element.getBoundingClientRect().right > clientWidth + 1)
      .map((element) => element.outerHTML.slice(0, 120)).concat("width " + scrollWidth);
  })()`);
  assert.deepEqual(wide, [], label);
}

/** Asserts that nothing has moved since a page was opened (cumulative layout shift, CLS). */
export async function assertStill(page: Page, label: string): Promise<void> {
  const moved = await page.evaluate(`new Promise((resolve) => {
    const moved = [];
    new PerformanceObserver((list) => {
      for (const { value, hadRecentInput, sources } of list.getEntries()) {
        if (hadRecentInput || value < 0.001) continue;
        for (const { node, previousRect, currentRect } of sources) {
          const what = node?.outerHTML?.slice(0, 80) ?? node?.textContent;
          moved.push([value, what, previousRect.y, currentRect.y].join(" "));
        }
      }
    }).observe({ type: "layout-shift", buffered: true });
    requestAnimationFrame(() => setTimeout(() => resolve(moved), 100));
  })`);
  assert.deepEqual(moved, [], label);
}

/** Returns how much a page has moved since it was opened (cumulative layout shift, CLS). */
export async function layoutShift(page: Page): Promise<number> {
  return await page.evaluate(`new Promise((resolve) => {
    let sum = 0;
    new PerformanceObserver((list) => {
      for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) sum += value;
    }).observe({ type: "layout-shift", buffered: true });
    requestAnimationFrame(() => setTimeout(() => resolve(sum), 100));
  })`);
}
