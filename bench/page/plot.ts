/** One bar: its segments lie one after the other. */
interface Bar {
  readonly label: string;
  readonly segments: readonly { readonly series: string; readonly value: number }[];
  /** What is written behind it. */
  readonly text: string;
}

export interface Plot {
  readonly title: string;
  readonly bars: readonly Bar[];
  /** A line across all bars, such as a limit. */
  readonly mark?: { readonly value: number; readonly text: string };
}

const LONGEST_BAR = 360;
const VALUES = 120;
const ROW = 26;
const TOP = 64;
const FONT = 13;
/** About what a letter takes. */
const LETTER = 7;
// Told apart by those who see few colours, too: https://jfly.uni-koeln.de/color/
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#8c8c8c'];

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

function textAt(x: number, y: number, text: string, anchor: 'start' | 'middle' | 'end' = 'start'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escape(text)}</text>`;
}

function legend(series: readonly string[]): string {
  let x = 16;
  return series
    .map((name, index) => {
      const at = x;
      x += 24 + name.length * LETTER + 16;
      return `<rect x="${at}" y="38" width="12" height="12" fill="${COLOURS[index % COLOURS.length]}"/>${textAt(at + 18, 49, name)}`;
    })
    .join('\n');
}

/** Horizontal bars on one scale from nothing, as SVG that follows the reader's light or dark page. */
export function plotBars({ title, bars, mark }: Plot): string {
  const sums = bars.map(({ segments }) => segments.reduce((sum, { value }) => sum + value, 0));
  const greatest = Math.max(...sums, mark?.value ?? 0, Number.MIN_VALUE);
  const scale = (value: number): number => (value / greatest) * LONGEST_BAR;
  const labels = 24 + LETTER * Math.max(0, ...bars.map(({ label }) => label.length));
  const width = labels + LONGEST_BAR + VALUES;
  const series = [...new Set(bars.flatMap(({ segments }) => segments.map((segment) => segment.series)))];
  const bottom = TOP + bars.length * ROW;

  const drawn = bars.map(({ label, segments, text }, index) => {
    const y = TOP + index * ROW;
    let x = labels;
    const rects = segments.map((segment) => {
      const length = scale(segment.value);
      const colour = COLOURS[series.indexOf(segment.series) % COLOURS.length];
      const rect = `<rect x="${x.toFixed(1)}" y="${y + 4}" width="${length.toFixed(1)}" height="${ROW - 8}" fill="${colour}"/>`;
      x += length;
      return rect;
    });
    return [textAt(labels - 8, y + 17, label, 'end'), ...rects, textAt(x + 6, y + 17, text)].join('\n');
  });
  const markAt = labels + scale(mark?.value ?? 0);
  const line =
    mark === undefined
      ? []
      : [
          `<line x1="${markAt.toFixed(1)}" y1="${TOP - 4}" x2="${markAt.toFixed(1)}" y2="${bottom + 4}" stroke-dasharray="4 3"/>`,
          textAt(markAt, bottom + 18, mark.text, 'middle'),
        ];
  const height = bottom + (mark === undefined ? 10 : 28);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">`,
    `<style>text { font: ${FONT}px system-ui, sans-serif; fill: #1f2328 } .title { font-weight: 600 } line { stroke: #1f2328 }`,
    '@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } line { stroke: #e6edf3 } }</style>',
    `<text class="title" x="16" y="24">${escape(title)}</text>`,
    ...(series.length > 1 ? [legend(series)] : []),
    ...drawn,
    ...line,
    '</svg>',
    '',
  ].join('\n');
}
