import { type BadResource, app, bad, REQUIRED, UNKNOWN } from './case.ts';

export const BAD_METADATA: Readonly<Record<string, BadResource>> = {
  'a name that begins with a digit': {
    resource: app({}, '1shop'),
    path: 'metadata.name',
    message: 'must be 1 to 40 lower-case letters, digits or dashes, starting with a letter',
  },
  'a name with a dot': {
    resource: app({}, 'shop.final'),
    path: 'metadata.name',
    message: 'must be 1 to 40 lower-case letters, digits or dashes, starting with a letter',
  },
  'a name of 41 characters': {
    resource: app({}, 'a'.repeat(41)),
    path: 'metadata.name',
    message: 'must be 1 to 40 lower-case letters, digits or dashes, starting with a letter',
  },
  'a section of another name': bad({ votes: {} }, 'spec.votes', 'is unknown', UNKNOWN),
  'no poll': {
    resource: { ...app(), spec: { hibernate: false } },
    path: 'spec.poll',
    message: 'is required',
    server: REQUIRED,
  },
};
