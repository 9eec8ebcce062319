/**
 * The UPnP part of a {@linkcode FakeGateway}: answers to searches, a description, and the actions of
 * WANIPConnection over HTTP.
 *
 * @module
 */

import type { FakeGateway } from "./fake_gateway.ts";
import { FakeFirewall } from "./fake_gateway_firewall.ts";

/** Faults of the UPnP part of a router. */
export interface IgdBehaviour {
  /** Value of URLBase, absent from the description if `undefined`. */
  urlBase: string | undefined;
  controlUrl: string;
  /** Text of the description in place of the usual one. */
  description: string | undefined;
  /** Location that is answered to searches in place of the usual one. */
  location: string | undefined;
  /** Returns the code of an error, or the whole HTTP answer, in place of the usual answer. */
  override:
    | ((action: string, values: Map<string, string>) => number | string | undefined)
    | undefined;
  /** State of the firewall for IPv6, as the gateway tells it. */
  firewall: { isOn: boolean; opensPinholes: boolean };
  /** Whether answers come in chunks. */
  isChunked: boolean;
  /** Whether requests are never answered. */
  isSilent: boolean;
}

const NAMES: Record<number, string> = {
  402: "Invalid Args",
  606: "Action not authorized",
  702: "FirewallDisabled",
  703: "InboundPinholeNotAllowed",
  704: "NoSuchEntry",
  714: "NoSuchEntryInArray",
  718: "ConflictInMappingEntry",
  724: "SamePortValuesRequired",
  725: "OnlyPermanentLeasesSupported",
};

/** The UPnP part of a router. */
export class FakeIgd {
  readonly behaviour: IgdBehaviour = {
    urlBase: undefined,
    controlUrl: "/ctl/IPConn",
    description: undefined,
    location: undefined,
    override: undefined,
    firewall: { isOn: true, opensPinholes: true },
    isChunked: false,
    isSilent: false,
  };
  /** Names of the called actions. */
  readonly calls: string[] = [];
  /** Connections that are left without an answer. */
  hanging = 0;
  readonly #gateway: FakeGateway;
  #listener!: Deno.TcpListener;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #firewall: FakeFirewall;

