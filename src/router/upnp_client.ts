/**
 * Client of a UPnP router: the actions of WANIPConnection (versions 1 and 2) and WANPPPConnection
 * that map ports.
 *
 * @module
 */

import type { WanService } from "./description.ts";
import { badAnswer, RouterError } from "./errors.ts";
import { isExternalAddress } from "./ipv4.ts";
import type {
  CheckResult,
  ClientContext,
  Granted,
  Held,
  MappingClient,
  PortKind,
  Wanted,
} from "./protocol.ts";
import { call, refusal, type SoapArguments, type SoapResult } from "./soap.ts";

/** Description of our mappings in the router's list. */
const DESCRIPTION = "libreseed";
/** Maximum number of calls for one mapping. Each call may try another port. */
const MAX_TRIES = 10;
/** Range of random external ports to try if the wanted port is taken. */
const RANDOM_PORTS = { first: 20_000, count: 40_000 } as const;

/** Error codes of UPnP (WANIPConnection:2, section 2.5; UPnP Device Architecture, section 3.2.2). */
const INVALID_ACTION = 401;
const INVALID_ARGUMENTS = 402;
const ACTION_FAILED = 501;
const NOT_IMPLEMENTED = 602;
const NO_SUCH_ENTRY = 714;
const CONFLICT = 718;
const SAME_PORTS_REQUIRED = 724;
const ONLY_PERMANENT_LEASES = 725;
const CONFLICT_WITH_OTHER_MECHANISM = 729;
/** Errors of `AddAnyPortMapping` after which `AddPortMapping` is tried. */
const ADD_ANY_UNUSABLE = [
  ...[INVALID_ACTION, INVALID_ARGUMENTS, ACTION_FAILED, NOT_IMPLEMENTED],
  ...[CONFLICT, SAME_PORTS_REQUIRED, ONLY_PERMANENT_LEASES, CONFLICT_WITH_OTHER_MECHANISM],
];

/**
 * Entry of the router's list: the client's address and port, and the lease in seconds (0:
 * permanent).
 */
interface Entry {
  client: string;
  internalPort: number;
  leaseSeconds: number;
}

/** A UPnP client of one service. */
export class UpnpClient implements MappingClient {
  readonly protocol = "UPnP";
  toldAddress: string | undefined;
  readonly #context: ClientContext;
  readonly #service: WanService;
  /** Mappings that the router's list has shown, as `KIND PORT`. Some routers show none. */
  readonly #listed = new Set<string>();
  /** IPv4 address of this machine on the last connection to the router. */
  #localAddress = "";
  #hasAddAny: boolean;
  #isPermanentOnly = false;
  #needsSamePorts = false;

  constructor(context: ClientContext, service: WanService) {
    this.#context = context;
    this.#service = service;
    this.#hasAddAny = service.type.endsWith(":WANIPConnection:2");
  }

  /**
   * Asks for the external address.
   *
   * @throws {RouterError}
   */
  async externalAddress(signal: AbortSignal): Promise<string> {
    const { values, error } = await this.#call("GetExternalIPAddress", {}, signal);
    const address = values?.get("NewExternalIPAddress") ?? "";
    if (error) throw refusal("tell its external address", error);
    if (!isExternalAddress(address)) {
      throw new RouterError("ROUTER_OFFLINE", "The router has no external address");
    }
    return this.toldAddress = address;
  }

