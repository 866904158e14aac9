import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { html } from './html.ts';

describe('html', () => {
  const cases: Record<string, [{ toString(): string }, string]> = {
    'escapes text': [
      html`<p>${'<script>alert(1)</script> & co'}</p>`,
      '<p>&lt;script&gt;alert(1)&lt;/script&gt; &amp; co</p>',
    ],
    'escapes quoted attributes': [html`<p title="${`" onload='x`}">`, '<p title="&quot; onload=&#39;x">'],
    'escapes what was escaped by hand, for it is text': [html`${'&amp;'}`, '&amp;amp;'],
    'passes nested HTML through': [html`<p>${html`<b>${'<'}</b>`}</p>`, '<p><b>&lt;</b></p>'],
    'joins lists of text and HTML': [html`${['a', html`<i>b</i>`, ['<', 3]]}`, 'a<i>b</i>&lt;3'],
    'leaves nothing of null, undefined and false': [html`[${null}${undefined}${false}]`, '[]'],
    'keeps zero and the empty string': [html`[${0}${''}]`, '[0]'],
  };
  test.each(Object.entries(cases))('%s', (_name, [page, expected]) => {
    expect(page.toString()).toBe(expected);
  });

  test('no text leaves its element or its attribute', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const inner = html`${text}`.toString();
        expect(inner).not.toMatch(/[<>"']/);
        expect(inner.replace(/&(amp|lt|gt|quot|#39);/g, '')).not.toContain('&');
      }),
    );
  });
});
