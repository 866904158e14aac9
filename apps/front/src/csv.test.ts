import { describe, expect, it } from 'vitest';

import { hoursCsv, optionsCsv } from './csv.ts';
import { definition, round, START } from './fixtures/front.ts';
import { toResults } from './results.ts';

function resultsOf(...labels: string[]) {
  const options = labels.map((label, index) => ({ id: `o${index}`, label }));
  const { minutes, ...snapshot } = round({ definition: definition({ options }) });
  return toResults({ snapshot, minutes, asOf: START });
}

describe('optionsCsv', () => {
  it('has a header and a row per option, lines ending in CR LF', () => {
    expect(optionsCsv(resultsOf('Coca', 'Pepsi'))).toBe(
      'option,label,votes,share,cast\r\no0,Coca,2,0.6666666666666666,2\r\no1,Pepsi,1,0.3333333333333333,2\r\n',
    );
  });

  const cells: { label: string; cell: string }[] = [
    { label: 'Café ☕', cell: 'Café ☕' },
    { label: 'red, cold', cell: '"red, cold"' },
    { label: 'the "real" one', cell: '"the ""real"" one"' },
    { label: '=1+1', cell: "'=1+1" },
    { label: '+55 11', cell: "'+55 11" },
    { label: '-1', cell: "'-1" },
    { label: '@SUM(A1)', cell: "'@SUM(A1)" },
    { label: '=HYPERLINK("http://x","y")', cell: `"'=HYPERLINK(""http://x"",""y"")"` },
    { label: 'a=b', cell: 'a=b' },
  ];
  it.each(cells)('writes the label $label as $cell', ({ label, cell }) => {
    expect(optionsCsv(resultsOf(label, 'other')).split('\r\n')[1]).toBe(`o0,${cell},2,0.6666666666666666,2`);
  });
});

describe('hoursCsv', () => {
  it('has a row per hour and option, in UTC and in the zone of the poll', () => {
    expect(hoursCsv(resultsOf('Coca', 'Pepsi'), 'America/Sao_Paulo').split('\r\n')).toEqual([
      'hour,local_hour,option,label,cast',
      '2026-11-20T20:00:00.000Z,2026-11-20 17:00,o0,Coca,0',
      '2026-11-20T20:00:00.000Z,2026-11-20 17:00,o1,Pepsi,1',
      '2026-11-20T21:00:00.000Z,2026-11-20 18:00,o0,Coca,2',
      '2026-11-20T21:00:00.000Z,2026-11-20 18:00,o1,Pepsi,1',
      '',
    ]);
  });
});
