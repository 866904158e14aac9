import type { Tone } from '../terminal/colour.ts';
import type { Level } from './levels.ts';

/** How findings of a level are shown. */
export const TONES: Readonly<Record<Level, Tone>> = { Error: 'bad', Warning: 'careful', Info: 'faint' };
