/** How an example of a help text is run. */
export interface Running {
  /** That it ends with; 0 where there is none. */
  readonly code?: number;
  /** It goes on until Ctrl-C. */
  readonly isEndless?: boolean;
}

/** What an example on a cluster needs of the poll `final` beforehand. */
export interface RunningOnCluster extends Running {
  readonly given?: object;
}

/** What an example on this machine needs beforehand. */
export interface RunningHere extends Running {
  /** No other poll runs. */
  readonly isOnly?: boolean;
  /** The poll `lunch` is closed. */
  readonly isClosed?: boolean;
}

/** With a file poll.yaml, and no cluster. */
export const IN_FILES: Readonly<Record<string, Running>> = {
  'voteapp version --client': {},
  "echo 'source <(voteapp completion bash)' >> ~/.bashrc": {},
  "echo 'source <(voteapp completion zsh)' >> ~/.zshrc": {},
  'voteapp completion fish > ~/.config/fish/completions/voteapp.fish': {},
  'voteapp completion pwsh >> $PROFILE': {},
  'voteapp analyze -f poll.yaml': {},
  'voteapp analyze -f poll.yaml --peak 25000 --failure-threshold Warning': { code: 1 },
  'voteapp analyze --explain VAP0101': {},
  'voteapp render -f poll.yaml': {},
  'voteapp install --generate > operator.yaml': {},
  'voteapp create lunch --option pizza --option salad --dry-run -o yaml > lunch.yaml': {},
};

/** In this order: each on what those before it have left. */
export const ON_A_CLUSTER: Readonly<Record<string, RunningOnCluster>> = {
  'voteapp check --pre': {},
  'voteapp install --dry-run=server': {},
  'voteapp install --wait': {},
  'voteapp check': {},
  'voteapp check -o json': {},
  'voteapp version': {},
  'voteapp version -o json': {},
  'voteapp create lunch --option pizza=Pizza --option salad=Salad --wait': {},
  'voteapp status': {},
  'voteapp status lunch -w': { isEndless: true },
  'voteapp status lunch -w --timeout 5m': {},
  'voteapp status -A': {},
  'voteapp status lunch -o json': {},
  'kubectl get votingapp lunch -o yaml | voteapp analyze -f -': {},
  'voteapp render --from-cluster lunch': {},
  'voteapp render -f poll.yaml --from-cluster | kubectl diff --server-side --field-manager voteapp-operator --force-conflicts -f -':
    {},
  'voteapp poll open lunch': {},
  'voteapp poll open lunch --for 20m --wait': {},
  'voteapp poll suspend lunch --wait': {},
  'voteapp poll resume lunch --wait': {},
  'voteapp restart lunch --wait': {},
  'voteapp reconcile pause lunch --wait': {},
  'voteapp reconcile resume lunch --wait': {},
  'voteapp report': {},
  'voteapp report lunch --file lunch.tar.gz': {},
  'voteapp create final --option ana --option bruno --policy Unlimited --opens-at "2031-05-04 22:30" --closes-at "2031-05-04 22:50" --time-zone America/Sao_Paulo':
    {},
  'voteapp poll open final --at "2031-05-04 22:30" --for 20m': {},
  'voteapp poll close final --in 5m': { given: { opensAt: '2026-01-01T00:00:00Z', closesAt: '2031-05-04T22:50:00Z' } },
  'voteapp poll close lunch --wait': {},
  'voteapp status lunch --for Final --timeout 10m': {},
  'voteapp hibernate on lunch --wait': {},
  'voteapp hibernate off lunch --wait': {},
  // Nobody is there to type the name of the context.
  'voteapp uninstall --delete-polls --delete-data': { code: 2 },
  'voteapp uninstall --delete-polls': {},
  'voteapp install --image-registry registry.example.com/voteapp --wait': {},
  'voteapp install --replicas 2 --watch-namespace shop,news': {},
  'voteapp uninstall': {},
};

/** Of what runs in pods on a cluster: the same is asked of a poll of this machine where there is no cluster. */
export const ON_THIS_MACHINE: Readonly<Record<string, RunningHere>> = {
  'voteapp vote lunch pizza': {},
  'voteapp vote lunch pizza --voter ann': {},
  'voteapp vote lunch salad --count 500': {},
  'voteapp tally final --round semifinal -o json': {},
  'voteapp tally': { isOnly: true },
  'voteapp tally lunch --by-hour': {},
  'voteapp tally lunch -o csv > lunch.csv': {},
  'voteapp browse lunch': {},
  'voteapp report --local': {},
  'voteapp tally lunch --watch': { isClosed: true },
};

/** Of pods that run: the tour of the README has them. */
export const ON_A_NODE: Readonly<Record<string, Running>> = {
  'voteapp logs lunch': {},
  'voteapp logs lunch --component vote,worker --level warn --since 10m': {},
  'voteapp logs lunch -f': { isEndless: true },
  'voteapp logs lunch -o json --level error': {},
  'voteapp browse lunch --forward --no-open': { isEndless: true },
};

/** With the reason why they are not run. */
export const PARSED: Readonly<Record<string, string>> = {
  'voteapp up': 'its ports may be in use',
  'voteapp up -f poll.yaml --vote-port 80 --host 0.0.0.0': 'port 80 is the machine’s, and others could reach it',
};
