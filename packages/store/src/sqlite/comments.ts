import type { Comment } from '../port.ts';
import type { Database } from './database.ts';

export class Comments {
  readonly #db: Database;
  readonly #statements;

  constructor(db: Database) {
    this.#db = db;
    this.#statements = {
      add: db.prepare('INSERT INTO comments (content_id, email, comment, written_at) VALUES (?, ?, ?, ?)'),
      list: db.prepare('SELECT email, comment FROM comments WHERE content_id = ? ORDER BY id'),
    };
  }

  add(contentId: string, { email, comment }: Comment, now: number): void {
    this.#db.write(() => this.#statements.add.run(contentId, email, comment, now));
  }

  list(contentId: string): Comment[] {
    const rows = this.#db.read(() => this.#statements.list.all(contentId)) as unknown as Comment[];
    return rows.map(({ email, comment }) => ({ email, comment }));
  }
}
