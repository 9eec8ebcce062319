/**
 * Loads the modules that replace members of packages when they are imported, in the order that they
 * need. `export {} from` would not do: the transpiler drops it.
 *
 * @module
 */

import "./bencode_guard.ts";
import "./metadata_guard.ts";
import "./pex_guard.ts";
import "./piece_buffer.ts";
import "./wire_writer.ts";
// Builds on the writer's way of taking a block off a list.
import "./upload_queue.ts";
import "./wire_guard.ts";

/** Whether the replacements are in place: importing this puts them there. */
export const applied = true;
