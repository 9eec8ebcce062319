/**
 * Sends what happens in a daemon to the server of the setting `webhook`.
 *
 * @module
 */

import { type Clock, toHex, utf8 } from "../../base/mod.ts";
import type { Settings } from "../../config/mod.ts";
import type { Operations, WatchEvent, WatchKind, WebhookJson } from "../../control/mod.ts";
import { GateClient, GateError } from "../../gate/mod.ts";
import { Deliveries } from "./deliveries.ts";
import { ProblemWatch } from "./problem_watch.ts";
import { readSecret, signedFields } from "./signature.ts";

/** Length of a message's random id, bytes. */
const ID_BYTES = 16;
/** Maximum length of an error's message in a webhook, UTF-16 units. */
const MAX_ERROR = 500;

/** A running webhook. */
export interface Webhook {
  readonly status: WebhookJson;
  /** Ends it. Messages that wait are lost. */
  stop(): Promise<void>;
}

/** Options of {@linkcode startWebhook}. */
export interface WebhookOptions {
  url: string;
  events: Settings["webhookEvents"];
  /** Absolute path of the file with the secret, which is made if it is missing. */
  secretPath: string;
  operations: Pick<Operations, "watch">;
  /** Has the gate serve a port, which is transferred, for the server of the URL. */
  openGate: (port: MessagePort) => void;
  clock: Clock;
  /** Returns a random number from 0 inclusive to 1 exclusive. */
  random: () => number;
  onNotice: (message: string) => void;
  onWarning: (message: string) => void;
}

/** The content of a message; its id and time are added. */
type Content =
  | {
    event: "download.ended" | "download.failed";
    /** `NAME@VERSION`. */
    package: string;
    /** 40 hexadecimal digits. */
    infoHash: string;
    lengthBytes: number;
    error?: string;
  }
  | { event: "problem.began" | "problem.ended"; problem: object };

/** Starts a webhook. It never disturbs the host: what it cannot do, it logs and tells in its status. */
export async function startWebhook(options: WebhookOptions): Promise<Webhook> {
  try {
    return await begin(options);
  } catch (error) {
    const failure = (error as Error).message;
    options.onWarning(`no message is sent to the webhook: ${failure}`);
    const status = { waiting: 0, delivered: 0, lost: 0, failure };
    return { status, stop: () => Promise.resolve() };
  }
}

async function begin(options: WebhookOptions): Promise<Webhook> {
  const { url, events, operations, clock, onWarning } = options;
  const secret = await readSecret(options.secretPath);
  const gate = new Gate(options.openGate, clock);
  const deliveries = new Deliveries({
    ...options,
    post: ({ id, body }, signal) => {
      const timestampS = Math.floor(clock.now() / 1_000);
      const signed = signedFields(secret, { id, timestampS, body });
      const fields = { "Content-Type": "application/json", ...signed };
      return gate.post({ url, fields, body }, signal);
    },
  });
  const send = (content: Content) => {
    const id = `msg_${toHex(crypto.getRandomValues(new Uint8Array(ID_BYTES)))}`;
    deliveries.send({ id, body: utf8(JSON.stringify({ id, timeMs: clock.now(), ...content })) });
  };
  const problems = new ProblemWatch(
    clock,
    (problem, isThere) => send({ event: isThere ? "problem.began" : "problem.ended", problem }),
  );
  const hear = (event: WatchEvent) => {
    // Only archives have a label; lists of publishers' packages are downloaded all the time.
    if (event.kind === "progress" && event.done && event.label !== undefined) {
      send(contentOf(event, event.label));
    }
    // A webhook that does not work cannot tell of it.
    if (event.kind === "problems") {
      problems.hear(event.problems.filter(({ about }) => about !== "webhook"));
    }
  };
  const stopped = new AbortController();
  const { signal } = stopped;
  const watching = operations.watch({ kinds: kindsOf(events) }, { signal, onEvent: hear })
    .catch((error) => {
      if (!signal.aborted) onWarning(`the webhook hears of nothing any more: ${error.message}`);
    });
  return {
    get status() {
      return deliveries.status;
    },
    async stop() {
      stopped.abort();
      problems.stop();
      await Promise.all([watching, deliveries.stop()]);
      gate.close();
    },
  };
}

function kindsOf(events: Settings["webhookEvents"]): WatchKind[] {
  if (events === "downloads") return ["progress"];
  return events === "problems" ? ["problems"] : ["progress", "problems"];
}

function contentOf(
  { infoHash, lengthBytes, error }: Extract<WatchEvent, { kind: "progress" }>,
  label: string,
): Content {
  return {
    event: error === undefined ? "download.ended" : "download.failed",
    package: label,
    infoHash,
    lengthBytes,
    ...(error !== undefined && { error: error.slice(0, MAX_ERROR) }),
  };
}

/** The way to the gate. A gate that does not answer has died; the next request asks for another one. */
class Gate {
  readonly #open: (port: MessagePort) => void;
  readonly #clock: Clock;
  #client: GateClient | undefined;

  constructor(open: (port: MessagePort) => void, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  async post(order: Parameters<GateClient["post"]>[0], signal: AbortSignal): Promise<number> {
    const client = this.#client ??= this.#begin();
    try {
      return await client.post(order, signal);
    } catch (error) {
      if (signal.aborted) this.close();
      throw error;
    }
  }

  close(): void {
    this.#client?.fail(new GateError("ECANCELED", "The request was cancelled"));
    this.#client = undefined;
  }

  #begin(): GateClient {
    const { port1, port2 } = new MessageChannel();
    this.#open(port2);
    return new GateClient(port1, this.#clock);
  }
}
