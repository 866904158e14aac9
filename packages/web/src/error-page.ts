import { html } from './html.ts';
import { renderPage } from './layout.ts';

export interface ErrorPageModel {
  readonly status: number;
  /** A sentence for the person who reads it. */
  readonly message: string;
}

/** What a browser is shown instead of a JSON error; leads back to `/`. */
export function renderErrorPage({ status, message }: ErrorPageModel): string {
  const heading = headingOf(status);
  return renderPage({
    title: heading,
    description: heading,
    socialTitle: heading,
    script: null,
    refreshSeconds: null,
    header: html`<div class="measure">
      <p class="meta"><span class="pill">Error ${status}</span></p>
      <h1>${heading}</h1>
    </div>`,
    main: html`<main class="measure">
      <div class="leads"><p class="lead">${message}</p></div>
      <p><a class="call" href="/">Back to the poll</a></p>
    </main>`,
    footer: html``,
  });
}

function headingOf(status: number): string {
  if (status === 404) return 'There is nothing here';
  return status >= 500 ? 'That is our fault' : 'That did not work';
}
