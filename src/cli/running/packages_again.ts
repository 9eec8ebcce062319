/**
 * Has the packages of this home signed by its new signing key, after `key rotate` and `key revoke`.
 *
 * @module
 */

import { formatCount } from "../../base/mod.ts";
import { CliError } from "../process/errors.ts";
import type { KeyRun } from "./key_run.ts";
import { publisherSigner } from "./publisher_key.ts";
import type { Network } from "./with_node.ts";

/**
 * Signs the packages of this home's identity again, and puts their records. The keys are changed already,
 * so what fails here is told with what to do, and the command goes on.
 */
export async function signPackagesAgain(
  { io, output }: KeyRun,
  { operations, seeds, limits, onVerified, listed, trust, values }: Network,
): Promise<void> {
  const { signAgain } = await import("../../publishing/mod.ts");
  const context = {
    operations,
    seeds,
    limits,
    onVerified,
    listed,
    trust,
    timeoutMs: values.timeoutMs,
    clock: io.clock,
    signal: io.signal,
    onStep: (message: string) => output.step(message),
    onWarning: (message: string) => output.warning(message),
  };
  const { signed, failed } = await signAgain(context, await publisherSigner(io, values.home));
  if (signed.length > 0) {
    output.notice(`${formatCount(signed.length, "package")} signed again by the new key`);
  }
  for (const { label, error } of failed) {
    output.error(
      new CliError(
        "failed",
        "NOT_SIGNED_AGAIN",
        `${label} is not signed by the new key: ${error.message}. Publish its archive again: ` +
          "`libreseed publish ARCHIVE`",
        { cause: error },
      ),
    );
  }
}
