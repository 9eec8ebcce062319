/**
 * Command lines from which the page about permissions is made: for each command, one for each way in
 * which its command line changes what the command's thread may touch. Paths are symbols:
 * `/ARCHIVE.tgz` stands for the path of any archive.
 *
 * @module
 */

import type { CommandName } from "../../src/launcher/command_table.ts";

/** Command lines without the program's name and without the command's, by command. */
export const samples: Record<CommandName, readonly (readonly string[])[]> = {
  keygen: [[]],
  key: [
    ["show"],
    ["encrypt"],
    ["backup", "/OUT/BACKUP"],
    ["restore", "/OUT/BACKUP"],
    ["rotate"],
    ["certify", "KEY", "-o", "/OUT/FILE"],
  ],
  pack: [["/FILES"], ["/FILES", "-o", "/OUT/NAME.tgz"]],
  publish: [["/ARCHIVE.tgz"], ["/ARCHIVE.tgz", "--dry-run"]],
  yank: [["NAME@VERSION"]],
  deprecate: [["NAME@VERSION", "MESSAGE"]],
  tag: [["NAME"], ["NAME@VERSION", "TAG"]],
  seed: [[]],
  announce: [[]],
  resolve: [["NAME"]],
  info: [["NAME"]],
  get: [
    ["NAME"],
    ["NAME", "-o", "/OUT/TARGET"],
    ["NAME", "--file", "PATH", "-o", "/OUT/FILE"],
    ["/FILE.torrent"],
    ["magnet:?xt=INFOHASH"],
  ],
  install: [["name"], ["name", "--save"]],
  uninstall: [["name"], ["name", "--save"]],
  outdated: [[]],
  upgrade: [[], ["--self"], ["--rollback"]],
  link: [["name"], ["name", "--to", "/LINK"]],
  store: [["verify"], ["verify", "--repair"], ["prune"]],
  verify: [["/ARCHIVE.tgz"]],
  trust: [["list"]],
  search: [["TEXT"]],
  follow: [["KEY"]],
  unfollow: [["KEY"]],
  following: [[]],
  manifest: [["get", "NAME"], ["put", "/MINIMAL.json"]],
  list: [[]],
  status: [[]],
  add: [["/ARCHIVE.tgz"]],
  remove: [["NAME"]],
  reload: [[]],
  stop: [[]],
  token: [["show"]],
  doctor: [[]],
  testnet: [[], ["--ipv6"]],
  completions: [["bash"]],
  words: [["packages"]],
  man: [[]],
  help: [[]],
  version: [[]],
};
