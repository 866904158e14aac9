import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { UsageError } from '../exit-codes.ts';
import { parseVotingApp, readVotingApp } from './voting-app-file.ts';

const good = `
apiVersion: voteapp.dev/v1alpha1
kind: VotingApp
metadata: {name: final}
spec:
  poll:
    options: [{id: a}, {id: b}]
`;

function refusal(text: string): string {
  try {
    parseVotingApp(text, 'poll.yaml');
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message;
  }
}

describe('a VotingApp file', () => {
  it('gives the poll, and the sections that a laptop ignores', () => {
    const loaded = parseVotingApp(`${good}  database: {type: Managed}\n  expose: {}\n`, 'poll.yaml');
    expect(loaded).toMatchObject({ name: 'final', namespace: 'default', ignored: ['spec.database', 'spec.expose'] });
    expect(loaded.base.options.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('is of a laptop’s own queue, whichever a cluster has', () => {
    const loaded = parseVotingApp(`${good}  queue: {type: SQS, sqs: {region: eu-west-1}}\n`, 'poll.yaml');
    expect(loaded.ignored).toEqual(['spec.queue']);
  });

  it('may stand among other resources', () => {
    expect(parseVotingApp(`kind: Namespace\n---${good}`, 'poll.yaml').name).toBe('final');
  });

  it.each<[string, string, string]>([
    ['nothing in it', '', 'poll.yaml: has no resource of kind VotingApp; give it exactly one.'],
    ['two of them', `${good}---${good}`, 'poll.yaml: has 2 resources of kind VotingApp; give it exactly one.'],
    ['another kind', 'kind: Pod', 'poll.yaml: has no resource of kind VotingApp; give it exactly one.'],
    ['broken YAML', 'kind: VotingApp\n  a: [', 'poll.yaml:1:7: not valid YAML: '],
    ['a list for a map', 'kind: VotingApp\nspec: []', 'poll.yaml: apiVersion must be voteapp.dev/v1alpha1.\n'],
    [
      'an unknown option field',
      good.replace('{id: b}', '{id: b, colour: red}'),
      'poll.yaml: spec.poll.options[1] has the unknown field "colour".',
    ],
  ])('with %s is refused with a sentence', (_, text, expected) => {
    expect(refusal(text)).toContain(expected);
  });

  it('that cannot be read is refused with what to do', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'voteapp-file-'));
    await expect(readVotingApp(join(folder, 'none.yaml'))).rejects.toThrow(
      'none.yaml cannot be read: there is no such file; name a VotingApp file with -f.',
    );
    await expect(readVotingApp(folder)).rejects.toThrow('cannot be read: it is a folder');
    await rm(folder, { recursive: true });
  });
});
