import { readFile } from 'node:fs/promises';

/** A command of a page. */
export interface Step {
  readonly command: string;
  /** What the page says that it prints, `…` standing for anything; null where it says nothing. */
  readonly answer: string | null;
}

/** A page of the documentation, by its path in the project. */
export async function readPage(path: string): Promise<string> {
  return await readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
}

/** What is under a heading of the second level. Throws where there is none. */
export function sectionOf(page: string, heading: string): string {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`The page has no section "${heading}"`);
  return section;
}

function blocksOf(page: string): readonly { readonly language: string; readonly text: string }[] {
  return [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({ language, text }));
}

/** What the blocks of a language have in them. */
export function blocksIn(page: string, language: string): string[] {
  return blocksOf(page).flatMap((block) => (block.language === language ? block.text : []));
}

/** The lines of a shell's block; one that ends in a backslash goes on in the next. */
function linesOf(text: string): Step[] {
  const lines = text.replaceAll(/\\\n\s*/g, '').split('\n');
  return lines.filter((line) => line !== '').map((command) => ({ command, answer: null }));
}

/** The `$ command` lines of a console's block, each with what follows it. */
function dialogueOf(text: string): Step[] {
  const parts = text.split(/^\$ /m).slice(1);
  return parts.map((part) => {
    const end = part.indexOf('\n');
    return { command: part.slice(0, end), answer: part.slice(end + 1).trim() };
  });
}

/** Every command of a page, in its order. */
export function stepsOf(page: string): Step[] {
  return blocksOf(page).flatMap(({ language, text }) => {
    if (language === 'console') return dialogueOf(text);
    return language === 'sh' ? linesOf(text) : [];
  });
}

/** What an answer of a page looks like; columns may be wider or narrower, and a line of `…` stands for any, or none. */
export function patternOf(answer: string): RegExp {
  const escaped = (part: string) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/ +/g, ' +');
  const lines = answer.split('\n').map((line) => ({
    isAny: line === '…',
    pattern: line.split('…').map(escaped).join('[^]*'),
  }));
  const last = lines.length - 1;
  const patterns = lines.map(({ isAny, pattern }, at) => {
    if (isAny) return at < last ? '(?:[^]*\\n)?' : '[^]*';
    return at < last ? `${pattern}\\n` : pattern;
  });
  // Of a last line that may be missing, so may the end of the line before it.
  const whole = patterns.join('').replace(/\\n\[\^\]\*$/, '(?:\\n[^]*)?');
  return new RegExp(`^${whole}$`);
}