  async map(wanted: Wanted, signal: AbortSignal): Promise<Granted> {
    const externalAddress = await this.externalAddress(signal);
    const externalPort = await this.#add(wanted, signal);
    const key = `${wanted.kind} ${externalPort}`;
    const entry = await this.#entry(wanted.kind, externalPort, signal);
    if (entry && !this.#isOurs(entry, wanted)) {
      throw badAnswer(`it confirms the port ${externalPort} and lists it for ${entry.client}`);
    }
    if (entry) this.#listed.add(key);
    else this.#listed.delete(key);
    if (this.#isPermanentOnly) return { externalAddress, externalPort, leaseSeconds: Infinity };
    const leaseSeconds = entry?.leaseSeconds || wanted.leaseSeconds;
    return { externalAddress, externalPort, leaseSeconds };
  }

  async check(
    held: readonly Held[],
    externalAddress: string,
    signal: AbortSignal,
  ): Promise<CheckResult> {
    if (await this.externalAddress(signal) !== externalAddress) return "lost";
    for (const one of held) {
      if (!this.#listed.has(`${one.kind} ${one.externalPort}`)) continue;
      const entry = await this.#entry(one.kind, one.externalPort, signal);
      if (!entry || !this.#isOurs(entry, one)) return "lost";
    }
    return "held";
  }

  async unmap(held: Held, signal: AbortSignal): Promise<void> {
    const { kind, externalPort } = held;
    const entry = await this.#entry(kind, externalPort, signal);
    // A router of IGD 1 would delete the mapping of another machine too.
    if (entry && !this.#isOurs(entry, held)) return;
    const { error } = await this.#call("DeletePortMapping", nameOf(kind, externalPort), signal);
    if (error && error.code !== NO_SUCH_ENTRY) throw refusal("delete a mapping", error);
  }

  close(): void {}

  /** Adds or renews a mapping and returns its external port. */
  async #add(wanted: Wanted, signal: AbortSignal): Promise<number> {
    if (this.#hasAddAny && !this.#isPermanentOnly && !this.#needsSamePorts) {
      const port = await this.#addAny(wanted, signal);
      if (port !== undefined) return port;
    }
    let externalPort = this.#needsSamePorts ? wanted.internalPort : wanted.externalPort;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const entry = await this.#entry(wanted.kind, externalPort, signal);
      // Some routers of IGD 1 overwrite the mapping of another machine.
      const error = entry && !this.#isOurs(entry, wanted)
        ? { code: CONFLICT, description: "ConflictInMappingEntry" }
        : (await this.#call("AddPortMapping", this.#mapping(wanted, externalPort), signal)).error;
      if (!error) return externalPort;
      const { code } = error;
      if (code === ONLY_PERMANENT_LEASES && !this.#isPermanentOnly) this.#isPermanentOnly = true;
      else if (code === SAME_PORTS_REQUIRED && externalPort !== wanted.internalPort) {
        this.#needsSamePorts = true;
        externalPort = wanted.internalPort;
      } else if (
        [CONFLICT, CONFLICT_WITH_OTHER_MECHANISM].includes(code) && !this.#needsSamePorts
      ) {
        externalPort = this.#randomPort();
      } else {throw refusal(
          `map the ${wanted.kind.toUpperCase()} port ${wanted.internalPort}`,
          error,
        );}
    }
    throw new RouterError("ROUTER_REFUSED", `The router refused ${MAX_TRIES} external ports`, {
      result: "ConflictInMappingEntry",
    });
  }

  /** Lets the router choose the port. Returns `undefined` if the router cannot do this. */
  async #addAny(wanted: Wanted, signal: AbortSignal): Promise<number | undefined> {
    const values = this.#mapping(wanted, wanted.externalPort);
    const result = await this.#call("AddAnyPortMapping", values, signal);
    if (!result.error) return portOf(result.values.get("NewReservedPort"));
    const { code } = result.error;
    if (!ADD_ANY_UNUSABLE.includes(code)) {
      throw refusal(
        `map the ${wanted.kind.toUpperCase()} port ${wanted.internalPort}`,
        result.error,
      );
    }
    this.#hasAddAny = code !== INVALID_ACTION && code !== NOT_IMPLEMENTED;
    return undefined;
  }

  /**
   * Reads the entry of an external port from the router's list. Returns `undefined` if the list has
   * no entry, or if the router does not show it.
   */
  async #entry(kind: PortKind, port: number, signal: AbortSignal): Promise<Entry | undefined> {
    const { values } = await this.#call("GetSpecificPortMappingEntry", nameOf(kind, port), signal);
    const internalPort = Number(values?.get("NewInternalPort"));
    const client = values?.get("NewInternalClient");
    if (!values || !client || !isPort(internalPort)) return;
    const leaseSeconds = Number(values.get("NewLeaseDuration"));
    const isLease = Number.isInteger(leaseSeconds) && leaseSeconds > 0;
    return { client, internalPort, leaseSeconds: isLease ? leaseSeconds : 0 };
  }

  #isOurs({ client, internalPort }: Entry, wanted: { internalPort: number }): boolean {
    return client === this.#localAddress && internalPort === wanted.internalPort;
  }

  #mapping(wanted: Wanted, externalPort: number): SoapArguments {
    return {
      ...nameOf(wanted.kind, externalPort),
      NewInternalPort: wanted.internalPort,
      NewInternalClient: this.#localAddress,
      NewEnabled: 1,
      NewPortMappingDescription: DESCRIPTION,
      NewLeaseDuration: this.#isPermanentOnly ? 0 : wanted.leaseSeconds,
    };
  }

  async #call(action: string, values: SoapArguments, signal: AbortSignal): Promise<SoapResult> {
    const result = await call(this.#context, this.#service, action, values, signal);
    if (!result.error) this.#localAddress = result.localAddress;
    return result;
  }

  #randomPort(): number {
    const [high, low] = this.#context.random(new Uint8Array(2));
    return RANDOM_PORTS.first + (high! * 256 + low!) % RANDOM_PORTS.count;
  }
}

/** Arguments that name a mapping. */
function nameOf(kind: PortKind, externalPort: number): SoapArguments {
  return {
    NewRemoteHost: "",
    NewExternalPort: externalPort,
    NewProtocol: kind.toUpperCase(),
  };
}

function portOf(text: string | undefined): number {
  const port = /^\d{1,5}$/.test(text ?? "") ? Number(text) : 0;
  if (!isPort(port)) throw badAnswer("it reserves no port");
  return port;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}
