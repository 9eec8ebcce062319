/**
 * Horizontal bars: a value of a whole, as a part of the width. The numbers stand beside them as text.
 *
 * @module
 */

/** A part of a bar; the class gives its colour. */
export interface BarPart {
  value: number;
  class: "good" | "rest" | "up" | "down";
}

/** A bar whose parts follow each other. It is hidden from screen readers, because the text beside it says the same. */
export function Bar({ parts, whole }: { parts: readonly BarPart[]; whole: number }) {
  let x = 0;
  return (
    <svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      {parts.map(({ value, class: name }) => {
        const width = whole > 0 ? 100 * Math.max(0, value) / whole : 0;
        x += width;
        return <rect key={name} class={name} x={x - width} y="0" width={width} height="10" />;
      })}
    </svg>
  );
}
