/**
 * Calls of a UPnP service by SOAP (UPnP Device Architecture 2.0, section 3).
 *
 * @module
 */

import type { WanService } from "./description.ts";
import { badAnswer, RouterError } from "./errors.ts";
import { request } from "./http.ts";
import type { ClientContext } from "./protocol.ts";
import { childOf, escapeXml, readXml, textOf } from "./xml.ts";

const ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/";
const ENCODING = "http://schemas.xmlsoap.org/soap/encoding/";
/** Maximum length of a value or of an error's description that is kept, characters. */
const MAX_VALUE_LENGTH = 256;

/** Arguments of a call, in the order of the service's description. */
export type SoapArguments = Readonly<Record<string, string | number>>;

/** Result of a call: either the values, or the code of a UPnP error. */
export type SoapResult =
  | { values: Map<string, string>; localAddress: string; error?: undefined }
  | { values?: undefined; error: { code: number; description: string } };

/**
 * Calls an action of a service.
 *
 * @throws {RouterError} `ROUTER_SILENT`, or `ROUTER_ANSWER` if the answer is neither a result nor a
 * UPnP error
 */
export async function call(
  context: ClientContext,
  { type, control }: WanService,
  action: string,
  values: SoapArguments,
  signal: AbortSignal,
): Promise<SoapResult> {
  const { status, body, localAddress } = await request(context, {
    method: "POST",
    to: control,
    path: control.path,
    fields: {
      "Content-Type": 'text/xml; charset="utf-8"',
      "SOAPAction": `"${type}#${action}"`,
    },
    body: encodeCall(type, action, values),
  }, signal);
  if (status !== 200 && status !== 500) {
    throw new RouterError("ROUTER_REFUSED", `The router answered ${action} with status ${status}`, {
      result: `HTTP ${status}`,
    });
  }
  const result = parseResult(body, action);
  return result.error ? result : { ...result, localAddress };
}

/** Makes the envelope of a call. */
export function encodeCall(type: string, action: string, values: SoapArguments): string {
  const members = Object.entries(values)
    .map(([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`);
  return '<?xml version="1.0"?>\r\n' +
    `<s:Envelope xmlns:s="${ENVELOPE}" s:encodingStyle="${ENCODING}"><s:Body>` +
    `<u:${action} xmlns:u="${type}">${members.join("")}</u:${action}>` +
    "</s:Body></s:Envelope>\r\n";
}

/**
 * Parses the envelope of an answer.
 *
 * @throws {RouterError} `ROUTER_ANSWER`
 */
export function parseResult(
  bytes: Uint8Array,
  action: string,
): { values: Map<string, string>; error?: undefined } | {
  values?: undefined;
  error: { code: number; description: string };
} {
  const envelope = readXml(bytes);
  const answer = envelope.name === "Envelope" ? childOf(envelope, "Body")?.children[0] : undefined;
  if (answer?.name === `${action}Response`) {
    const values = answer.children.map(({ name, text }) => [name, bounded(text)] as const);
    return { values: new Map(values) };
  }
  const detail = answer?.name === "Fault" ? childOf(answer, "detail") : undefined;
  const error = detail && childOf(detail, "UPnPError");
  const code = error ? textOf(error, "errorCode") ?? "" : "";
  if (!error || !/^\d{1,5}$/.test(code)) throw badAnswer(`it does not answer ${action}`);
  return {
    error: { code: Number(code), description: bounded(textOf(error, "errorDescription") ?? "") },
  };
}

/** Makes the error for an action that the router refused. */
export function refusal(doing: string, error: { code: number; description: string }): RouterError {
  const { code, description } = error;
  const result = description === "" ? `error ${code}` : `${description} (${code})`;
  const message = `The router refused to ${doing} by UPnP: ${result}`;
  return new RouterError("ROUTER_REFUSED", message, { result, code });
}

/** Shortens text, and leaves out characters that could steer a terminal. */
function bounded(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.slice(0, MAX_VALUE_LENGTH).replace(/[\x00-\x1f\x7f-\x9f]/g, "");
}
