const HEADING = '## [Unreleased]';
const SECTION = /^## \[Unreleased\]\n(?<body>[\s\S]*?)(?=^## |(?![\s\S]))/m;

/** What the text has under Unreleased; null where that is headings at most. */
export function unreleased(text: string): string | null {
  const body = SECTION.exec(text)?.groups?.['body']?.trim() ?? '';
  return /^(?!#)\S/m.test(body) ? body : null;
}

/** The text with what was under Unreleased as the section of a release. `date` is of the form 2026-05-04. */
export function released(text: string, version: string, date: string): string {
  return text.replace(HEADING, `${HEADING}\n\n## [${version}] - ${date}`);
}

/** What the text has of a release. */
export function changesOf(text: string, version: string): string {
  const [, rest = ''] = text.split(`## [${version}] - `);
  const [section = ''] = rest.split(/^## /m);
  return section.slice(section.indexOf('\n')).trim();
}
