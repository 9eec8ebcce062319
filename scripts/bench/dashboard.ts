/**
 * Measures the dashboard's list of packages in Chromium: the time from a key in the filter to the paint of
 * the rows that it leaves, and the longest task of the browser, while the page opens and while keys are
 * typed. `deno run -A scripts/bench/dashboard.ts`. It needs `deno task bundle` and Debian's chromium.
 */

import { FakeHome } from "../../tests/support/fake_home.ts";
import { CHROMIUM, TestBrowser } from "../../tests/support/browser.ts";
import { serveHome } from "../../tests/support/served_home.ts";
import { longestTaskOf } from "./traced_opening.ts";
import { type Contender, type Figures, type Metric, type Row, runBenchmarks } from "./harness.ts";

const metrics: readonly Metric[] = [
  { key: "median", name: "key to paint, median", unit: "ms" },
  { key: "longest", name: "key to paint, longest", unit: "ms" },
  { key: "event", name: "longest event, as the browser times it", unit: "ms" },
  { key: "task", name: "longest task (0: none of 50 ms)", unit: "ms" },
  { key: "opening", name: "longest task while the page opens (0: none of 50 ms)", unit: "ms" },
  { key: "openingCpu", name: "the same, processor time, in a traced opening", unit: "ms" },
];

/** Text that is typed and taken back, key by key: it leaves all rows, many, few, one. */
const TYPED = "package-0 1.2";
/** Pause between two keys (ms). */
const PAUSE_MS = 250;

/**
 * Notes the times from now on, and the long tasks since the page was opened. A paint counts when the rows have changed and the frame after that has been
 * drawn; a message is delivered only after it.
 */
const OBSERVE = `(() => {
  const noted = globalThis.noted = { paints: [], event: 0, task: 0, opening: 0 };
  const begun = performance.now();
  const longest = (nameOf) => (list) => {
    for (const { startTime, duration } of list.getEntries()) {
      const name = nameOf(startTime);
      noted[name] = Math.max(noted[name], duration);
    }
  };
  new PerformanceObserver(longest((startTime) => startTime < begun ? "opening" : "task"))
    .observe({ type: "longtask", buffered: true });
  new PerformanceObserver(longest(() => "event")).observe({ type: "event", durationThreshold: 16 });
  let pressed = 0;
  addEventListener("keydown", ({ timeStamp }) => {
    pressed = timeStamp;
    noted.paints.push(undefined);
  }, true);
  new MutationObserver(() => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    const [key, since] = [noted.paints.length - 1, pressed];
    port1.onmessage = () => noted.paints[key] = performance.now() - since;
    port2.postMessage(undefined);
  })).observe(document.querySelector("table"), { subtree: true, childList: true, attributes: true });
})()`;

interface Noted {
  paints: (number | null)[];
  event: number;
  task: number;
  opening: number;
}

async function measure(packages: number): Promise<Figures> {
  await using served = serveHome(new FakeHome(packages));
  await using browser = await TestBrowser.start();
  await using opened = await browser.open(`${served.origin}/#/packages`);
  const { page } = opened;
  await page.getByRole("table", { name: "Packages" }).waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  await page.getByRole("searchbox", { name: "Filter" }).focus();
  await page.evaluate(OBSERVE);
  await page.keyboard.type(TYPED, { delay: PAUSE_MS });
  for (const _ of TYPED) await page.keyboard.press("Backspace", { delay: PAUSE_MS });
  await page.waitForTimeout(PAUSE_MS);
  const { paints, event, task, opening } = await page.evaluate("noted") as Noted;
  const times = paints.filter((paint) => typeof paint === "number").sort((a, b) => a - b);
  const openingCpu = await openTraced(browser, served.origin);
  const [median, longest] = [times[times.length >> 1]!, times.at(-1)!];
  return { median, longest, event, task, opening, openingCpu };
}

async function openTraced(browser: TestBrowser, origin: string): Promise<number> {
  await using opened = await browser.open(`${origin}/icon.svg`);
  const { page } = opened;
  return await longestTaskOf(page, `${origin}/#/packages`, "/v1/packages", async () => {
    await page.getByText("Live", { exact: true }).waitFor();
    // The last row that the page holds at first.
    await page.locator('tr[aria-rowindex="38"]').waitFor();
  });
}

function contender(packages: number): Contender {
  return {
    name: `${packages.toLocaleString("en")} packages`,
    missing: () =>
      Deno.stat(CHROMIUM).then(() => undefined, () => Promise.resolve("chromium is not installed")),
    round: () => measure(packages),
  };
}

const row: Row = {
  id: "dashboard-filter",
  title: "Filter of the dashboard's list of packages",
  about:
    "Keys that filter the list, one each 250 ms, first added and then taken back. The ratio says " +
    "what the length of the list costs. The browser rounds its own times of events to 8 ms and reports " +
    "none below 16 ms.",
  metrics,
  contenders: [contender(10_000), contender(100)],
  rounds: 5,
};

export const rows: readonly Row[] = [{ ...row, short: { ...row, rounds: 2 } }];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
