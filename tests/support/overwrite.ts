/**
 * Writes to a file in place, even if nobody may write to it, as a careless program does. The file keeps
 * its mode.
 *
 * @param text the new contents
 */
export async function overwrite(path: string, text: string): Promise<void> {
  const { mode } = await Deno.stat(path);
  if (mode !== null) await Deno.chmod(path, mode | 0o200);
  await Deno.writeTextFile(path, text);
  if (mode !== null) await Deno.chmod(path, mode & 0o7777);
}
