/**
 * Descriptions of the dependencies in deno.json: why the project uses each, who maintains it, and
 * how to replace it. Version and licence are read from the installed npm package.
 */

/** Description of one dependency, in fragments of Markdown sentences. */
export interface Dependency {
  why: string;
  keeper: string;
  leave: string;
}

const webtorrent = "WebTorrent LLC (github.com/webtorrent)";
const mafintosh = "Mathias Buus (github.com/mafintosh)";

/** Descriptions of the dependencies, by the name under which the sources import each. */
export const dependencies: Record<string, Dependency> = {
  "@stricli/core": {
    why: "parses the command line and prints help; commands are loaded when they are called",
    keeper: "Bloomberg (github.com/bloomberg/stricli)",
    leave: "`src/cli` alone knows it: another parser takes the tree of commands and its flags",
  },
  "@seriousme/openapi-schema-validator": {
    why: "checks the OpenAPI description of the HTTP API in tests; not in the program",
    keeper: "Hans Klunder (github.com/seriousme/openapi-schema-validator)",
    leave: "another validator of OpenAPI 3.1, or the JSON schema of its own",
  },
  "@types/node": {
    why: "types of Node's modules, for `deno check`; not in the program",
    keeper: "DefinitelyTyped (github.com/DefinitelyTyped/DefinitelyTyped)",
    leave: "the types that Deno brings itself, with `nodeModulesDir` at `auto`",
  },
  "@valibot/to-json-schema": {
    why: "makes the JSON schemas of the OpenAPI description from the table of routes",
    keeper: "Fabian Hiller (github.com/open-circle/valibot)",
    leave: "`src/api` alone knows it: a walk over the schemas that the table uses",
  },
  "axe-core": {
    why: "finds what screen readers cannot use in the dashboard; not in the program",
    keeper: "Deque Systems (github.com/dequelabs/axe-core)",
    leave: "checks of names, roles and contrasts by hand in the tests of `tests/browser`",
  },
  "bencode": {
    why: "decodes `.torrent` files; npm:webtorrent decodes peers' messages with it",
    keeper: webtorrent,
    leave: "our own codec decodes; the copy inside npm:webtorrent goes with that",
  },
  "bittorrent-dht": {
    why:
      "answers `ping`, `find_node`, `get_peers` and `announce_peer`; the nodes of the test network",
    keeper: webtorrent,
    leave: "`src/engine/dht` answers the four queries itself, as it does `get` and `put`",
  },
  "bittorrent-protocol": {
    why: "speaks the peer protocol for npm:webtorrent; imported because members are replaced",
    keeper: webtorrent,
    leave: "goes with npm:webtorrent",
  },
  "canonicalize": {
    why: "writes JSON in the one form that is signed (RFC 8785)",
    keeper: "Samuel Erdtman (github.com/erdtman/canonicalize)",
    leave: "some sixty lines of own code, held to the vectors in `tests/vectors`",
  },
  "comlink": {
    why: "calls between the command's thread and the engine's",
    keeper: "Google Chrome Labs (github.com/GoogleChromeLabs/comlink)",
    leave: "`src/worker` alone knows it: messages with ids over `postMessage`",
  },
  "d3-scale": {
    why: "axes of the pictures of benchmarks; not in the program",
    keeper: "Mike Bostock (github.com/d3)",
    leave: "linear and logarithmic axes by hand in `scripts/bench/picture.ts`",
  },
  "esbuild": {
    why: "bundles the library for Node.js (`scripts/library.ts`); not in the program",
    keeper: "Evan Wallace (github.com/evanw/esbuild)",
    leave: "`deno bundle`, once it translates `using` for Node.js 20 and can replace a global name",
  },
  "fast-check": {
    why: "property tests; not in the program",
    keeper: "Nicolas Dubien (github.com/dubzzz/fast-check)",
    leave: "loops over seeded random input in the tests that use it",
  },
  "ignore": {
    why: "patterns of `.libreseedignore`, `.npmignore` and `.gitignore`, as git reads them",
    keeper: "Kael Zhang (github.com/kaelzhang/node-ignore)",
    leave: "`src/package/selection` alone knows it; git's rules are a few pages",
  },
  "k-rpc": {
    why: "the DHT node under npm:bittorrent-dht: routing table and lookups of its own queries",
    keeper: mafintosh,
    leave: "goes with npm:bittorrent-dht; our own lookups do without it",
  },
  "k-rpc-socket": {
    why: "KRPC messages under npm:k-rpc; imported because our socket is a subclass",
    keeper: mafintosh,
    leave: "goes with npm:k-rpc",
  },
  "marked": {
    why: "turns the docs into HTML pages (`scripts/docs_site.ts`); not in the program",
    keeper: "the Marked team (github.com/markedjs/marked)",
    leave: "any other parser of CommonMark with tables; `scripts/docs_site` alone knows it",
  },
  "minimatch": {
    why:
      "patterns of `files` in `package.json` and `publish` in `deno.json`, as npm and Deno read them",
    keeper: "Isaac Z. Schlueter (github.com/isaacs/minimatch)",
    leave: "`src/package/selection` alone knows it",
  },
  "playwright-core": {
    why: "drives Debian's Chromium in tests, and for the pictures; not in the program",
    keeper: "Microsoft (github.com/microsoft/playwright)",
    leave: "the DevTools protocol over a pipe, in `tests/support/browser.ts`",
  },
  "preact": {
    why: "draws the dashboard in the browser",
    keeper: "Jason Miller and others (github.com/preactjs)",
    leave: "`src/dashboard` alone knows it: another library that takes JSX",
  },
  "prom-client": {
    why: "metrics of the HTTP page in the text format of Prometheus",
    keeper: "Simon Nyberg (github.com/siimon/prom-client)",
    leave: "`src/host/http` alone knows it; the format is lines of text",
  },
  "semver": {
    why: "versions and ranges, as npm reads them",
    keeper: "GitHub for npm (github.com/npm/node-semver)",
    leave: "another implementation of ranges; versions alone are easily compared",
  },
  "tar-stream": {
    why: "reads and writes the entries of an archive",
    keeper: mafintosh,
    leave: "`src/package/archive` alone knows it, and an archive has one form (decision 37)",
  },
  "typescript": {
    why: "writes the type declarations of the library (`scripts/library.ts`); not in the program",
    keeper: "Microsoft (github.com/microsoft/TypeScript)",
    leave: "the declarations by hand: the face has some forty names",
  },
  "torrent-piece": {
    why: "a piece of npm:webtorrent; imported because members are replaced",
    keeper: webtorrent,
    leave: "goes with npm:webtorrent",
  },
  "uplot": {
    why: "plots of the dashboard, on a canvas",
    keeper: "Leon Sorokin (github.com/leeoniya/uPlot)",
    leave: "lines and axes by hand in `src/dashboard/parts/plot.tsx`",
  },
  "valibot": {
    why: "schemas of settings, manifests, records and control messages",
    keeper: "Fabian Hiller (github.com/open-circle/valibot)",
    leave: "the schemas are data: another validator takes the same fields and limits",
  },
  "webtorrent": {
    why: "torrents: peers, pieces, choking, metadata",
    keeper: webtorrent,
    leave: "`src/engine` alone knows it; its public face is `src/engine/mod.ts`, and its wire " +
      "format is BitTorrent",
  },
  "yaml": {
    why: "reads `config.yaml`, with the line of each mistake",
    keeper: "Eemeli Aro (github.com/eemeli/yaml)",
    leave: "`src/config` alone knows it: settings in TOML or JSON",
  },
};
