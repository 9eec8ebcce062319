/**
 * Opens a page under Chromium's tracer, for the processor time of its tasks. Unlike their duration, it does
 * not count the time in which other programs had the processor.
 *
 * @module
 */

import type { Page } from "playwright-core";

/** The part of a trace event that is read; times are in microseconds. */
interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  /** Time of the processor that the thread took; absent for events without a duration. */
  tdur?: number;
  args: { data?: { url?: string } };
}

/**
 * Opens a page.
 *
 * @param request end of the address of a request that the page sends, which tells its thread from others
 * @param opened resolves when the page counts as opened
 * @returns the longest processor time of a task of the page's main thread, milliseconds
 */
export async function longestTaskOf(
  page: Page,
  url: string,
  request: string,
  opened: () => Promise<void>,
): Promise<number> {
  const session = await page.context().browser()!.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  session.on("Tracing.dataCollected", ({ value }) => {
    events.push(...value as unknown as TraceEvent[]);
  });
  await session.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: { includedCategories: ["toplevel", "devtools.timeline"] },
  });
  await page.goto(url);
  await opened();
  const complete = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
  await session.send("Tracing.end");
  await complete;
  await session.detach();
  const sent = events.find(({ name, args }) =>
    name === "ResourceSendRequest" && args.data?.url?.endsWith(request)
  );
  if (sent === undefined) throw new Error(`the trace has no request of ${request}`);
  const { pid, tid } = sent;
  const tasks = events.filter((event) =>
    event.name === "ThreadControllerImpl::RunTask" && event.pid === pid && event.tid === tid
  );
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur / 1_000));
}
