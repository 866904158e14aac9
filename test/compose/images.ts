import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { runtimeBase } from '../../scripts/images/bases.ts';
import { HOST_ARCHITECTURE, imageOf } from '../../scripts/images/image-of.ts';
import { serviceImages } from '../cluster/shared.ts';
import { unpackImage, type UnpackedImage } from '../images/container.ts';
import { serverImage } from '../images/server-images.ts';
import { findSoftware } from '../servers/software.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What stands in for an image of compose.yaml. */
interface ServiceImage {
  readonly archive: string;
  /** What it sees beside its own files. */
  readonly mounts: Readonly<Record<string, string>>;
}

interface Unpacked extends Pick<ServiceImage, 'mounts'> {
  readonly unpacked: UnpackedImage;
}

/** nginx as the unprivileged image has it: its user, and a root that may be read-only. */
async function proxyImage(): Promise<string> {
  const packages = ['nginx', 'curl', 'bash', 'coreutils', 'dash'];
  const root = await findSoftware({ suite: 'sid', packages, program: 'nginx' });
  if (root === null) throw new Error('there is no unpacked nginx to make an image of');
  const config = {
    User: '101:101',
    Entrypoint: ['nginx', '-g', 'daemon off;'],
    Cmd: [],
    Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
  };
  return await imageOf({ reference: 'localhost/nginx:test', files: { '.': root }, config });
}

/** The image of a service by its name in the file; Debian's servers and the npm package stand in for official ones. */
export async function imageFor(service: string): Promise<ServiceImage> {
  switch (service) {
    case 'vote':
    case 'worker':
    case 'front':
      return { archive: (await serviceImages())[service].archive, mounts: {} };
    case 'mysql':
    case 'rabbitmq':
      return { archive: (await serverImage(service)).archive, mounts: {} };
    case 'proxy':
      return { archive: await proxyImage(), mounts: {} };
    case 'sqs': {
      const own = join(ROOT, 'node_modules/fauxqs');
      const mounts = {
        '/app/dist': join(own, 'dist'),
        '/app/package.json': join(own, 'package.json'),
        '/app/node_modules': join(ROOT, 'node_modules'),
      };
      return { archive: (await runtimeBase(HOST_ARCHITECTURE)).archive, mounts };
    }
    default:
      throw new Error(`nothing stands in for the image of ${service}`);
  }
}

/** The images of services, each unpacked when it is first asked for. */
export class Images {
  readonly #unpacked = new Map<string, Promise<Unpacked>>();

  of(service: string): Promise<Unpacked> {
    const image = this.#unpacked.get(service) ?? unpack(service);
    this.#unpacked.set(service, image);
    return image;
  }

  async remove(): Promise<void> {
    for (const image of this.#unpacked.values()) await (await image).unpacked.remove();
  }
}

async function unpack(service: string): Promise<Unpacked> {
  const { archive, mounts } = await imageFor(service);
  return { unpacked: await unpackImage(archive), mounts };
}
