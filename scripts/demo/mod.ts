/**
 * The demo: its story, the page that the story is written on, and the programs that it runs.
 *
 * @module
 */

export { Page, type Tone } from "./page.ts";
export { type Ended, type Person, Programs, type Running } from "./programs.ts";
export { Story } from "./story.ts";
