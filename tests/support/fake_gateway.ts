/**
 * A home router with real sockets on 127.0.0.1: PCP, NAT-PMP, and UPnP IGD 1 or 2. It keeps a list
 * of mappings, and misbehaves as a test orders. `fake_gateway_igd.ts` has its UPnP part.
 *
 * @module
 */

import dgram from "node:dgram";
import { type Clock, formatAddress } from "../../src/base/mod.ts";
import { FakeIgd } from "./fake_gateway_igd.ts";

/** A mapping in the list of a {@linkcode FakeGateway}. */
export interface FakeMapping {
  client: string;
  internalPort: number;
  /** Unix milliseconds; Infinity: permanent. */
  endsAtMs: number;
  nonce?: string;
}

/** Protocols and faults of a {@linkcode FakeGateway}. All members can change later. */
export interface FakeGatewayBehaviour {
  pcp: boolean;
  natPmp: boolean;
  /** Version of the IGD; 0: no UPnP. */
  igd: 0 | 1 | 2;
  /** Drops everything, as a router that is switched off. */
  isOff: boolean;
  externalAddress: string;
  /** PCP or NAT-PMP result code of every mapping request. */
  refusal: number;
  /** Lease that is granted instead of the one asked for, seconds. */
  grantedSeconds: number | undefined;
  /** External port that is mapped instead of the one asked for. */
  otherPort: number | undefined;
  /** Sends the answers of PCP and NAT-PMP from another port. */
  isForeign: boolean;
  /** Number of requests of PCP and NAT-PMP that are answered only once, after the last. */
  lateRequests: number;
  /** Result code of each request of PCP that deletes a mapping. */
  deletionRefusal: number;
  /** Changes an answer of PCP or NAT-PMP before it is sent. */
  damage: ((answer: Uint8Array<ArrayBuffer>) => Uint8Array) | undefined;
}

const PCP_MAP = 1;
const PROTOCOLS: Record<number, "tcp" | "udp"> = { 6: "tcp", 17: "udp" };

/** A router on 127.0.0.1. */
export class FakeGateway {
  readonly address = "127.0.0.1";
  readonly behaviour: FakeGatewayBehaviour;
  /** Mappings by `KIND EXTERNALPORT`. */
  readonly mappings = new Map<string, FakeMapping>();
  /** Received datagrams, and sent ones by the port of their receiver. */
  received = 0;
  readonly sentTo = new Map<number, number>();
  /** Mapping requests of PCP and NAT-PMP: kind, and lease in seconds. */
  readonly requests: { kind: string; leaseSeconds: number }[] = [];
  readonly igd: FakeIgd;
  readonly clock: Clock;
  #startedMs: number;
  readonly #sockets: dgram.Socket[] = [];

  private constructor(clock: Clock, behaviour: Partial<FakeGatewayBehaviour>) {
    this.clock = clock;
    this.#startedMs = clock.now();
    this.igd = new FakeIgd(this);
    this.behaviour = {
      pcp: false,
      natPmp: false,
      igd: 0,
      isOff: false,
      externalAddress: "198.51.100.7",
      refusal: 0,
      grantedSeconds: undefined,
      otherPort: undefined,
      isForeign: false,
      lateRequests: 0,
      deletionRefusal: 0,
      damage: undefined,
      ...behaviour,
    };
  }

  static async start(
    clock: Clock,
    behaviour: Partial<FakeGatewayBehaviour>,
  ): Promise<FakeGateway> {
    const gateway = new FakeGateway(clock, behaviour);
    // The port of PCP and NAT-PMP, another one from which nobody expects answers, and SSDP.
    for (let count = 0; count < 3; count++) {
      const socket = dgram.createSocket("udp4");
      await new Promise<void>((resolve) => socket.bind(0, gateway.address, resolve));
      gateway.#sockets.push(socket);
    }
    const [control, , ssdp] = gateway.#sockets;
    control!.on("message", (bytes, from) => gateway.#onPortControl(Uint8Array.from(bytes), from));
    ssdp!.on("message", (bytes, from) => {
      gateway.received++;
      if (gateway.behaviour.isOff || gateway.behaviour.igd === 0) return;
      for (const answer of gateway.igd.answerSearch(bytes.toString("latin1"))) {
        gateway.#send(ssdp!, new TextEncoder().encode(answer), from.port);
      }
    });
    gateway.igd.listen();
    return gateway;
  }

  get portControlPort(): number {
    return this.#sockets[0]!.address().port;
  }

  get ssdp(): { address: string; port: number } {
    return { address: this.address, port: this.#sockets[2]!.address().port };
  }

  /** Forgets all mappings and begins its clock anew, as after a power cut. */
  restart(): void {
    this.mappings.clear();
    this.#startedMs = this.clock.now();
  }

  /** Mappings in force, as `KIND EXTERNAL>CLIENT:INTERNAL`. */
  get list(): string[] {
    return [...this.mappings].filter(([, { endsAtMs }]) => endsAtMs > this.clock.now())
      .map(([key, { client, internalPort }]) => `${key}>${client}:${internalPort}`).sort();
  }

  /** Returns the mapping in force of an external port. */
  find(key: string): FakeMapping | undefined {
    const mapping = this.mappings.get(key);
    return mapping && mapping.endsAtMs > this.clock.now() ? mapping : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.igd.close();
    for (const socket of this.#sockets) {
      await new Promise<void>((resolve) => socket.close(resolve));
    }
  }

  #onPortControl(bytes: Uint8Array, from: dgram.RemoteInfo): void {
    this.received++;
    const { behaviour } = this;
    if (behaviour.isOff) return;
    const answer = bytes[0] === 2
      ? behaviour.pcp
        ? this.#answerPcp(bytes)
        : behaviour.natPmp
        ? this.#refuseVersion()
        : undefined
      : behaviour.natPmp
      ? this.#answerNatPmp(bytes, from.address)
      : undefined;
    if (!answer || behaviour.lateRequests > 0 && --behaviour.lateRequests > 0) return;
    const socket = this.#sockets[behaviour.isForeign ? 1 : 0]!;
    this.#send(socket, behaviour.damage?.(answer) ?? answer, from.port);
  }

  #send(socket: dgram.Socket, bytes: Uint8Array, port: number): void {
    this.sentTo.set(port, (this.sentTo.get(port) ?? 0) + 1);
    socket.send(bytes, port, this.address, () => {});
  }

