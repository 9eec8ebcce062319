/**
 * Reader of server-sent events from the body of a `fetch`. An `EventSource` cannot send a token.
 *
 * @module
 */

/** An event as it is sent: its name, and its data as text. */
export interface ServerEvent {
  name: string;
  data: string;
}

/** Maximum length of one event, UTF-16 units. A longer one ends the stream. */
const MAX_EVENT_LENGTH = 4_000_000;

/**
 * Splits a stream into events (HTML standard, section 9.2.6). Comments, such as the heartbeat, and fields
 * other than `event` and `data` are left out.
 *
 * @param onBytes called whenever bytes have come, also those of a comment
 * @throws {RangeError} if an event is too long
 */
export async function* readEvents(
  stream: ReadableStream<Uint8Array>,
  onBytes: () => void = () => {},
): AsyncGenerator<ServerEvent> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let name = "message";
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onBytes();
      rest += decoder.decode(value, { stream: true });
      if (rest.length > MAX_EVENT_LENGTH) {
        throw new RangeError("an event of the daemon is too long");
      }
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop()!;
      for (const line of lines) {
        if (line === "") {
          if (data.length > 0) yield { name, data: data.join("\n") };
          name = "message";
          data = [];
        } else if (line.startsWith("event:")) {
          name = line.slice(6).trim();
        } else if (line.startsWith("data:")) {
          data.push(line.slice(line[5] === " " ? 6 : 5));
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
