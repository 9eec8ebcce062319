/**
 * The OpenAPI description as text, which is made when somebody asks for it.
 *
 * @module
 */

/** Returns the OpenAPI description of the HTTP API, JSON with line breaks. */
export async function describeApi(): Promise<string> {
  // The converter of schemas is loaded late, because few programs ask for the description.
  const { openApi } = await import("./openapi.ts");
  return `${JSON.stringify(openApi(), undefined, 2)}\n`;
}
