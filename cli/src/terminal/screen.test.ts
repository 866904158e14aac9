import { expect, it } from 'vitest';

import { Screen } from './screen.ts';

function window(columns: number, rows: number) {
  let written = '';
  return {
    columns,
    rows,
    write(text: string) {
      written += text;
    },
    take() {
      const taken = written.replaceAll('\u001B[', '^');
      written = '';
      return taken;
    },
  };
}

it('draws over what was there, and leaves what it is ended with', () => {
  const seen = window(10, 10);
  const screen = new Screen(seen);
  screen.draw(['one', 'two']);
  expect(seen.take()).toBe('one^K\ntwo^K\n^J');
  screen.draw(['three']);
  expect(seen.take()).toBe('\r^2Athree^K\n^J');
  screen.end(['four, which is long']);
  expect(seen.take()).toBe('\r^1Afour, which is long^K\n^J');
  screen.draw(['five']);
  expect(seen.take()).toBe('five^K\n^J');
});

it('leaves out what the window has no room for', () => {
  const seen = window(5, 4);
  new Screen(seen).draw(['first one', 'second', 'third', 'fourth']);
  expect(seen.take()).toBe('firs…^K\nseco…^K\n…^K\n^J');
});

it('begins anew in a window of another width', () => {
  const seen = window(10, 10);
  const screen = new Screen(seen);
  screen.draw(['one']);
  seen.take();
  seen.columns = 5;
  screen.draw(['two']);
  expect(seen.take()).toBe('^2J^Htwo^K\n^J');
});
