import type { Addresses, Allowance, PodRules, Ports } from './rules.ts';

const TABLE = 'inet voteapp-network-policy';

type Direction = 'ingress' | 'egress';

/** The end of a connection's packets that a pod's rules speak of, and the other. */
const ENDS = {
  egress: { pod: 'saddr', peer: 'daddr' },
  ingress: { pod: 'daddr', peer: 'saddr' },
} as const;

function ofPeer(end: string, { within, except }: Addresses): string {
  const those = within.length === 1 ? within[0] : `{ ${within.join(', ')} }`;
  // One by one: nft refuses a set of blocks that overlap.
  return [`ip ${end} ${those}`, ...except.map((block) => `ip ${end} != ${block}`)].join(' ');
}

function ofPorts({ protocol, range }: Ports): string {
  const name = protocol.toLowerCase();
  if (range === null) return `meta l4proto ${name}`;
  const [first, last] = range;
  return `${name} dport ${first === last ? first : `${first}-${last}`}`;
}

function ruleOf(end: string, { peer, ports }: Allowance): string {
  return [...(peer === null ? [] : [ofPeer(end, peer)]), ...(ports === null ? [] : [ofPorts(ports)]), 'return'].join(
    ' ',
  );
}

const chainOf = (direction: Direction, { address }: PodRules) => `${direction}-${address}`;

function chain(name: string, rules: readonly string[]): string {
  return [`  chain ${name} {`, ...rules.map((rule) => `    ${rule}`), '  }', ''].join('\n');
}

/**
 * The input of `nft -f` that makes rules those of the network namespace, at once and in the place of the last ones. It
 * leaves other tables alone.
 */
export function nftablesScript(pods: readonly PodRules[]): string {
  const chains: string[] = [];
  const jumps: Record<Direction, string[]> = { egress: [], ingress: [] };
  for (const direction of ['egress', 'ingress'] as const) {
    const isolated = pods.filter((pod) => pod[direction] !== null);
    for (const pod of isolated) {
      const rules = (pod[direction] ?? []).map((allowance) => ruleOf(ENDS[direction].peer, allowance));
      chains.push(chain(chainOf(direction, pod), [`# ${pod.pod}`, ...rules, 'drop']));
    }
    const verdicts = isolated.map((pod) => `${pod.address} : jump ${chainOf(direction, pod)}`);
    if (verdicts.length > 0) jumps[direction].push(`ip ${ENDS[direction].pod} vmap { ${verdicts.join(', ')} }`);
  }
  const hook = (name: string, verdicts: readonly string[]) =>
    chain(name, [
      `type filter hook ${name} priority filter - 5; policy accept;`,
      'ct state established,related accept',
      ...verdicts,
    ]);
  const body = [...chains, hook('forward', [...jumps.egress, ...jumps.ingress]), hook('input', jumps.egress)];
  // Declared first, for what is not there cannot be deleted.
  return `table ${TABLE}\ndelete table ${TABLE}\ntable ${TABLE} {\n${body.join('')}}\n`;
}
