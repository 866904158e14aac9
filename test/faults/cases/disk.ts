import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { startMySql } from '../../servers/mysql.ts';
import { CannotRun, deployed, embedded, type FaultCase } from '../case.ts';
import { DeployedSystem } from '../deployed.ts';
import { EmbeddedSystem } from '../embedded.ts';
import type { Rewrite } from '../rewrites.ts';
import { CRASHES, until } from '../system.ts';

const run = promisify(execFile);
const UNMOUNT = 'umount';

/** A file system of its own, that can be filled. */
class SmallDisk {
  readonly folder: string;
  // A run that is broken off leaves no mount behind.
  readonly #onExit = (): void => void execFileSync(UNMOUNT, ['--lazy', this.folder]);

  private constructor(folder: string) {
    this.folder = folder;
    process.once('exit', this.#onExit);
  }

  /** Throws where mounting is refused. */
  static async mount(mebibytes: number): Promise<SmallDisk> {
    const folder = await mkdtemp(join(tmpdir(), 'voteapp-disk-'));
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder]);
    } catch (error) {
      await rm(folder, { recursive: true });
      throw new CannotRun('a file system of its own cannot be mounted', { cause: error });
    }
    return new SmallDisk(folder);
  }

  /** Leaves so many KiB. */
  async fill(kibibytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.folder);
    await writeFile(join(this.folder, 'ballast'), Buffer.alloc(Math.max(0, bavail * bsize - kibibytes * 1_024)));
  }

  async clear(): Promise<void> {
    await rm(join(this.folder, 'ballast'), { force: true });
  }

  async unmount(): Promise<void> {
    process.off('exit', this.#onExit);
    await run(UNMOUNT, ['--lazy', this.folder]);
    await rm(this.folder, { recursive: true });
  }
}

const disks = new WeakMap<object, SmallDisk>();

/** fdatasync is what makes data outlive a power cut: the size at the last one is remembered. */
const REMEMBER_SYNCED: Rewrite = {
  file: 'packages/queue/src/embedded/durable-files.ts',
  from: '    calls.fdatasyncSync(fd);',
  to: '    calls.fdatasyncSync(fd);\n    ((globalThis as any).synced ??= new Map()).set(fd, fs.fstatSync(fd).size);',
};

/** Before a sync, the disk loses what was not synced, and the process ends. What was answered by then has 50 ms to leave. */
const POWER_CUT: Rewrite = {
  file: 'packages/queue/src/embedded/journal.ts',
  from: '      journal.sync();',
  to: `      if (process.uptime() > 2.5 && Math.random() < 0.1) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
        for (const [fd, size] of (globalThis as any).synced ?? []) {
          try { fs.ftruncateSync(fd, size); } catch {}
        }
        process.kill(process.pid, 'SIGKILL');
      }
      journal.sync();`,
};

async function fillAndClear(
  disk: SmallDisk,
  { strike, heal, pause, demand, ledger }: Parameters<FaultCase['inject']>[0],
  restart: () => Promise<void>,
): Promise<void> {
  await strike(() => disk.fill(64));
  await pause(5_000);
  await disk.clear();
  await restart();
  heal();
  const { length } = ledger.acceptances;
  await until('votes are accepted', () => ledger.acceptances.length > length + 100);
  demand(ledger.acceptances.length > 0, 'no vote was accepted');
}

/** The database on a disk of its own, and everything else as it is. */
const DATABASE_DISK: FaultCase<DeployedSystem> = {
  ...deployed({
    id: 'F22',
    fault: 'The disk of the database is full for 5 s',
    async inject(stage) {
      const { mysql } = stage.system.servers;
      // MySQL ends itself when it cannot write its log; whoever runs it starts it again.
      await fillAndClear(disks.get(stage.system)!, stage, () => mysql.restart());
    },
  }),
  async start({ servers, rewrites }) {
    const { rabbitmq } = await servers();
    const disk = await SmallDisk.mount(400);
    const { TMPDIR } = process.env;
    process.env['TMPDIR'] = disk.folder;
    const starting = startMySql('mysql-9.7');
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
    const mysql = await starting;
    const system = await DeployedSystem.start({ rabbitmq, mysql }, { rewrites });
    disks.set(system, disk);
    return endedWith(system, async () => {
      await mysql.stop();
      await disk.unmount();
    });
  },
};

const JOURNAL_DISK: FaultCase<EmbeddedSystem> = {
  ...embedded({
    id: 'F22',
    fault: 'The disk of journal and store is full for 5 s',
    inject: (stage) => fillAndClear(disks.get(stage.system)!, stage, () => Promise.resolve()),
  }),
  async start({ rewrites }) {
    const disk = await SmallDisk.mount(64);
    const folder = await mkdtemp(join(disk.folder, 'data-'));
    const system = await EmbeddedSystem.start({ folder, rewrites });
    disks.set(system, disk);
    return endedWith(system, () => disk.unmount());
  },
};

/** Ends the system, then what it stands on. */
function endedWith<S extends { stop(): Promise<void> }>(system: S, end: () => Promise<void>): S {
  const stop = system.stop.bind(system);
  return Object.assign(system, {
    stop: async () => {
      await stop();
      await end();
    },
  });
}

export const DISK_CASES: readonly FaultCase[] = [
  DATABASE_DISK,
  JOURNAL_DISK,
  embedded({
    id: 'F25',
    fault: 'The power fails just before a sync of the journal: what was not synced is gone',
    floor: 0.8,
    system: { rewrites: [REMEMBER_SYNCED], crashPoints: [POWER_CUT] },
    async inject({ system }) {
      await until('the power has failed often enough', () => system.crashes() >= CRASHES, 240_000);
    },
  }),
];
