/**
 * A button that copies a text, and says that it did.
 *
 * @module
 */

import { useRef, useState } from "preact/hooks";

/**
 * Copies a text. Where the browser gives pages no clipboard, because the page came over plain HTTP from
 * another machine, the text is shown selected instead.
 */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [outcome, setOutcome] = useState<"copied" | "shown">();
  const field = useRef<HTMLTextAreaElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setOutcome("copied");
    } catch {
      setOutcome("shown");
      field.current?.select();
    }
  };
  return (
    <div class="copy">
      <button type="button" onClick={() => void copy()}>{label}</button>
      <span role="status" class="outcome">
        {outcome === "copied" && "Copied"}
        {outcome === "shown" && "Copy the selected text"}
      </span>
      {outcome === "shown" && (
        <textarea
          ref={(element) => {
            if (field.current === null) element?.select();
            field.current = element;
          }}
          class="copy-text"
          aria-label={`${label}: text to copy`}
          readOnly
          rows={3}
          value={text}
        />
      )}
    </div>
  );
}
