import { expect, test } from 'vitest';

import { inRegistry } from './in-registry.ts';

test.each<[string, string, string]>([
  ['that names no registry', 'voteapp-vote:1.2.0', 'r.example.com/polls/voteapp-vote:1.2.0'],
  ['of another registry, path and all', 'docker.io/library/mysql:9.7', 'r.example.com/polls/library/mysql:9.7'],
  ['of a registry at a port', 'mirror:5000/rabbitmq:4.3', 'r.example.com/polls/rabbitmq:4.3'],
  ['of this machine', 'localhost/voteapp-vote:test', 'r.example.com/polls/voteapp-vote:test'],
  ['of a folder of the default registry', 'library/mysql:9.7', 'r.example.com/polls/library/mysql:9.7'],
  ['by digest', 'docker.io/mysql@sha256:00', 'r.example.com/polls/mysql@sha256:00'],
])('an image %s is found in a registry', (_, image, found) => {
  expect(inRegistry(image, 'r.example.com/polls')).toBe(found);
});
