/** Whether programs that some tests need are installed on this machine. */

/** Whether the shell finds a program of this name. */
export function isInstalled(program: string): boolean {
  const command = new Deno.Command("sh", {
    args: ["-c", 'command -v "$0"', program],
    stdout: "null",
    stderr: "null",
  });
  return command.outputSync().success;
}
