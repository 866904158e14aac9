import { SERVER_IMAGE_NAMES, serverImage } from '../../test/images/server-images.ts';
import { PROGRAM_NAMES } from '../bundle.ts';
import { projectImages } from './images.ts';

const known: readonly string[] = [...PROGRAM_NAMES, ...SERVER_IMAGE_NAMES];
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !known.includes(name));

if (unknown.length > 0) {
  console.error(`There is no image ${unknown.join(', ')}; there are ${known.join(', ')}.`);
  process.exitCode = 2;
} else {
  const wanted = asked.length > 0 ? asked : known;
  const programs = PROGRAM_NAMES.filter((name) => wanted.includes(name));
  const servers = SERVER_IMAGE_NAMES.filter((name) => wanted.includes(name));
  try {
    for (const { reference, archive } of Object.values(await projectImages(programs))) {
      console.log(`${reference}  ${archive}`);
    }
    for (const name of servers) {
      const { reference, archive } = await serverImage(name);
      console.log(`${reference}  ${archive}`);
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
