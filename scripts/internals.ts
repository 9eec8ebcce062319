/**
 * Generates `docs/internals-api.md` from the doc comments of the sources: `deno task internals`. The page
 * shows the members by which engine and DHT manager meet. A test compares the page with the generated
 * text.
 *
 * @module
 */

import { join } from "node:path";
import { formatted } from "./markdown.ts";

const root = join(import.meta.dirname!, "..");

/** The classes and interfaces on the page, and what each is for. */
const PARTS: readonly { file: string; name: string; role: string }[] = [
  {
    file: "src/engine/engine.ts",
    name: "Engine",
    role: "The owner. It starts and ends the DHT nodes; `node()` and `nodes()` lend them.",
  },
  {
    file: "src/dht/node/node.ts",
    name: "DhtNode",
    role: "What is lent: a node without `listen`, `close` and `destroy`.",
  },
  {
    file: "src/dht/records/manager.ts",
    name: "DhtManagerOptions",
    role:
      "What the constructor of the manager takes. There is no port and no bootstrap node in it.",
  },
  {
    file: "src/dht/records/manager.ts",
    name: "DhtManager",
    role: "The borrower. Its `stop()` ends its own work and leaves the nodes running.",
  },
  {
    file: "src/dht/announce/reannounce.ts",
    name: "Reannouncer",
    role: "The schedule, which repeats puts and announcements through a manager.",
  },
];

/** The parts of `deno doc --json` (version 2) that the page is made from. */
interface DocComment {
  doc?: string;
  tags?: { kind: string; name?: string; doc?: string; tsType?: { repr: string } }[];
}
interface Member {
  name: string;
  kind?: string;
  accessibility?: string;
  jsDoc?: DocComment;
  location: { line: number };
}
interface Definition {
  constructors?: Member[];
  methods?: Member[];
  properties?: Member[];
}
interface Documented {
  symbols: {
    name: string;
    declarations: { kind: string; jsDoc?: DocComment; def: Definition }[];
  }[];
}

/** Returns the text of `docs/internals-api.md`, formatted as by `deno fmt`. */
export async function internalsPage(): Promise<string> {
  const parts: string[] = [];
  for (const part of PARTS) parts.push(await partOf(part));
  return await formatted(`# Inside: engine and DHT manager

For those who change libreseed or write a part of it. \`deno task internals\` makes this page from the doc
comments; a test says whether it is current. These members are not a stable interface.

**Who owns what.** The engine owns the DHT nodes and their UDP sockets, one for each address family. The
manager, and through the control socket every other process of the home, borrows them. The engine ends a
node's life; the manager never does. [Architecture](architecture.md#one-udp-socket) has the reasons.

${parts.join("\n\n")}
`);
}

async function partOf({ file, name, role }: typeof PARTS[number]): Promise<string> {
  const symbol = (await documented(file)).symbols.find((one) => one.name === name);
  const [declaration] = symbol?.declarations ?? [];
  if (!declaration) throw new Error(`${file} exports no ${name}`);
  const { constructors = [], methods = [], properties = [] } = declaration.def;
  const lines = (await Deno.readTextFile(join(root, file))).split("\n");
  const members = [...constructors, ...methods, ...properties]
    .filter((one) => one.accessibility !== "private" && !one.name.startsWith("#"))
    .sort((a, b) => a.location.line - b.location.line);
  return [
    `## ${name}`,
    `${role} \`${file}\`.`,
    textOf(declaration.jsDoc),
    ...members.map((one) => memberOf(one, lines)),
  ].filter((one) => one !== "").join("\n\n");
}

function memberOf(member: Member, lines: readonly string[]): string {
  const signature = signatureAt(lines, member.location.line);
  return ["```ts\n" + signature + "\n```", textOf(member.jsDoc)].filter((one) => one !== "")
    .join("\n\n");
}

/** Returns the source text of a member without its body, from a line whose number begins at 0. */
function signatureAt(lines: readonly string[], line: number): string {
  const first = lines[line]!;
  const indent = /^ */.exec(first)![0].length;
  const taken: string[] = [];
  for (const text of lines.slice(line)) {
    taken.push(text.slice(indent));
    // A member ends with a semicolon, or with the brace that opens its body.
    if (/(?:;|\{)$/.test(text) && isBalanced(taken.join("\n").replace(/\{$/, ""))) break;
  }
  return taken.join("\n").replace(/ (?:\{|= .*;)$/s, ";");
}

function isBalanced(text: string): boolean {
  let depth = 0;
  for (const character of text.replaceAll("=>", "")) {
    if ("([{<".includes(character)) depth++;
    else if (")]}>".includes(character)) depth--;
  }
  return depth === 0;
}

function textOf({ doc = "", tags = [] }: DocComment = {}): string {
  const rows = tags.flatMap(({ kind, name, doc, tsType }) => {
    if (doc === undefined) return [];
    const text = doc.trim().replaceAll("\n", " ");
    if (kind === "throws") return [`- throws \`${tsType?.repr ?? "Error"}\`: ${text}`];
    if (kind === "return") return [`- returns ${text}`];
    return kind === "param" ? [`- \`${name}\`: ${text}`] : [];
  });
  return [plain(doc), plain(rows.join("\n"))].filter((one) => one !== "").join("\n\n");
}

/** Turns the links of doc comments into code, since the page has no place to lead to. */
function plain(text: string): string {
  return text.trim().replace(/\{@link(?:code)? ([^}]+)\}/g, "`$1`");
}

async function documented(file: string): Promise<Documented> {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--quiet", "--json", file],
    cwd: root,
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`deno doc cannot read ${file}`);
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as {
    nodes: Record<string, Documented>;
  };
  return Object.values(nodes)[0]!;
}

if (import.meta.main) {
  await Deno.writeTextFile(join(root, "docs", "internals-api.md"), await internalsPage());
}
