// Searches the headings of all pages (`headings.js`), without any request.
const root = document.currentScript.dataset.root;
const headings = globalThis.headings;
const [frame, input, found] = [".search", "#search", "#found"]
  .map((selector) => document.querySelector(selector));
const MAX_FOUND = 12;

function show() {
  const words = input.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const rows = words.length === 0 ? [] : headings
    .filter(({ page, text }) => {
      const searched = `${text} ${page}`.toLowerCase();
      return words.every((word) => searched.includes(word));
    })
    .sort((a, b) => a.level - b.level)
    .slice(0, MAX_FOUND);
  found.replaceChildren(...rows.map(({ page, text, address }) => {
    const [row, link, place] = ["li", "a", "small"].map((name) => document.createElement(name));
    link.href = root + address;
    link.textContent = text;
    place.textContent = ` ${page}`;
    row.append(link, place);
    return row;
  }));
}

frame.hidden = false;
input.addEventListener("input", show);
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target === input) return;
  event.preventDefault();
  input.focus();
});
