import { expect, test } from 'vitest';

import { sqsDeadLetterQueueName, sqsQueueName } from './sqs-names.ts';

const app = { namespace: 'shows', name: 'final' };
const long = { namespace: 'n'.repeat(63), name: 'a'.repeat(40) };

test.each([
  { title: 'has dashes', name: sqsQueueName(app, 3), expected: 'voteapp-shows-final-votes-v1-3' },
  { title: 'of dead letters', name: sqsDeadLetterQueueName(app), expected: 'voteapp-shows-final-votes-v1-dead' },
  {
    title: 'that would be too long is cut and has a hash',
    name: sqsQueueName(long, 0),
    expected: `voteapp-${'n'.repeat(49)}-a0c29641-votes-v1-0`,
  },
])('the name of an SQS queue $title', ({ name, expected }) => {
  expect(name).toBe(expected);
});

test('the longest names of SQS queues fit into 80 characters, and differ where only what is cut differs', () => {
  expect(sqsQueueName(long, 999).length).toBeLessThanOrEqual(80);
  expect(sqsDeadLetterQueueName(long).length).toBeLessThanOrEqual(80);
  expect(sqsQueueName(long, 0)).not.toBe(sqsQueueName({ ...long, name: 'b'.repeat(40) }, 0));
});
