import type { Part } from '@voteapp/contracts/cluster-objects';
import { expect, test } from 'vitest';

import { createContext } from './context.ts';
import type { ImageName } from './facts.ts';
import { facts, votingApp } from './fixtures/voting-app.ts';
import { imageOf } from './images.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const MARIADB = { type: 'Managed', managed: { engine: 'MariaDB' } };

interface Case {
  readonly part: Part;
  readonly sections?: object;
  /** Images of the release that are not as usual. */
  readonly images?: Partial<Record<ImageName, string>>;
  readonly expected: string;
}

test.each<[string, Case]>(
  Object.entries({
    'a service is the release’s': { part: 'vote', expected: 'registry.example.com/voteapp/vote:1.2.0' },
    'a database is MySQL': { part: 'mysql', expected: 'docker.io/library/mysql:9.7' },
    'the other engine is another image': {
      part: 'mysql',
      sections: { database: MARIADB },
      expected: 'docker.io/library/mariadb:11.8',
    },
    'the release named in full is the release': {
      part: 'vote',
      sections: { version: '1.2.0' },
      images: { vote: `registry.example.com/voteapp/vote@${DIGEST}` },
      expected: `registry.example.com/voteapp/vote@${DIGEST}`,
    },
    'a pinned service stays at its release': {
      part: 'worker',
      sections: { version: '1.1.4' },
      expected: 'registry.example.com/voteapp/worker:1.1.4',
    },
    'a digest of another release is no digest of the pinned one': {
      part: 'front',
      sections: { version: '1.1.4' },
      images: { front: `registry.example.com:5000/voteapp/front:1.2.0@${DIGEST}` },
      expected: 'registry.example.com:5000/voteapp/front:1.1.4',
    },
    'a server has no release of ours': {
      part: 'rabbitmq',
      sections: { version: '1.1.4' },
      expected: 'docker.io/library/rabbitmq:4.3',
    },
    'a mirror has every image under its own name': {
      part: 'vote',
      sections: { images: { registry: 'mirror.example.com:5000/tv' } },
      expected: 'mirror.example.com:5000/tv/vote:1.2.0',
    },
    'a mirror has the servers too, at any path': {
      part: 'rabbitmq',
      sections: { images: { registry: 'mirror.example.com' } },
      images: { rabbitmq: `docker.io/library/rabbitmq:4.3@${DIGEST}` },
      expected: `mirror.example.com/rabbitmq:4.3@${DIGEST}`,
    },
    'a mirror has the pinned release': {
      part: 'vote',
      sections: { version: '1.1.4', images: { registry: 'mirror.example.com' } },
      expected: 'mirror.example.com/vote:1.1.4',
    },
    'an image without a registry stays without': {
      part: 'vote',
      images: { vote: 'vote:1.2.0' },
      expected: 'vote:1.2.0',
    },
    'a service that names its image has that, pinned and mirrored or not': {
      part: 'vote',
      sections: { version: '1.1.4', images: { registry: 'mirror.example.com' }, vote: { image: 'example.com/own:1' } },
      expected: 'example.com/own:1',
    },
    'a database that names its image has that': {
      part: 'mysql',
      sections: { database: { type: 'Managed', managed: { engine: 'MariaDB', image: 'example.com/db:1' } } },
      expected: 'example.com/db:1',
    },
    'a broker that names its image has that': {
      part: 'rabbitmq',
      sections: { queue: { type: 'RabbitMQ', rabbitmq: { image: 'example.com/mq:1' } } },
      expected: 'example.com/mq:1',
    },
  }),
)('%s', (_, { part, sections, images, expected }) => {
  const { release } = facts();
  const known = facts({ release: { ...release, images: { ...release.images, ...images } } });
  expect(imageOf(createContext(votingApp(sections), known), part)).toBe(expected);
});
