/**
 * The processor of a program file, by its ELF header, in Debian's words.
 *
 * @module
 */

/** Names of Debian's architectures, by those of Deno. */
export const architectures = { x86_64: "amd64", aarch64: "arm64" } as const;

/** Name of an architecture of Debian for which there are packages. */
export type Architecture = typeof architectures[keyof typeof architectures];

/** Values of `e_machine` (System V ABI, "ELF Header"). */
const machines: Readonly<Record<number, Architecture>> = { 0x3e: "amd64", 0xb7: "arm64" };
/** Magic number, and the marks of 64-bit and little-endian files. */
const ELF64_LITTLE_ENDIAN = "\x7fELF\x02\x01";
/** Offset of `e_machine`, two bytes. */
const MACHINE_AT = 18;

/**
 * Reads for which architecture a program is.
 *
 * @throws {Error} if the file is no Linux program for one of them
 */
export async function architectureOf(program: string): Promise<Architecture> {
  const header = new Uint8Array(MACHINE_AT + 2);
  using file = await Deno.open(program);
  await file.read(header);
  const isElf = new TextDecoder("latin1").decode(header).startsWith(ELF64_LITTLE_ENDIAN);
  const machine = new DataView(header.buffer).getUint16(MACHINE_AT, true);
  const found = isElf ? machines[machine] : undefined;
  if (found !== undefined) return found;
  const known = Object.values(machines).join(" or ");
  throw new Error(`${program} is not a Linux program for ${known}`);
}
