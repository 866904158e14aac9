import type { ApiServer } from './runtime/api-server.ts';
import type { Kind, KubeObject, ObjectName } from './runtime/object.ts';
import {
  type ApplyOptions,
  type CreateOptions,
  Objects,
  type RemoveOptions,
  type WriteOptions,
} from './runtime/objects.ts';

/** The process does not lead, or not any more: what it was about to write is another's to write. */
export class NotLeading extends Error {
  override readonly name = 'NotLeading';
}

/** What is said to an API server by whoever leads; anybody may ask. Each write is judged whenever it is sent. */
export class LeadersObjects extends Objects {
  readonly #beforeSend: () => void;

  constructor(server: ApiServer, isLeader: () => boolean) {
    super(server);
    this.#beforeSend = () => {
      if (!isLeader()) throw new NotLeading('This process does not lead any more');
    };
  }

  override async apply(kind: Kind, object: KubeObject, options: ApplyOptions): Promise<KubeObject> {
    return await super.apply(kind, object, { ...options, beforeSend: this.#beforeSend });
  }

  override async merge(kind: Kind, name: ObjectName, patch: object, options: WriteOptions): Promise<KubeObject> {
    return await super.merge(kind, name, patch, { ...options, beforeSend: this.#beforeSend });
  }

  override async create(kind: Kind, object: KubeObject, options: CreateOptions): Promise<KubeObject> {
    return await super.create(kind, object, { ...options, beforeSend: this.#beforeSend });
  }

  override async replace(kind: Kind, object: KubeObject, options: WriteOptions): Promise<KubeObject> {
    return await super.replace(kind, object, { ...options, beforeSend: this.#beforeSend });
  }

  override async remove(kind: Kind, name: ObjectName, options?: RemoveOptions): Promise<void> {
    await super.remove(kind, name, { ...options, beforeSend: this.#beforeSend });
  }
}
