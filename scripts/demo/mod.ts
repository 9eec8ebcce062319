/**
 * The demo's parts: the story, the page that it is written on, the programs that it runs.
 *
 * @module
 */

export { Page, type Tone } from "./page.ts";
export { type Ended, type Person, Programs, type Running } from "./programs.ts";
export { Story } from "./story.ts";
