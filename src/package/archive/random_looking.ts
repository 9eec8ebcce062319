/**
 * Tells bytes that do not shrink, such as those of compressed or encrypted files, from others, without
 * compressing them: that would take longer for such bytes than for any other.
 *
 * @module
 */

/** Length in bytes of a sample. One 32nd of the bytes is sampled. */
const SAMPLE_BYTES = 128;
const BYTES_PER_SAMPLE = 32 * SAMPLE_BYTES;
/** Length in bytes up to which bytes are not judged, because too few would be sampled. */
const MIN_BYTES = 64 * 1024;
/**
 * The sum of the squared counts of each value among n random bytes is n² / 256 on average. Bytes whose
 * sum is below n² / 200 would shrink by less than some 2 %.
 */
const EVEN_SQUARES = 200;

/**
 * Whether bytes seem random, from samples at equal distances between the first and the last byte: all
 * values are about equally frequent, and so are the differences of neighbors, by which slopes are
 * recognized. The bytes of archives depend on the result.
 */
export function seemsRandom(bytes: Uint8Array): boolean {
  if (bytes.length <= MIN_BYTES) return false;
  const samples = Math.floor(bytes.length / BYTES_PER_SAMPLE);
  const distance = Math.floor((bytes.length - SAMPLE_BYTES) / (samples - 1));
  const values = new Uint32Array(256);
  const differences = new Uint32Array(256);
  for (let i = 0; i < samples; i++) {
    const end = i * distance + SAMPLE_BYTES;
    let before = bytes[i * distance]!;
    values[before]!++;
    for (let at = i * distance + 1; at < end; at++) {
      const value = bytes[at]!;
      values[value]!++;
      differences[(value - before) & 255]!++;
      before = value;
    }
  }
  return isEven(values, samples) && isEven(differences, samples);
}

function isEven(counts: Uint32Array, samples: number): boolean {
  const squares = counts.reduce((sum, count) => sum + count * count, 0);
  return squares * EVEN_SQUARES < (samples * SAMPLE_BYTES) ** 2;
}
