import { expect, it } from 'vitest';

import { plotBars } from './plot.ts';

const PLOT = plotBars({
  title: 'CPU & more',
  bars: [
    { label: 'bare', segments: [{ series: 'server', value: 10 }], text: '10' },
    {
      label: '<ours>',
      segments: [
        { series: 'vote', value: 15 },
        { series: 'worker', value: 5 },
      ],
      text: '20',
    },
  ],
  mark: { value: 25, text: 'limit' },
});

it('bars are on one scale, segments behind each other', () => {
  const rects = [...PLOT.matchAll(/<rect x="([\d.]+)" y="(\d+)" width="([\d.]+)" height="18"/g)];
  const [bare, vote, worker] = rects.map(([, x, , width]) => ({ x: Number(x), width: Number(width) }));
  expect(rects).toHaveLength(3);
  expect(vote?.width).toBeCloseTo((bare?.width ?? 0) * 1.5, 0);
  expect(worker?.x).toBeCloseTo((vote?.x ?? 0) + (vote?.width ?? 0), 0);
});

it('what is written is no markup', () => {
  expect(PLOT).toContain('&lt;ours>');
  expect(PLOT).toContain('CPU &amp; more');
});

it('a series has one colour, told in the legend', () => {
  expect(PLOT).toContain('>server</text>');
  expect(new Set([...PLOT.matchAll(/height="18" fill="(#\w+)"/g)].map(([, colour]) => colour)).size).toBe(3);
});
