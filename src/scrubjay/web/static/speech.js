/* What was said, without the silence around it: encoders are taught sentences, not pauses. */

const FRAME_S = 0.01;
const BEFORE_S = 0.08;
const AFTER_S = 0.02;
/* Root mean square below which nothing counts as speech (about -54 dBFS). */
const FLOOR = 0.002;
/* Speech is this much louder than the room, and no quieter than this share of its loudest. */
const LOUDER = 3;
const QUIETEST = 0.02;
/* Who never pauses leaves no room to measure: more than this share of the loudest is speech. */
const SURELY = 0.1;

/* Samples from where speech begins to where it ends; none when nobody spoke. */
export function spokenPart(pieces, rate) {
  const samples = joined(pieces);
  const frame = Math.round(FRAME_S * rate);
  const loudness = [];
  for (let at = 0; at + frame <= samples.length; at += frame) {
    const power = samples.subarray(at, at + frame).reduce((sum, one) => sum + one * one, 0);
    loudness.push(Math.sqrt(power / frame));
  }
  const ordered = [...loudness].sort((one, other) => one - other);
  const room = ordered[Math.floor(ordered.length / 10)] ?? 0;
  const loudest = ordered.at(-1) ?? 0;
  const least = Math.max(FLOOR, QUIETEST * loudest, Math.min(LOUDER * room, SURELY * loudest));
  const first = loudness.findIndex((one) => one > least);
  if (first < 0) {
    return new Float32Array(0);
  }
  const last = loudness.findLastIndex((one) => one > least);
  const begin = first * frame - Math.round(BEFORE_S * rate);
  return samples.subarray(Math.max(0, begin), (last + 1) * frame + Math.round(AFTER_S * rate));
}

function joined(pieces) {
  const samples = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    samples.set(piece, at);
    at += piece.length;
  }
  return samples;
}
