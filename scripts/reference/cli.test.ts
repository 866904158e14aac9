import { buildProgram } from '@voteapp/cli/program';
import { expect, test } from 'vitest';

import { cliPage } from './cli.ts';
import { jsonAnswer, OUTPUT_SCHEMAS } from './outputs.ts';

const page = cliPage();
const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);

test('every link of the page leads somewhere', () => {
  const anchors = headings.map((heading) => `#${heading.toLowerCase().replaceAll(' ', '-')}`);
  const files = Object.keys(OUTPUT_SCHEMAS).map((path) => path.replace('docs/reference/', ''));
  const links = [...page.matchAll(/\]\(([^)]*)\)/g)].map(([, link]) => link);
  expect(links.filter((link) => ![...anchors, ...files].includes(link!))).toEqual([]);
  expect(files.filter((file) => !links.includes(file))).toEqual([]);
});

test('every command has a section, with an example', () => {
  const { commands } = buildProgram();
  for (const command of commands.filter((each) => each.name() !== '__complete')) {
    const [section, ...none] = page.split(/^## /m).filter((part) => part.startsWith(`voteapp ${command.name()}\n`));
    expect(none).toEqual([]);
    expect(section).toMatch(new RegExp(`^\`\`\`sh\n(.*\n)*?.*voteapp ${command.name()}`, 'm'));
  }
  expect(page).not.toContain('__complete');
});

test('an answer without a schema is a failure', () => {
  expect(() => jsonAnswer('conjure')).toThrow('outputs.ts does not say what "voteapp conjure -o json" prints');
});
