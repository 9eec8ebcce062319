/**
 * The table of the routes of the HTTP API. Server, client, OpenAPI description and `docs/api.md` are made
 * from it, so a new route needs a row here and nothing else.
 *
 * @module
 */

import * as v from "valibot";
import { parsePublicKey } from "../identity/mod.ts";
import { route, type RouteKey } from "./route.ts";
import {
  announceBody,
  announced,
  dht,
  event,
  eventsQuery,
  followBody,
  followed,
  followQuery,
  history,
  logs,
  logsQuery,
  name,
  overview,
  packageDetails,
  packageEntry,
  published,
  publisher,
  publisherParams,
  publisherQuery,
  publishQuery,
  record,
  reloaded,
  setting,
  status,
  versionParams,
} from "./schemas/mod.ts";

/** The routes, by method and path template. */
export const routes = {
  "GET /v1/status": route({
    summary: "The daemon: its network, DHT, peers, traffic and memory",
    access: "read",
    operation: "status",
    answer: status,
  }),
  "GET /v1/overview": route({
    summary: "Problems, space on the disk, and whether peers outside can connect",
    access: "read",
    operation: "overview",
    answer: overview,
  }),
  "GET /v1/history": route({
    summary: "The last day, at steps of one minute",
    description: "All arrays have the same length. A value is `null` for a step without data.",
    access: "read",
    operation: "history",
    answer: history,
  }),
  "GET /v1/packages": route({
    summary: "The packages of the seed directory",
    access: "read",
    operation: "list",
    answer: v.array(packageEntry),
  }),
  "GET /v1/packages/{name}/{version}": route({
    summary: "One package: files, versions, torrent, peers and records",
    description: "The publisher is needed only if several have published the version.",
    access: "read",
    operation: "describePackage",
    params: versionParams,
    query: publisherQuery,
    request: ({ params, query }) => ({ ...params, ...keyOf(query.publisher) }),
    answer: packageDetails,
  }),
  "GET /v1/records": route({
    summary: "The records that this home announces, and how many nodes hold each",
    access: "read",
    operation: "records",
    answer: v.array(record),
  }),
  "GET /v1/publishers": route({
    summary: "The publishers that this home follows or has met",
    access: "read",
    operation: "publishers",
    answer: v.array(publisher),
  }),
  "GET /v1/names": route({
    summary: "The package names that this home knows, and their publishers",
    access: "read",
    operation: "names",
    answer: v.array(name),
  }),
  "GET /v1/dht": route({
    summary: "The DHT nodes: routing tables, and traffic by kind of packet",
    access: "read",
    operation: "dht",
    answer: dht,
  }),
  "GET /v1/settings": route({
    summary: "The settings in force, and where each came from",
    access: "read",
    operation: "settings",
    answer: v.array(setting),
  }),
  "GET /v1/logs": route({
    summary: "The newest lines of the log, oldest first",
    description: "`after` is the number of a line: only later lines are returned. `limit` is the " +
      "maximum number of lines.",
    access: "read",
    operation: "logs",
    query: logsQuery,
    request: ({ query }) => query,
    answer: logs,
  }),
  "GET /v1/events": route({
    summary: "Events as they happen, as server-sent events",
    description:
      "`kinds` names the wanted kinds, separated by commas; without it, all are sent. The " +
      "name of an event is its kind, its data the JSON of the event. A comment comes every 15 s. A " +
      "reader that is too slow is disconnected. At most 16 readers are served at a time.",
    access: "read",
    operation: "watch",
    events: true,
    query: eventsQuery,
    request: ({ query }) => query,
    answer: event,
  }),
  "POST /v1/archives": route({
    summary: "Verify an archive of any publisher, and seed it",
    description:
      "The body is the archive. The header `Libreseed-Manifest` is the base64 of its minimal " +
      "manifest, the file `NAME-VERSION.minimal.json`. Without the header, the manifest is searched " +
      "in the DHT.",
    access: "change",
    operation: "add",
    archive: "kept",
    request: ({ fileName }) => ({ fileName }),
    answer: packageEntry,
  }),
  "POST /v1/publish": route({
    summary: "Publish an archive of this home's publisher",
    description:
      "The body is the archive. The setting `http-publish` must be on. `tag` names a tag " +
      "that the version gets.",
    access: "change",
    operation: "publish",
    archive: "temporary",
    query: publishQuery,
    request: ({ fileName, query }) => ({ fileName, ...query }),
    answer: published,
  }),
  "DELETE /v1/packages/{name}/{version}": route({
    summary: "Stop seeding a package, and delete its archive",
    description: "The publisher is needed only if several have published the version.",
    access: "change",
    operation: "remove",
    params: versionParams,
    query: publisherQuery,
    request: ({ params, query }) => ({ ...params, ...keyOf(query.publisher) }),
  }),
  "POST /v1/publishers": route({
    summary: "Follow a publisher, a package of it, or versions of the package",
    access: "change",
    operation: "follow",
    body: followBody,
    request: ({ body: { publisher, ...part } }) => ({
      publicKey: parsePublicKey(publisher),
      ...part,
    }),
    answer: followed,
  }),
  "DELETE /v1/publishers/{key}": route({
    summary: "End following what the same key, name and range have begun",
    access: "change",
    operation: "unfollow",
    params: publisherParams,
    query: followQuery,
    request: ({ params, query }) => ({ publicKey: parsePublicKey(params.key), ...query }),
    answer: followed,
  }),
  "POST /v1/announce": route({
    summary: "Announce records again now",
    description:
      "Without `packages`, all records are announced. A package without records here is not in the " +
      "answer, which comes when all are done. That may take minutes.",
    access: "change",
    operation: "announce",
    body: announceBody,
    request: ({ body }) => ({ packages: body.packages ?? [] }),
    answer: v.array(announced),
  }),
  "POST /v1/reload": route({
    summary: "Read the settings again",
    access: "change",
    operation: "reload",
    answer: reloaded,
  }),
  "POST /v1/stop": route({
    summary: "End the daemon",
    access: "change",
    operation: "stop",
  }),
} satisfies Record<RouteKey, unknown>;

/** The type of the table, for clients. */
export type Routes = typeof routes;

function keyOf(publisher: string | undefined): { publicKey?: Uint8Array } {
  return publisher === undefined ? {} : { publicKey: parsePublicKey(publisher) };
}
