import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { EARLIER_VERSIONS, VERSION } from '@voteapp/operator/release';
import { CommitParser } from 'conventional-commits-parser';
import semver from 'semver';

import { unreleased } from './changelog.ts';
import { git, ROOT } from './git.ts';

const BRANCH = 'main';
// The form of conventional commits 1.0.0; the parser's own defaults are those of an older one, without "!".
const PARSER = new CommitParser({
  headerPattern: /^(\w+)(?:\((.*)\))?!?: (.*)$/,
  breakingHeaderPattern: /^(\w+)(?:\((.*)\))?!: (.*)$/,
  noteKeywords: ['BREAKING CHANGE', 'BREAKING-CHANGE'],
});
/** What users notice; other commits wait for one of these. */
const RELEASABLE = { breaking: 'major', feat: 'minor', fix: 'patch', perf: 'patch', revert: 'patch' } as const;

/** Why there is no release, and what to do. */
export class Refusal extends Error {}

type Kind = keyof typeof RELEASABLE;

/** What a release will be. */
export interface Plan {
  readonly version: string;
  /** The one before; null: this is the first. */
  readonly last: string | null;
  /** What it is made for. */
  readonly commits: readonly { readonly kind: Kind; readonly subject: string }[];
  /** Releases of the services that its operator runs besides, newest first. */
  readonly earlier: readonly string[];
  /** Those that the operator of the release before ran, and this one does not. */
  readonly dropped: readonly string[];
  /** What CHANGELOG.md says of it. */
  readonly changes: string;
}

async function lastRelease(): Promise<string | null> {
  const tags = (await git('tag', '--list', 'v*')).split('\n').map((tag) => tag.slice(1));
  return semver.rsort(tags.filter((tag) => semver.valid(tag) === tag))[0] ?? null;
}

async function commitsSince(last: string | null): Promise<Plan['commits']> {
  const range = last === null ? 'HEAD' : `v${last}..HEAD`;
  const messages = (await git('log', '--format=%B%x00', range)).split('\0').map((message) => message.trim());
  return messages
    .filter((message) => message !== '')
    .flatMap((message) => {
      const { type, notes, header } = PARSER.parse(message);
      const kind = notes.length > 0 ? 'breaking' : type;
      return kind && Object.hasOwn(RELEASABLE, kind) ? [{ kind: kind as Kind, subject: header ?? '' }] : [];
    });
}

/** What the commits ask for. Before 1.0.0 a breaking change is a minor one. */
function nextVersion(last: string, kinds: readonly Kind[]): string {
  const asked = new Set(kinds.map((kind) => RELEASABLE[kind]));
  const next = new semver.SemVer(last);
  if (asked.has('major') && next.major > 0) return next.inc('major').version;
  return next.inc(asked.has('major') || asked.has('minor') ? 'minor' : 'patch').version;
}

/**
 * The releases whose pinned polls an operator goes on with: those of its own minor release and of the one before, so that
 * a fix of the operator never ends what was supported.
 */
function supported(version: string, released: readonly string[]): string[] {
  const minor = (of: string) => `${semver.major(of)}.${semver.minor(of)}`;
  const earlier = semver.rsort([...new Set(released)].filter((each) => semver.lt(each, version)));
  const before = earlier.find((each) => minor(each) !== minor(version));
  return earlier.filter((each) => minor(each) === minor(version) || (before && minor(each) === minor(before)));
}

/** A poll that is pinned to a release would be started anew by the next one's operator. */
async function refuseChangedGoldens(released: readonly string[]): Promise<void> {
  for (const version of released) {
    const changed = await git('diff', '--name-only', `v${version}`, '--', `operator/goldens/${version}`);
    if (changed === '') continue;
    const files = changed.split('\n').length;
    throw new Refusal(
      `${files} of the goldens of ${version} are not as they were released, so polls pinned to it would be rolled: let pods change from the next release on alone.`,
    );
  }
}

async function refuseUnfit(): Promise<void> {
  if ((await git('status', '--porcelain')) !== '') {
    throw new Refusal('The tree has changes that are not committed: commit them or take them back first.');
  }
  const branch = await git('branch', '--show-current');
  if (branch !== BRANCH) {
    throw new Refusal(`A release is made on ${BRANCH}, and this is ${branch || 'no branch'}: git switch ${BRANCH}.`);
  }
}

/** A release of the version, or of the one that the commits ask for. Throws a {@link Refusal} where there can be none. */
export async function planRelease(asked: string | null): Promise<Plan> {
  if (asked !== null && semver.valid(asked) !== asked) throw new Refusal(`${asked} is no version such as 1.2.0.`);
  await refuseUnfit();
  const last = await lastRelease();
  const commits = await commitsSince(last);
  if (commits.length === 0) {
    const kinds = Object.keys(RELEASABLE).slice(1).join(', ');
    throw new Refusal(`Nothing since ${last ?? 'the beginning'} is for users: no commit is breaking or of ${kinds}.`);
  }
  const kinds = commits.map(({ kind }) => kind);
  // The first release is what the tree says that it is going to be.
  const version = asked ?? (last === null ? VERSION : nextVersion(last, kinds));
  if (last === null ? semver.lt(version, VERSION) : semver.lte(version, last)) {
    throw new Refusal(`${version} is not greater than ${last ?? VERSION}: name one that is, or --next.`);
  }
  const changes = unreleased(await readFile(join(ROOT, 'CHANGELOG.md'), 'utf8'));
  if (changes === null) {
    throw new Refusal('CHANGELOG.md has nothing under Unreleased: say there what users get, and commit it.');
  }
  const before = last === null ? [] : [last, ...EARLIER_VERSIONS];
  const earlier = supported(version, before);
  await refuseChangedGoldens(earlier);
  return { version, last, commits, earlier, dropped: before.filter((each) => !earlier.includes(each)), changes };
}

/** The release that is checked out. Throws a {@link Refusal} where its tag is not. */
export async function releaseHere(): Promise<string> {
  const tags = (await git('tag', '--points-at', 'HEAD')).split('\n');
  if (!tags.includes(`v${VERSION}`)) {
    throw new Refusal(
      `This is not the release ${VERSION}, for its tag is elsewhere or missing: git switch --detach v${VERSION}.`,
    );
  }
  if ((await git('status', '--porcelain', '--untracked-files=no')) !== '') {
    throw new Refusal(`The tree is not as the release ${VERSION} has it: take the changes back first.`);
  }
  return VERSION;
}
