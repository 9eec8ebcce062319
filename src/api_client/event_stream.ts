/**
 * Reader of server-sent events (HTML standard, section 9.2), as the daemon sends them: lines `event`,
 * `data` and comments, with a line feed at the end of each.
 *
 * @module
 */

/** Maximum length of an event, UTF-16 code units. A longer one is no event of libreseed. */
const MAX_EVENT_CHARS = 4 << 20;

/** Yields the data of each event of a stream. Throws what the stream throws, and `bad()` at nonsense. */
export async function* readEvents(
  stream: ReadableStream<Uint8Array>,
  bad: () => Error,
): AsyncGenerator<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      const blocks = rest.split("\n\n");
      rest = blocks.pop()!;
      if (rest.length > MAX_EVENT_CHARS) throw bad();
      for (const block of blocks) {
        const data = dataOf(block);
        if (data !== undefined) yield data;
      }
    }
  } finally {
    // Cancelling ends the request if the caller has ended the iteration.
    reader.cancel().catch(() => {});
  }
}

function dataOf(block: string): string | undefined {
  const lines = block.split("\n").filter((line) => line.startsWith("data:"));
  if (lines.length === 0) return undefined;
  return lines.map((line) => line.slice(5).replace(/^ /, "")).join("\n");
}
