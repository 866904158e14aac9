import type { VotingApp } from '@voteapp/contracts/resource/voting-app';

/** Where people reach the services from outside the cluster; absent where the resource names no host. */
export function publicUrls({ spec: { expose } }: Pick<VotingApp, 'spec'>): { vote?: string; results?: string } {
  const scheme = expose?.tls?.enabled === true ? 'https' : 'http';
  const { vote, front } = expose?.hosts ?? {};
  return {
    ...(vote !== undefined && { vote: `${scheme}://${vote}` }),
    ...(front !== undefined && { results: `${scheme}://${front}` }),
  };
}
