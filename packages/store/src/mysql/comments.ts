import type { Comment } from '../port.ts';
import type { Database } from './database.ts';

export class Comments {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async add(contentId: string, { email, comment }: Comment, now: number): Promise<void> {
    await this.#db.write((session) =>
      session.run('INSERT INTO comments (content_id, email, comment, written_at) VALUES (?, ?, ?, ?)', [
        contentId,
        email,
        comment,
        now,
      ]),
    );
  }

  async list(contentId: string): Promise<readonly Comment[]> {
    const rows = await this.#db.read((session) =>
      session.rows<Comment>('SELECT email, comment FROM comments WHERE content_id = ? ORDER BY id', [contentId]),
    );
    return rows.map(({ email, comment }) => ({ email, comment }));
  }
}
