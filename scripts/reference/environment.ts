import { frontProcessEnv } from '@voteapp/contracts/env/front';
import { voteProcessEnv } from '@voteapp/contracts/env/vote';
import { workerProcessEnv } from '@voteapp/contracts/env/worker';

import { heading, jsonSchema, shownDefault, table } from './tables.ts';

const SERVICES = { vote: voteProcessEnv, worker: workerProcessEnv, front: frontProcessEnv };

export function environmentPage(): string {
  const sections = Object.entries(SERVICES).map(([service, schema]) => {
    const { properties = {}, required = [] } = jsonSchema(schema);
    const rows = Object.entries(properties).map(([name, property]) => {
      return [
        `\`${name}\``,
        required.includes(name) ? 'required' : shownDefault(property.default),
        property.description ?? '',
      ];
    });
    return `## ${service}\n\n${table(['name', 'default', 'meaning'], rows)}\n`;
  });
  return `${heading('Environment of the services', 'packages/contracts/src/env/')}
Each name may be given as \`<NAME>_FILE\`: the path of a file that holds the value. A service that finds something wrong
lists every problem at once and exits with 2.

${sections.join('\n')}`;
}