  get #epochSeconds(): number {
    return Math.floor((this.clock.now() - this.#startedMs) / 1_000);
  }

  /** The answer of a NAT-PMP server to a request of PCP (RFC 6887, appendix A). */
  #refuseVersion(): Uint8Array<ArrayBuffer> {
    const answer = new Uint8Array(8);
    answer.set([0, 128, 0, 1]);
    new DataView(answer.buffer).setUint32(4, this.#epochSeconds);
    return answer;
  }

  #answerPcp(request: Uint8Array): Uint8Array<ArrayBuffer> {
    const answer = Uint8Array.from(request);
    const view = new DataView(answer.buffer);
    answer[1]! |= 128;
    answer.fill(0, 12, 24);
    view.setUint32(8, this.#epochSeconds);
    if (request[1] !== PCP_MAP) return answer;
    const kind = PROTOCOLS[request[36]!]!;
    const nonce = request.subarray(24, 36).join();
    const isIpv6 = request[18] !== 0xff;
    const client = formatAddress(request.subarray(isIpv6 ? 8 : 20, 24));
    const asked = { kind, internalPort: view.getUint16(40), leaseSeconds: view.getUint32(4) };
    const { deletionRefusal } = this.behaviour;
    const refusal = asked.leaseSeconds === 0 && deletionRefusal || this.behaviour.refusal;
    this.requests.push({ kind, leaseSeconds: asked.leaseSeconds });
    const old = [...this.mappings].find(([key, one]) =>
      key.startsWith(kind) && one.client === client && one.internalPort === asked.internalPort
    );
    // A mapping with another nonce is not touched (RFC 6887, section 11.3).
    const isOthers = old && this.find(old[0]) && old[1].nonce !== nonce;
    if (refusal > 0 || isOthers) {
      answer[3] = refusal > 0 ? refusal : 2;
      return answer;
    }
    const { externalPort, leaseSeconds } = this.#map({
      ...asked,
      externalPort: view.getUint16(42),
      client,
      nonce,
    });
    view.setUint32(4, leaseSeconds);
    view.setUint16(42, externalPort);
    // A pinhole has the same address outside.
    if (isIpv6) answer.set(request.subarray(8, 24), 44);
    else answer.set([0xff, 0xff, ...this.behaviour.externalAddress.split(".").map(Number)], 54);
    return answer;
  }

  #answerNatPmp(request: Uint8Array, client: string): Uint8Array<ArrayBuffer> {
    const opcode = request[1]!;
    const answer = new Uint8Array(opcode === 0 ? 12 : 16);
    const view = new DataView(answer.buffer);
    answer[1] = 128 + opcode;
    view.setUint32(4, this.#epochSeconds);
    if (opcode === 0) {
      answer.set(this.behaviour.externalAddress.split(".").map(Number), 8);
      return answer;
    }
    const asked = new DataView(request.buffer);
    const wanted = {
      kind: opcode === 1 ? "udp" as const : "tcp" as const,
      internalPort: asked.getUint16(4),
      externalPort: asked.getUint16(6),
      leaseSeconds: asked.getUint32(8),
      client,
    };
    this.requests.push({ kind: wanted.kind, leaseSeconds: wanted.leaseSeconds });
    view.setUint16(2, this.behaviour.refusal);
    view.setUint16(8, wanted.internalPort);
    if (this.behaviour.refusal > 0) return answer;
    const { externalPort, leaseSeconds } = this.#map(wanted);
    view.setUint16(10, externalPort);
    view.setUint32(12, leaseSeconds);
    return answer;
  }

  /** Maps, renews or deletes. A taken port gives the next free one. */
  #map(wanted: {
    kind: "tcp" | "udp";
    internalPort: number;
    externalPort: number;
    leaseSeconds: number;
    client: string;
    nonce?: string;
  }): { externalPort: number; leaseSeconds: number } {
    const { kind, internalPort, client, nonce, leaseSeconds } = wanted;
    for (const [key, one] of this.mappings) {
      const isSame = one.client === client && one.internalPort === internalPort;
      if (key.startsWith(kind) && isSame) this.mappings.delete(key);
    }
    if (leaseSeconds === 0) return { externalPort: 0, leaseSeconds };
    let externalPort = this.behaviour.otherPort ?? wanted.externalPort;
    while (this.find(`${kind} ${externalPort}`)) externalPort++;
    const granted = this.behaviour.grantedSeconds ?? leaseSeconds;
    const endsAtMs = this.clock.now() + 1_000 * granted;
    this.mappings.set(`${kind} ${externalPort}`, { client, internalPort, endsAtMs, nonce });
    return { externalPort, leaseSeconds: granted };
  }
}
