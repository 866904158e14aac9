import { stripVTControlCharacters } from 'node:util';

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
/** What terminals give two cells: pictures, and the scripts that are written in squares. */
const WIDE =
  /\p{Emoji_Presentation}|\uFE0F|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]/u;
const PLAIN = /^[\x20-\x7E]*$/;
// What a colour begins with; it ends with "m".
const COLOUR = '\u001B[';

/** Cells that a text takes in a terminal, its colours apart. */
export function widthOf(text: string): number {
  const shown = stripVTControlCharacters(text);
  if (PLAIN.test(shown)) return shown.length;
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(shown)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** The beginning of a text that fits into so many cells, with "…" where something is left out; its colours are kept. */
export function clipped(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let left = width - 1;
  let result = '';
  for (const [index, piece] of text.split(COLOUR).entries()) {
    const end = index === 0 ? 0 : piece.indexOf('m') + 1;
    // Colours come before and after what they colour, so a cut text keeps them all.
    if (index > 0) result += COLOUR + piece.slice(0, end);
    if (left < 0) continue;
    for (const { segment } of GRAPHEMES.segment(piece.slice(end))) {
      left -= widthOf(segment);
      if (left < 0) {
        result += '…';
        break;
      }
      result += segment;
    }
  }
  return left < 0 ? result : `${result}…`;
}
