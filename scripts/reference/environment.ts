import { frontProcessEnv } from '@voteapp/contracts/env/front';
import { voteProcessEnv } from '@voteapp/contracts/env/vote';
import { workerProcessEnv } from '@voteapp/contracts/env/worker';
import { operatorEnv } from '@voteapp/operator/config';

import { heading, jsonSchema, shownDefault, table } from './tables.ts';

const PROCESSES = { vote: voteProcessEnv, worker: workerProcessEnv, front: frontProcessEnv, operator: operatorEnv };
/** Defaults that are another on each machine. */
const FROM_THE_MACHINE: Readonly<Record<string, string>> = { POD_NAME: 'the name of the host' };

export function environmentPage(): string {
  const sections = Object.entries(PROCESSES).map(([name, schema]) => {
    const { properties = {}, required = [] } = jsonSchema(schema);
    const rows = Object.entries(properties).map(([variable, property]) => {
      const usual = FROM_THE_MACHINE[variable] ?? shownDefault(property.default);
      return [`\`${variable}\``, required.includes(variable) ? 'required' : usual, property.description ?? ''];
    });
    return `## ${name}\n\n${table(['name', 'default', 'meaning'], rows)}\n`;
  });
  return `${heading('Environment of the services and the operator', 'packages/contracts/src/env/ and operator/src/config.ts')}
Each name may be given as \`<NAME>_FILE\`: the path of a file that holds the value. A process that finds something wrong
lists every problem at once and exits with 2.

${sections.join('\n')}`;
}
