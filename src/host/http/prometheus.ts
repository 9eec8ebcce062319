/**
 * The classes of npm:prom-client that the metrics need.
 *
 * Each comes from its own file of the package. The package's main module would also load summaries, push
 * gateways, metrics of Node.js and an API of traces, together 60 kB of the program.
 *
 * @module
 */

import type * as promClient from "prom-client";
import counter from "prom-client/lib/counter.js";
import gauge from "prom-client/lib/gauge.js";
import registry from "prom-client/lib/registry.js";

/** A value that only grows. */
export const Counter = counter as unknown as typeof promClient.Counter;
/** A value that may grow and shrink. */
export const Gauge = gauge as unknown as typeof promClient.Gauge;
/** The metrics of one answer, and their text. */
export const Registry = registry as unknown as typeof promClient.Registry;
