import type { PublicPoll } from '@voteapp/contracts/http/poll';
import type { Results } from '@voteapp/contracts/http/results';

import { svgLength } from './browser/figures.js';
import { html, type Html } from './html.ts';

// Mid-tones that stand out by 3:1 on the light and on the dark card, for options that name no colour.
const PALETTE = ['#3f6fd8', '#d2552f', '#2a8c74', '#9a5fc0', '#b07d12', '#c2477f'] as const;

type Options = PublicPoll['options'];

/** Colour of the option at an index: its own, or one of the house. */
export function colorOf(options: Options, index: number): string {
  return options[index]?.color ?? PALETTE[index % PALETTE.length] ?? PALETTE[0];
}

/** An edge of a card in the option's colour. */
export function edge(options: Options, index: number): Html {
  return html`<svg class="edge" aria-hidden="true" focusable="false">
    <rect width="100%" height="100%" fill="${colorOf(options, index)}"></rect>
  </svg>`;
}

/** The picture of an option, if it has one. Decorative: the label always stands beside it. */
export function portrait(options: Options, index: number): Html {
  const image = options[index]?.image;
  if (image === undefined) return html``;
  return html`<img
    class="portrait"
    src="${image}"
    alt=""
    width="56"
    height="56"
    decoding="async"
    referrerpolicy="no-referrer"
  />`;
}

/** A share as a bar. The line at its end shows the length whatever colour the option has. */
export function bar(color: string, share: number): Html {
  const length = svgLength(share);
  return html`<svg class="bar" aria-hidden="true" focusable="false" data-bar>
    <rect class="bar-fill" width="${length}" height="100%" fill="${color}"></rect>
    <rect class="bar-end" x="${length}" width="3" height="100%"></rect>
  </svg>`;
}

/** One ribbon in the colours of all options: by their shares, or alike while there are none. */
export function ribbon(options: Options, results: Results | null): Html {
  const even = 1 / options.length;
  const shares =
    results === null || results.counted === 0 ? options.map(() => even) : results.options.map(({ share }) => share);
  return html`<svg class="ribbon" aria-hidden="true" focusable="false" data-ribbon>${stack(options, shares)}</svg>`;
}

/** Rectangles side by side, each as wide as its part of the whole. */
export function stack(options: Options, parts: readonly number[]): Html {
  let from = 0;
  const pieces = parts.map((part, index) => {
    const x = from;
    from += part;
    return html`<rect
      x="${svgLength(x)}"
      width="${svgLength(part)}"
      height="100%"
      fill="${colorOf(options, index)}"
    ></rect>`;
  });
  return html`${pieces}`;
}
