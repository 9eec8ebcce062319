/**
 * Events of the worker thread: passes each to the listener that it is for, or to the call that waits for
 * it.
 *
 * @module
 */

import type { BindingState } from "../../base/mod.ts";
import type { DhtState, DownloadProgress } from "../../engine/mod.ts";
import type { MutableItem } from "../../records/mod.ts";
import type { ReachabilityStatus } from "../../reachability/mod.ts";
import type { PortMappingStatus } from "../../router/mod.ts";
import type { ReportData, WorkerEvent } from "../../worker/mod.ts";
import type { OnAnswer, QuestionListeners } from "./questions.ts";

/** Callbacks for events of the worker thread. */
export interface WorkerHandleListeners extends QuestionListeners {
  onDht: (state: DhtState) => void;
  onPortMapping: (status: PortMappingStatus | undefined) => void;
  onPinhole: (status: PortMappingStatus | undefined) => void;
  onReachability: (status: ReachabilityStatus) => void;
  /** Called when the state of the addresses to which the engine is bound has changed. */
  onBinding: (state: BindingState) => void;
  onAnnounced: (report: ReportData) => void;
  onFailure: (error: Error) => void;
  /** Called with each log line of the worker thread or of a library in the thread. */
  onLog: (level: "warn" | "debug", message: string) => void;
  /** Called when a peer connects for a seeded archive, once an hour for each. */
  onAsked?: (infoHashHex: string) => void;
  /** Called when the `.torrent` file of a seeded archive cannot be read. */
  onUnreadable: (infoHashHex: string, message: string) => void;
}

/** Functions of running calls that hear events, each by the number of its operation. */
export class Callers {
  readonly progress = new Map<number, (progress: DownloadProgress) => void>();
  readonly shown = new Map<number, (item: MutableItem) => void>();
  readonly answers = new Map<number, OnAnswer>();
  readonly reports = new Map<number, (report: ReportData) => void>();
}

/** Passes an event of the worker on. Questions of peers are answered elsewhere. */
export function hearEvent(
  event: Exclude<WorkerEvent, { event: "question" | "failure" }>,
  listeners: WorkerHandleListeners,
  callers: Callers,
): void {
  switch (event.event) {
    case "dht":
      return listeners.onDht(event.state);
    case "port-mapping":
      return listeners.onPortMapping(event.status);
    case "pinhole":
      return listeners.onPinhole(event.status);
    case "reachability":
      return listeners.onReachability(event.status);
    case "binding":
      return listeners.onBinding(event.state);
    case "unreadable":
      return listeners.onUnreadable(event.infoHashHex, event.message);
    case "asked":
      return listeners.onAsked?.(event.infoHashHex);
    case "log":
      return listeners.onLog(event.level, event.message);
    case "progress":
      return callers.progress.get(event.operation)?.(event.progress);
    case "shown":
      return callers.shown.get(event.operation)?.(event.item);
    case "answer":
      return callers.answers.get(event.operation)?.(event.answer, event.from);
    case "announced":
      if (event.operation === undefined) listeners.onAnnounced(event.report);
      else callers.reports.get(event.operation)?.(event.report);
  }
}
