/**
 * Client of a router that speaks NAT-PMP.
 *
 * @module
 */

import { badAnswer, RouterError } from "./errors.ts";
import { Epoch, natPmpEpochRule } from "./epoch.ts";
import { isExternalAddress } from "./ipv4.ts";
import {
  encodeAddressRequest,
  encodeMapRequest,
  type NatPmpAnswer,
  parseNatPmpAnswer,
} from "./nat_pmp.ts";
import type { PortControl } from "./port_control.ts";
import type {
  CheckResult,
  ClientContext,
  Granted,
  Held,
  MappingClient,
  Wanted,
} from "./protocol.ts";

/** A NAT-PMP client. */
export class NatPmpClient implements MappingClient {
  readonly protocol = "NAT-PMP";
  toldAddress: string | undefined;
  readonly #context: ClientContext;
  readonly #control: PortControl;
  readonly #epoch = new Epoch(natPmpEpochRule);
  #isRestarted = false;

  constructor(context: ClientContext, control: PortControl) {
    this.#context = context;
    this.#control = control;
  }

  async map(wanted: Wanted, signal: AbortSignal): Promise<Granted> {
    const externalAddress = await this.#externalAddress(signal);
    const { externalPort, leaseSeconds } = await this.#requestMapping(wanted, signal);
    if (leaseSeconds === 0 || externalPort === 0) throw badAnswer("it has no lease or port");
    return { externalAddress, externalPort, leaseSeconds };
  }

  async check(
    _held: readonly Held[],
    externalAddress: string,
    signal: AbortSignal,
  ): Promise<CheckResult> {
    const address = await this.#externalAddress(signal);
    const isLost = this.#isRestarted || address !== externalAddress;
    this.#isRestarted = false;
    return isLost ? "lost" : "held";
  }

  async unmap(held: Held, signal: AbortSignal): Promise<void> {
    // A deletion names no external port (RFC 6886, section 3.4).
    await this.#requestMapping({ ...held, externalPort: 0, leaseSeconds: 0 }, signal);
  }

  close(): void {
    this.#control.close();
  }

  async #externalAddress(signal: AbortSignal): Promise<string> {
    const { externalAddress } = await this.#ask(
      encodeAddressRequest(),
      ({ asked }) => asked === "address",
      "tell its external address",
      signal,
    );
    if (externalAddress === undefined || !isExternalAddress(externalAddress)) {
      throw new RouterError("ROUTER_OFFLINE", "The router has no external address");
    }
    return this.toldAddress = externalAddress;
  }

  async #requestMapping(
    wanted: Wanted,
    signal: AbortSignal,
  ): Promise<NonNullable<NatPmpAnswer["mapping"]>> {
    const { kind, internalPort } = wanted;
    const isDeletion = wanted.leaseSeconds === 0;
    const { mapping } = await this.#ask(
      encodeMapRequest(wanted),
      // A refusal names no port. A late answer to an earlier request may grant the mapping that
      // this request deletes.
      ({ asked, mapping }) =>
        asked === kind &&
        (!mapping || mapping.internalPort === internalPort &&
            !(isDeletion && mapping.leaseSeconds > 0)),
      `map the ${kind.toUpperCase()} port ${internalPort}`,
      signal,
    );
    return mapping!;
  }

  /** Sends a request. Throws if the result of the answer is not `success`. */
  async #ask(
    request: Uint8Array,
    isAnswer: (answer: NatPmpAnswer) => boolean,
    doing: string,
    signal: AbortSignal,
  ): Promise<NatPmpAnswer> {
    const answer = await this.#control.ask([request], (bytes) => {
      const answer = parseNatPmpAnswer(bytes);
      // An answer of this kind refuses the earlier probe for PCP, not this request.
      const isOther = answer?.result === "unsupported version";
      return answer && !isOther && isAnswer(answer) ? answer : undefined;
    }, signal);
    const { result, epochSeconds } = answer;
    this.#isRestarted ||= this.#epoch.note(epochSeconds, this.#context.clock.now());
    if (result === "network failure") {
      throw new RouterError("ROUTER_OFFLINE", "The router has no connection to the internet");
    }
    if (result !== "success") {
      const message = `The router refused to ${doing} by NAT-PMP: ${result}`;
      throw new RouterError("ROUTER_REFUSED", message, { result });
    }
    return answer;
  }
}
