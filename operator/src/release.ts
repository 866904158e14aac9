import manifest from '../package.json' with { type: 'json' };

/** The release of this operator, and of the services that it runs unless a VotingApp pins another. */
export const VERSION: string = manifest.version;

/** Releases of the services that it runs besides, newest first: a VotingApp pinned to one stays as that made it. */
export const EARLIER_VERSIONS: readonly string[] = [];