  constructor(gateway: FakeGateway) {
    this.#gateway = gateway;
    this.#firewall = new FakeFirewall(gateway);
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  listen(): void {
    this.#listener = Deno.listen({ hostname: this.#gateway.address, port: 0 });
    (async () => {
      for await (const connection of this.#listener) this.#serve(connection).catch(() => {});
    })();
  }

  close(): void {
    this.#listener.close();
    for (const connection of this.#connections) connection.close();
  }

  /** Answers to a search: one, if it is for a device or service of this router. */
  answerSearch(request: string): string[] {
    const target = /^ST: (.*)$/m.exec(request)?.[1]?.trim();
    const { igd } = this.#gateway.behaviour;
    const isKnown = target?.endsWith(":InternetGatewayDevice:1") ||
      igd === 2 && target?.endsWith(":InternetGatewayDevice:2");
    if (!request.startsWith("M-SEARCH * HTTP/1.1\r\n") || !isKnown) return [];
    const location = this.behaviour.location ??
      `http://${this.#gateway.address}:${this.port}/rootDesc.xml`;
    return [
      `HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: ${target}\r\n` +
      `USN: uuid:1::${target}\r\nEXT:\r\nLOCATION: ${location}\r\n\r\n`,
    ];
  }

  async #serve(connection: Deno.TcpConn): Promise<void> {
    this.#connections.add(connection);
    try {
      const request = await readRequest(connection);
      const isSilent = this.behaviour.isSilent || this.#gateway.behaviour.isOff;
      if (isSilent) {
        this.hanging++;
        try {
          while (await connection.read(new Uint8Array(1_024)) !== null);
        } finally {
          this.hanging--;
        }
        return;
      }
      const answer = new TextEncoder().encode(
        this.#answer(request, connection.remoteAddr.hostname),
      );
      for (let at = 0; at < answer.length;) at += await connection.write(answer.subarray(at));
    } finally {
      this.#connections.delete(connection);
      try {
        connection.close();
      } catch {
        // `close` of the router has closed it.
      }
    }
  }

  #answer(request: string, client: string): string {
    if (request.startsWith("GET /rootDesc.xml ")) {
      return this.#http(200, this.behaviour.description ?? this.#description());
    }
    const action = /^SOAPAction: "[^"]+#(\w+)"/im.exec(request)?.[1];
    if (!request.startsWith(`POST ${this.behaviour.controlUrl} `) || !action) {
      return this.#http(404, "");
    }
    const body = request.slice(request.indexOf("\r\n\r\n"));
    const values = new Map(
      [...body.matchAll(/<(\w+)>([^<]*)</g)].map(([, name, value]) => [name!, value!]),
    );
    this.calls.push(action);
    const result = this.behaviour.override?.(action, values) ?? this.#act(action, values, client);
    if (typeof result === "string") return result;
    if (typeof result === "number") return this.#http(500, fault(result));
    const members = Object.entries(result).map(([name, value]) => `<${name}>${value}</${name}>`);
    const type = `urn:schemas-upnp-org:service:WANIPConnection:${this.#gateway.behaviour.igd}`;
    return this.#http(
      200,
      envelope(`<u:${action}Response xmlns:u="${type}">${members.join("")}</u:${action}Response>`),
    );
  }

  #act(
    action: string,
    values: Map<string, string>,
    client: string,
  ): number | Record<string, string | number> {
    const { mappings, clock, behaviour } = this.#gateway;
    const kind = values.get("NewProtocol")?.toLowerCase();
    const external = Number(values.get("NewExternalPort"));
    const key = `${kind} ${external}`;
    const entry = this.#gateway.find(key);
    switch (action) {
      case "GetExternalIPAddress":
        return { NewExternalIPAddress: behaviour.externalAddress };
      case "GetSpecificPortMappingEntry":
        if (!entry) return 714;
        return {
          NewInternalPort: entry.internalPort,
          NewInternalClient: entry.client,
          NewEnabled: 1,
          NewPortMappingDescription: "",
          NewLeaseDuration: entry.endsAtMs === Infinity
            ? 0
            : Math.round((entry.endsAtMs - clock.now()) / 1_000),
        };
      case "DeletePortMapping":
        return mappings.delete(key) ? {} : 714;
      case "AddAnyPortMapping":
        if (behaviour.igd < 2) return 401;
        for (let port = behaviour.otherPort ?? external;; port++) {
          if (this.#add(`${kind} ${port}`, values, client)) return { NewReservedPort: port };
        }
      case "AddPortMapping":
        return this.#add(key, values, client) ? {} : 718;
      default:
        return this.#firewall.act(action, values);
    }
  }

  #add(key: string, values: Map<string, string>, client: string): boolean {
    const old = this.#gateway.find(key);
    if (old && old.client !== client) return false;
    const { grantedSeconds } = this.#gateway.behaviour;
    const seconds = grantedSeconds ?? Number(values.get("NewLeaseDuration"));
    this.#gateway.mappings.set(key, {
      client: values.get("NewInternalClient")!,
      internalPort: Number(values.get("NewInternalPort")),
      endsAtMs: seconds === 0 ? Infinity : this.#gateway.clock.now() + 1_000 * seconds,
    });
    return true;
  }

  #description(): string {
    const { igd } = this.#gateway.behaviour;
    const { urlBase, controlUrl } = this.behaviour;
    const service = (type: string, url: string) =>
      `<service><serviceType>urn:schemas-upnp-org:service:${type}</serviceType>` +
      `<serviceId>urn:upnp-org:serviceId:1</serviceId><controlURL>${url}</controlURL>` +
      "<eventSubURL>/evt</eventSubURL><SCPDURL>/scpd.xml</SCPDURL></service>";
    const device = (name: string, services: string, inner: string) =>
      `<device><deviceType>urn:schemas-upnp-org:device:${name}:${igd}</deviceType>` +
      `<friendlyName>Smith & Sons' router</friendlyName><serviceList>${services}</serviceList>` +
      `<deviceList>${inner}</deviceList></device>`;
    const firewall = igd === 2 ? service("WANIPv6FirewallControl:1", "/ctl/IPConn") : "";
    const connection = device(
      "WANConnectionDevice",
      service(`WANIPConnection:${igd}`, controlUrl) + firewall,
      "",
    );
    const wan = device("WANDevice", service("WANCommonInterfaceConfig:1", "/ctl/Cmn"), connection);
    return '<?xml version="1.0"?>\n<root xmlns="urn:schemas-upnp-org:device-1-0">' +
      "<specVersion><major>1</major><minor>0</minor></specVersion>" +
      (urlBase === undefined ? "" : `<URLBase>${urlBase}</URLBase>`) +
      device("InternetGatewayDevice", service("Layer3Forwarding:1", "/ctl/L3F"), wan) + "</root>";
  }

  #http(status: number, body: string): string {
    const length = new TextEncoder().encode(body).length;
    const fields = this.behaviour.isChunked
      ? "Transfer-Encoding: chunked"
      : `Content-Length: ${length}`;
    const content = this.behaviour.isChunked
      ? `5;x=1\r\n${body.slice(0, 5)}\r\n${(length - 5).toString(16)}\r\n${
        body.slice(5)
      }\r\n0\r\n\r\n`
      : body;
    return `HTTP/1.1 ${status} Whatever\r\nContent-Type: text/xml\r\n${fields}\r\n\r\n${content}`;
  }
}

/** Wraps the content of a SOAP body. */
export function envelope(content: string): string {
  return '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">' +
    `<s:Body>${content}</s:Body></s:Envelope>`;
}

function fault(code: number): string {
  return envelope(
    "<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>" +
      `<UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>${code}</errorCode>` +
      `<errorDescription>${NAMES[code] ?? ""}</errorDescription></UPnPError></detail></s:Fault>`,
  );
}

/** Reads a request with its body. */
async function readRequest(connection: Deno.TcpConn): Promise<string> {
  let text = "";
  for (;;) {
    const headEnd = text.indexOf("\r\n\r\n");
    const length = Number(/^Content-Length: (\d+)/im.exec(text)?.[1] ?? 0);
    if (headEnd !== -1 && text.length >= headEnd + 4 + length) return text;
    const buffer = new Uint8Array(8_192);
    const count = await connection.read(buffer);
    if (count === null) return text;
    text += new TextDecoder("latin1").decode(buffer.subarray(0, count));
  }
}
