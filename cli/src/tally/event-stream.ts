/** One event of a stream: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export interface StreamedEvent {
  readonly type: string;
  readonly data: string;
}

function eventOf(block: string): StreamedEvent | null {
  const fields = block.split('\n').map((line): [name: string, value: string] => {
    const colon = line.indexOf(':');
    return colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
  });
  const data = fields.filter(([name]) => name === 'data').map(([, value]) => value);
  if (data.length === 0) return null;
  return { type: fields.findLast(([name]) => name === 'event')?.[1] ?? 'message', data: data.join('\n') };
}

/** The events of a body; one that is cut off at its end is none. */
export async function* streamedEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamedEvent, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    // A line break of two characters may come in two pieces.
    const text = (rest + decoder.decode(chunk, { stream: true })).replaceAll('\r\n', '\n');
    const blocks = text.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = eventOf(block);
      if (event !== null) yield event;
    }
  }
}
