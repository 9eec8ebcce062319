/**
 * Client of a router that speaks PCP.
 *
 * @module
 */

import { type Address, type Family, formatAddress, isPublic, parseAddress } from "../base/mod.ts";
import { badAnswer, RouterError } from "./errors.ts";
import { Epoch, pcpEpochRule } from "./epoch.ts";
import { isExternalAddress } from "./ipv4.ts";
import {
  answersMap,
  encodeAnnounce,
  encodeMap,
  parseHeader,
  parseMapping,
  PCP_VERSION,
  type PcpHeader,
  type PcpMapRequest,
} from "./pcp.ts";
import type { PortControl } from "./port_control.ts";
import type {
  CheckResult,
  ClientContext,
  Granted,
  Held,
  MappingClient,
  Wanted,
} from "./protocol.ts";

/** Lease that is requested if the router does not delete a mapping, seconds. */
const SHORTEST_LEASE_SECONDS = 1;
/** Results of a router without a connection to the internet. */
const OFFLINE = ["NETWORK_FAILURE"];

/** A PCP client. */
export class PcpClient implements MappingClient {
  readonly protocol = "PCP";
  readonly #context: ClientContext;
  readonly #control: PortControl;
  readonly #localAddress: Address;
  readonly #family: Family;
  readonly #epoch = new Epoch(pcpEpochRule);
  #isRestarted = false;

  /** @param localAddress address from which this machine sends to the router, and that is mapped */
  constructor(context: ClientContext, control: PortControl, localAddress: Address) {
    this.#context = context;
    this.#control = control;
    this.#localAddress = localAddress;
    this.#family = localAddress.length === 4 ? 4 : 6;
  }

  async map(wanted: Wanted, signal: AbortSignal): Promise<Granted> {
    const { header, bytes } = await this.#request(wanted, signal);
    const { externalAddress, externalPort } = parseMapping(bytes, this.#family);
    if (header.leaseSeconds === 0 || externalPort === 0) throw badAnswer("it has no lease or port");
    if (this.#family === 6) {
      // Peers of IPv6 are told our own port.
      if (externalPort !== wanted.internalPort) throw badAnswer(`it opens port ${externalPort}`);
      if (!isPublic(parseAddress(externalAddress)!)) throw badAnswer(`it opens ${externalAddress}`);
    } else if (!isExternalAddress(externalAddress)) {
      throw new RouterError("ROUTER_OFFLINE", "The router has no external address");
    }
    return { externalAddress, externalPort, leaseSeconds: header.leaseSeconds };
  }

  async check(
    _held: readonly Held[],
    _externalAddress: string,
    signal: AbortSignal,
  ): Promise<CheckResult> {
    const header = await this.#control.ask([encodeAnnounce(this.#localAddress)], (bytes) => {
      const header = parseHeader(bytes);
      return header && !header.isMap ? header : undefined;
    }, signal);
    // A server that does not know the opcode still tells its epoch.
    this.#noteEpoch(header);
    const isRestarted = this.#isRestarted;
    this.#isRestarted = false;
    return isRestarted ? "lost" : "held";
  }

  async unmap(held: Held, signal: AbortSignal): Promise<void> {
    try {
      await this.#request({ ...held, externalPort: 0, leaseSeconds: 0 }, signal);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "ROUTER_REFUSED") throw error;
      // miniupnpd 2.3.1 forgets the nonce of a pinhole that was renewed, and so refuses to delete it.
      await this.#request({ ...held, leaseSeconds: SHORTEST_LEASE_SECONDS }, signal);
    }
  }

  close(): void {
    this.#control.close();
  }

  async #request(
    wanted: Wanted,
    signal: AbortSignal,
  ): Promise<{ header: PcpHeader; bytes: Uint8Array }> {
    const request: PcpMapRequest = {
      ...wanted,
      nonce: this.#nonceOf(wanted),
      localAddress: this.#localAddress,
    };
    const answer = await this.#control.ask([encodeMap(request)], (bytes) => {
      const header = parseHeader(bytes);
      if (!header) return;
      // A late answer to an earlier request may grant the mapping that this request deletes.
      if (header.result === "SUCCESS" && wanted.leaseSeconds === 0 && header.leaseSeconds > 0) {
        return;
      }
      // A refusal of the version comes without the request's data.
      const isVersion = header.version !== PCP_VERSION;
      return isVersion || header.isMap && answersMap(bytes, request)
        ? { header, bytes }
        : undefined;
    }, signal);
    const { result } = answer.header;
    this.#noteEpoch(answer.header);
    if (OFFLINE.includes(result)) {
      throw new RouterError("ROUTER_OFFLINE", "The router has no connection to the internet");
    }
    if (result !== "SUCCESS") {
      throw new RouterError(
        "ROUTER_REFUSED",
        `The router refused to map the ${wanted.kind.toUpperCase()} port ${wanted.internalPort} by PCP: ${result}`,
        { result },
      );
    }
    return answer;
  }

  #noteEpoch({ version, epochSeconds }: PcpHeader): void {
    // A router that no longer speaks PCP has new software, so it has restarted.
    if (version !== PCP_VERSION) this.#isRestarted = true;
    else this.#isRestarted ||= this.#epoch.note(epochSeconds, this.#context.clock.now());
  }

  #nonceOf({ kind, internalPort }: Wanted): Uint8Array {
    // With our own address, so that a router of another network learns no nonce of this one.
    const from = formatAddress(this.#localAddress);
    return this.#context.nonceOf(`${this.#control.serverAddress} ${from} ${kind} ${internalPort}`);
  }
}
