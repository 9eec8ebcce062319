/**
 * The demo's parts: the story with its steps, the page (terminal output), and the programs that the
 * demo runs.
 */

export { Page, type Tone } from "./page.ts";
export { type Ended, type Person, Programs, type Running } from "./programs.ts";
export { Story } from "./story.ts";
