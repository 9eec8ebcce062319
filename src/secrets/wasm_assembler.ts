/**
 * A minimal WebAssembly assembler for the anchor search: integers, one memory, no calls to
 * JavaScript. SIMD is left out, because V8 refuses SIMD on x86 processors without SSE4.1, such as
 * those that QEMU emulates by default.
 *
 * The encodings are those of the WebAssembly Core Specification 2.0, chapter 5 "Binary Format".
 *
 * @module
 */

/**
 * Encoded WebAssembly instructions, as a string with one character per byte. Strings are faster
 * than arrays here, because V8 concatenates strings without copying. An expression leaves one value
 * on the stack; a statement leaves none.
 */
export type Code = string;

/**
 * A local variable of a WebAssembly function: the code that reads it, and the code that writes it.
 */
export interface Local {
  get: Code;
  set(value: Code): Code;
}

/** A WebAssembly function to export. Its parameters and its result are 32-bit integers. */
export interface WasmFunction {
  name: string;
  params: number;
  /** Number of the function's local variables, including its parameters. */
  locals: number;
  /** Code of the function, which leaves the result on the stack. */
  body: Code;
}

const I32 = "\x7f";
const NO_RESULT = "\x40";
const [FUNCTION_TYPE, END] = ["\x60", "\x0b"];
const MAGIC = "\0asm\x01\0\0\0";
/** Ids of the sections of a WebAssembly module. */
const [TYPES, FUNCTIONS, MEMORIES, EXPORTS, CODES] = ["\x01", "\x03", "\x05", "\x07", "\x0a"];
const [EXPORT_FUNCTION, EXPORT_MEMORY] = ["\0", "\x02"];

/** Encodes an unsigned integer in LEB128. */
function unsigned(value: number): Code {
  let code = "";
  for (; value > 0x7f; value >>>= 7) code += String.fromCharCode(value & 0x7f | 0x80);
  return code + String.fromCharCode(value);
}

/** Encodes a signed 32-bit integer in LEB128. */
function signed(value: number): Code {
  let code = "";
  for (; value < -64 || value > 63; value >>= 7) code += String.fromCharCode(value & 0x7f | 0x80);
  return code + String.fromCharCode(value & 0x7f);
}

/**
 * Defines a WebAssembly function. `body` receives all parameters and variables by name; variables
 * are initialised to 0.
 */
export function define<const P extends string, const V extends string>(
  name: string,
  params: readonly P[],
  variables: readonly V[],
  body: (locals: Record<P | V, Local>) => Code,
): WasmFunction {
  const names = [...params, ...variables];
  const locals = names.map((name, index): [string, Local] => {
    const which = unsigned(index);
    return [name, { get: "\x20" + which, set: (value) => value + "\x21" + which }];
  });
  return {
    name,
    params: params.length,
    locals: names.length,
    body: body(Object.fromEntries(locals) as Record<P | V, Local>),
  };
}

/** Generates code that pushes a constant on the stack. */
export function int(value: number): Code {
  return "\x41" + signed(value | 0);
}

/** Returns a function that generates code for a binary operator. */
function binary(opcode: Code): (one: Code, other: Code) => Code {
  return (one, other) => one + other + opcode;
}

export const add = binary("\x6a");
export const subtract = binary("\x6b");
export const multiply = binary("\x6c");
export const and = binary("\x71");
export const or = binary("\x72");
export const shiftLeft = binary("\x74");
export const shiftRight = binary("\x76");
export const equal = binary("\x46");
export const less = binary("\x49");
export const greater = binary("\x4b");

/** Generates code for the logical negation: 1 if the value is 0, otherwise 0. */
export function not(value: Code): Code {
  return value + "\x45";
}

/**
 * Returns a function that generates a load instruction. The instruction reads from `address` plus
 * the constant `offset`, in bytes; the address need not be aligned.
 */
function load(opcode: Code): (address: Code, offset?: number) => Code {
  return (address, offset = 0) => address + opcode + "\0" + unsigned(offset);
}

export const load8 = load("\x2d");
export const load16 = load("\x2f");
export const load32 = load("\x28");

/** Generates a call of the function with this index; the call leaves its result on the stack. */
export function call(index: number, ...values: Code[]): Code {
  return sequence(...values) + "\x10" + unsigned(index);
}

/** Generates code that evaluates an expression and discards its value. */
export function drop(value: Code): Code {
  return value + "\x1a";
}

/**
 * Returns a function that generates a store instruction, which writes to `address` plus `offset`.
 */
function store(opcode: Code): (address: Code, value: Code, offset?: number) => Code {
  return (address, value, offset = 0) => address + value + opcode + "\0" + unsigned(offset);
}

export const store8 = store("\x3a");
export const store16 = store("\x3b");
export const store32 = store("\x36");

/** 64-bit instructions, each of which processes two 32-bit values at a time. */
export const and64 = binary("\x83");
export const or64 = binary("\x84");
export const load64 = load("\x29");
export const store64 = store("\x37");

/**
 * Generates code that copies a 32-bit value into both halves of a 64-bit value, by multiplying it
 * by 2^32 + 1.
 */
export function twice(value: Code): Code {
  return value + "\xad\x42\x81\x80\x80\x80\x10\x7e";
}

/** Generates code that runs several statements in order. */
export function sequence(...statements: Code[]): Code {
  let code = "";
  // Concatenate with `+=`, because V8 then copies nothing; joining an array would copy.
  for (let i = 0; i < statements.length; i++) code += statements[i];
  return code;
}

/** Generates an if statement: runs the statements if the condition is not 0. */
export function when(condition: Code, ...statements: Code[]): Code {
  return condition + "\x04" + NO_RESULT + sequence(...statements) + END;
}

/** Generates an if-else statement: runs `one` if the condition is not 0, otherwise `other`. */
export function ifElse(condition: Code, one: Code, other: Code): Code {
  return condition + "\x04" + NO_RESULT + one + "\x05" + other + END;
}

/** Generates a while loop: repeats the statements as long as the condition is not 0. */
export function whileTrue(condition: Code, ...statements: Code[]): Code {
  const begin = "\x02" + NO_RESULT + "\x03" + NO_RESULT + not(condition) + "\x0d\x01";
  return begin + sequence(...statements) + "\x0c\0" + END + END;
}

/** Assembles a WebAssembly module that exports the given functions, and its memory as `memory`. */
export function assemble(
  functions: readonly WasmFunction[],
  memoryPages: number,
): Uint8Array<ArrayBuffer> {
  const list = (items: Code[]) => unsigned(items.length) + items.join("");
  const sized = (code: Code) => unsigned(code.length) + code;
  const section = (id: Code, items: Code[]) => id + sized(list(items));
  const types = functions.map(({ params }) =>
    FUNCTION_TYPE + list(Array<Code>(params).fill(I32)) + list([I32])
  );
  const exports = functions.map(({ name }, i) => sized(name) + EXPORT_FUNCTION + unsigned(i));
  const codes = functions.map(({ params, locals, body }) =>
    sized(list([unsigned(locals - params) + I32]) + body + END)
  );
  const sections = [
    section(TYPES, types),
    section(FUNCTIONS, functions.map((_, i) => unsigned(i))),
    section(MEMORIES, ["\0" + unsigned(memoryPages)]),
    section(EXPORTS, [...exports, sized("memory") + EXPORT_MEMORY + "\0"]),
    section(CODES, codes),
  ];
  return toBytes(MAGIC + sections.join(""));
}

/** Converts Latin-1 text to bytes, one byte per character. */
export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  // A plain loop is faster here: Node's Buffer takes milliseconds until V8 has optimised its code.
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
