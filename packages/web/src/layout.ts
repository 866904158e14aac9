import { assetUrl } from './assets.ts';
import { html, type Html } from './html.ts';

export interface Page {
  /** Of the document; `heading` by default stands alone. */
  readonly title: string;
  readonly description: string;
  /** For links that are shared: never a number of an option. */
  readonly socialTitle: string;
  /** Name of the asset that keeps the page up to date; null: nothing changes on it. */
  readonly script: string | null;
  /** Without JavaScript the page is loaded again after so many seconds; null: never. */
  readonly refreshSeconds: number | null;
  readonly header: Html;
  readonly main: Html;
  readonly footer: Html;
}

/** The frame that every page has in common. */
export function renderPage(page: Page): string {
  const { title, description, socialTitle, script, refreshSeconds } = page;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <meta name="description" content="${description}" />
        <meta property="og:type" content="website" />
        <meta property="og:title" content="${socialTitle}" />
        <meta property="og:description" content="${description}" />
        <meta name="twitter:card" content="summary" />
        <meta name="color-scheme" content="light dark" />
        <meta name="theme-color" content="#12162b" />
        <link rel="icon" type="image/svg+xml" href="${assetUrl('favicon.svg')}" />
        <link rel="stylesheet" href="${assetUrl('style.css')}" />
        ${script !== null && html`<script type="module" src="${assetUrl(script)}"></script>`}
        ${refreshSeconds !== null && html`<noscript><meta http-equiv="refresh" content="${refreshSeconds}" /></noscript>`}
      </head>
      <body>
        <header class="stage">${page.header}</header>
        ${page.main}
        <footer class="foot measure">${page.footer}</footer>
      </body>
    </html> `.toString();
}
